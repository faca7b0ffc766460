import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CollectionReader } from '../../../../index.ts'
import { sendResult, sendText } from '../../answers.ts'
import { bodyText, decodeText } from '../../body.ts'
import { integerOf, isObject, memberOf, type Decoder } from '../../decode.ts'
import { getCollection, type Door } from '../../door.ts'
import { plainly } from '../../errors.ts'
import { badRequest, notFound } from '../../failures.ts'
import { collectionName, flagParam, readParams, shardNumberOf } from '../../parameters.ts'
import { orderTexts, recordText, scrollText } from '../../present/points.ts'
import { getShard } from '../../shard-of.ts'
import {
  checkScroll,
  checkVectorSelection,
  countRequest,
  retrieveRequest,
  scrollRequest,
  type GivenScroll,
} from '../../translate/reads.ts'
import { PlainError } from '../../wire-error.ts'

const base = '/collections/:collection/shards/:shard'

/** Qdrant's nodes read each other's shards by these routes. */
export function shardReadRoutes(app: FastifyInstance, door: Door): void {
  app.post(`${base}/points`, async (request, reply) => {
    const { name, shard } = target(request)
    const { ids, options, vectors } = await plainBody(request, retrieveRequest)
    const points = await readingShard(door, name, shard, (reader) => {
      checkVectorSelection(vectors, door.vectors.of(reader))
      return reader.get(ids, options)
    })
    return sendText(request, reply, `[${points.map((point) => recordText(point)).join(',')}]`)
  })

  app.post(`${base}/points/scroll`, async (request, reply) => {
    const { name, shard } = target(request)
    const given = await plainBody(request, shardScroll)
    if (given === 'of-nothing') {
      getShard(door, name, shard)
      throw badRequest('Limit cannot be 0')
    }
    const page = await readingShard(door, name, shard, (reader) => {
      checkScroll(given, reader, door.vectors.of(reader))
      return reader.scroll(given.request)
    })
    const orders = orderTexts(page)
    const records = page.points.map((point, index) => recordText(point, orders[index]))
    return sendText(request, reply, scrollText(records, page.next))
  })

  app.post(`${base}/points/count`, async (request, reply) => {
    const { name, shard } = target(request)
    const { filter } = await plainBody(request, countRequest)
    const count = await readingShard(door, name, shard, (reader) => reader.count(filter))
    return sendResult(request, reply, { count })
  })

  app.post(`${base}/cleanup`, async (request, reply) => {
    const { name, shard } = target(request)
    const isWaiting = flagParam(request, 'wait', false)
    if (shard >= getCollection(door, name).info().shardPointCounts.length)
      throw notFound(`Shard ${shard} not found not found`)
    // A point is only ever in the shard that it belongs to, so there is nothing to clean.
    return sendResult(request, reply, { status: isWaiting ? 'completed' : 'acknowledged' })
  })
}

function target(request: FastifyRequest): { readonly name: string; readonly shard: number } {
  const shard = shardNumberOf(request)
  if (typeof shard !== 'number') throw new PlainError(404, shard.fault)
  const name = collectionName(request)
  readParams(request)
  return { name, shard }
}

/** Reads one shard of a collection, or of what it was (`<collection>@…`). @throws WireError 404 */
async function readingShard<T>(
  door: Door,
  name: string,
  shard: number,
  read: (reader: CollectionReader) => Promise<T>,
): Promise<T> {
  if (!door.database.isPast(name)) return read(getShard(door, name, shard).shard)
  await using past = await door.database.openReader(name, { shard })
  return await read(past)
}

/** Faults in the bodies of these routes are left to Qdrant's web framework. */
function plainBody<T>(request: FastifyRequest, decoder: Decoder<T>): Promise<T> {
  return plainly(
    () => decodeText(bodyText(request), decoder),
    (fault) => fault.replace(/^Format error in JSON body/, 'Json deserialize error'),
  )
}

/** No validator sees a limit of 0 here. */
const shardScroll: Decoder<GivenScroll | 'of-nothing'> = (value) => {
  const limit = isObject(value) ? integerOf(memberOf(value, 'limit')) : undefined
  return limit === 0 ? 'of-nothing' : scrollRequest(value)
}
