import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isDatabaseError, type Collection, type VectorParams } from '../../../index.ts'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { getCollection, type Door } from '../door.ts'
import { invalid, wrongInput } from '../failures.ts'
import { collectionName, pathParam, updateParams } from '../parameters.ts'
import { nameFault, translateAddedVector } from '../translate/collection.ts'
import { updateResult } from './update-result.ts'

/** Vectors that a collection gets, or loses, after its creation. */
export function vectorRoutes(app: FastifyInstance, door: Door): void {
  app.put('/collections/:collection/vectors/:vector', async (request, reply) => {
    const name = collectionName(request)
    const vector = vectorName(request)
    const params = updateParams(request)
    const given = decodeBody(request, translateAddedVector)
    const collection = getCollection(door, name)
    door.strict.of(collection)?.timeout(params.timeout)
    const seq = await add(collection, vector, given)
    return sendResult(request, reply, updateResult(seq, collection, params))
  })

  app.delete('/collections/:collection/vectors/:vector', async (request, reply) => {
    const name = collectionName(request)
    const vector = vectorName(request)
    const params = updateParams(request)
    const collection = getCollection(door, name)
    door.strict.of(collection)?.timeout(params.timeout)
    const seq = await drop(door, collection, vector)
    return sendResult(request, reply, updateResult(seq, collection, params))
  })
}

/** @throws WireError 422 */
function vectorName(request: FastifyRequest): string {
  const name = pathParam(request, 'vector')
  const fault = nameFault(name)
  if (fault !== undefined) throw invalid(`vector_name: ${fault}`, 'path parameters')
  return name
}

/** Declared again as it is, a vector stays. Gives the number of the last change. */
async function add(collection: Collection, name: string, params: VectorParams): Promise<number> {
  const { vectors } = collection.config()
  if (Object.hasOwn(vectors, name)) {
    const fault = differenceOf(vectors[name]!, params)
    if (fault !== undefined) throw wrongInput(`Vector \`${name}\` already exists ${fault}`)
    const { seq } = await collection.updateSettings(collection.config().settings ?? {})
    return seq
  }
  // From now on the vectors are shown by name, even if one without a name is the only one again.
  const settings = { ...collection.config().settings, named: true }
  return (await collection.addVector(name, params, { settings })).seq
}

function differenceOf(existing: VectorParams, given: VectorParams): string | undefined {
  const isSparse = existing.kind === 'sparse'
  if (isSparse !== (given.kind === 'sparse')) return `as a ${isSparse ? 'sparse' : 'dense'} vector`
  const isSame =
    existing.size === given.size &&
    existing.distance === given.distance &&
    (existing.kind ?? 'dense') === (given.kind ?? 'dense') &&
    (existing.datatype ?? 'float32') === (given.datatype ?? 'float32')
  return isSame ? undefined : 'with a different configuration'
}

/** One that is not there is fine. */
async function drop(door: Door, collection: Collection, name: string): Promise<number> {
  try {
    return (await collection.dropVector(name)).seq
  } catch (error) {
    if (!isDatabaseError(error, 'vector-unknown')) throw error
    return door.database.stats().appliedSeq
  }
}
