import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Collection, JsonObject } from '../../../index.ts'
import { keptMemory, Loan } from '../../../runtime/kept-memory.ts'
import { sendResult } from '../answers.ts'
import { bodyBytes, decodeBody } from '../body.ts'
import { DecodeError, type Decoder } from '../decode.ts'
import { directBody } from '../direct-call.ts'
import { getCollection, type Door } from '../door.ts'
import { formatError } from '../failures.ts'
import { collectionName, updateParams } from '../parameters.ts'
import {
  batchOperations,
  checkBatch,
  clearPayload,
  deletePayload,
  deletePoints,
  deleteVectors,
  overwritePayload,
  setPayload,
  updateVectors,
  upsertOf,
  type Operation,
} from '../translate/operations.ts'
import { checkedUpsert, decodeUpsert } from '../translate/points.ts'
import { perform } from './update-result.ts'

export function writeRoutes(app: FastifyInstance, door: Door): void {
  const write = (
    method: 'POST' | 'PUT',
    path: string,
    operationOf: (request: FastifyRequest, loan: Loan) => Operation | Promise<Operation>,
  ): void => {
    app.route({
      method,
      url: `/collections/:collection/points${path}`,
      handler: async (request, reply) => {
        const name = collectionName(request)
        const params = updateParams(request)
        const loan = new Loan()
        try {
          const operation = await operationOf(request, loan)
          operation.check?.('')
          const collection = getCollection(door, name)
          const gate = door.strict.of(collection)
          gate?.writes([operation.facts], params.timeout)
          const known = door.vectors.of(collection)
          return sendResult(request, reply, await perform(operation, collection, known, params, gate))
        } finally {
          // The write is on disk and applied, or refused: nobody looks into the body or the vectors of it any more.
          loan.end()
          keptMemory.give(bodyBytes(request).buffer)
        }
      },
    })
  }
  const decoded = (decoder: Decoder<Operation>) => (request: FastifyRequest) => decodeBody(request, decoder)
  write('PUT', '', upsert)
  write('POST', '/delete', decoded(deletePoints))
  write('POST', '/payload', decoded(setPayload))
  write('PUT', '/payload', decoded(overwritePayload))
  write('POST', '/payload/delete', decoded(deletePayload))
  write('POST', '/payload/clear', decoded(clearPayload))
  write('PUT', '/vectors', decoded(updateVectors))
  write('POST', '/vectors/delete', decoded(deleteVectors))

  app.post('/collections/:collection/points/batch', async (request, reply) => {
    const name = collectionName(request)
    const params = updateParams(request)
    const operations = decodeBody(request, batchOperations)
    checkBatch(operations)
    const facts = operations.map((operation) => operation.facts)
    if (facts.length > 0) door.strict.of(getCollection(door, name))?.writes(facts, params.timeout)
    // One after the other: those before a failing one stay.
    const results: JsonObject[] = []
    for (const operation of operations) {
      const collection: Collection = getCollection(door, name)
      const gate = door.strict.of(collection)
      results.push(await perform(operation, collection, door.vectors.of(collection), params, gate))
    }
    return sendResult(request, reply, results)
  })
}

async function upsert(request: FastifyRequest, loan: Loan): Promise<Operation> {
  try {
    const direct = directBody(request)
    return upsertOf(
      direct === undefined ? await decodeUpsert(bodyBytes(request), loan) : checkedUpsert(direct.value),
    )
  } catch (error) {
    // Qdrant reads this body as a whole before it judges, so there is no place to name.
    if (error instanceof DecodeError) throw formatError(error.message)
    throw error
  }
}
