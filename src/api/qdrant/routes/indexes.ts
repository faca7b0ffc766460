import type { FastifyInstance } from 'fastify'
import { object, required, text } from '../decode.ts'
import { getCollection, type QdrantDoorOptions } from '../door.ts'
import { collectionName, jsonBody, pathParam, sendResult, waitParam } from '../request.ts'
import { checkPath } from '../translate/payload.ts'
import { translateFieldSchema } from '../translate/payload-index.ts'
import { badRequest } from '../failures.ts'
import { updateResult } from './update-result.ts'

export function indexRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  app.put('/collections/:collection/index', async (request, reply) => {
    const isWaiting = waitParam(request, false)
    const body = object(jsonBody(request), 'struct CreateFieldIndex')
    const field = checkPath(text(required(body, 'field_name')))
    const schema = body['field_schema'] ?? body['field_type']
    const params = schema === undefined || schema === null ? undefined : translateFieldSchema(schema)
    const collection = getCollection(door, collectionName(request))
    if (params === undefined)
      throw badRequest("Can't auto-detect field type, please specify `field_schema` in the request")
    const { seq } = await collection.createPayloadIndex(field, params)
    return sendResult(request, reply, updateResult(seq, isWaiting))
  })

  app.delete('/collections/:collection/index/:field', async (request, reply) => {
    const isWaiting = waitParam(request, false)
    const field = checkPath(pathParam(request, 'field'))
    const { seq } = await getCollection(door, collectionName(request)).dropPayloadIndex(field)
    return sendResult(request, reply, updateResult(seq, isWaiting))
  })
}
