import type { FastifyInstance } from 'fastify'
import { isPayloadPath } from '../../../index.ts'
import { sendResult } from '../answers.ts'
import { decodeBody } from '../body.ts'
import { getCollection, type Door } from '../door.ts'
import { badRequest } from '../failures.ts'
import { collectionName, pathParam, updateParams } from '../parameters.ts'
import { indexRequest, isSameIndex, refuseUnsupportedIndex } from '../translate/payload-index.ts'
import { WireError } from '../wire-error.ts'
import { updateResult } from './update-result.ts'

export function indexRoutes(app: FastifyInstance, door: Door): void {
  app.put('/collections/:collection/index', async (request, reply) => {
    const name = collectionName(request)
    const params = updateParams(request)
    const { field_name: field, field_schema: schema } = decodeBody(request, indexRequest)
    const collection = getCollection(door, name)
    door.strict.of(collection)?.createIndex(params.timeout)
    if (schema === undefined) {
      throw badRequest("Can't auto-detect field type, please specify `field_schema` in the request")
    }
    refuseUnsupportedIndex(schema)
    const existing = collection.info().config.payloadIndexes?.[field]
    const isSame = existing !== undefined && isSameIndex(existing, schema)
    // Declared again, an index stays as it was first written down.
    const { seq } = await collection.createPayloadIndex(field, isSame ? existing : schema)
    return sendResult(request, reply, updateResult(seq, collection, params))
  })

  app.delete('/collections/:collection/index/:field', async (request, reply) => {
    const name = collectionName(request)
    const params = updateParams(request)
    const field = pathParam(request, 'field')
    if (!isPayloadPath(field)) {
      throw new WireError(400, `Deserialize error in path parameters: Invalid json path: '${field}'`)
    }
    const collection = getCollection(door, name)
    door.strict.of(collection)?.timeout(params.timeout)
    const { seq } = await collection.dropPayloadIndex(field)
    return sendResult(request, reply, updateResult(seq, collection, params))
  })
}
