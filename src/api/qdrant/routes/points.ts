import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DatabaseError, type Collection, type JsonValue } from '../../../index.ts'
import { array, object, optional, required } from '../decode.ts'
import { getCollection, type QdrantDoorOptions } from '../door.ts'
import {
  batchWrites,
  clearPayloadWrite,
  deletePayloadWrite,
  deleteVectorsWrite,
  deleteWrite,
  overwritePayloadWrite,
  perform,
  setPayloadWrite,
  updateVectorsWrite,
  type Write,
} from '../point-operations.ts'
import { orderValueText, recordText, scrollText } from '../present/points.ts'
import {
  bodyText,
  collectionName,
  jsonBody,
  parseBody,
  pathParam,
  sendResult,
  sendText,
  waitParam,
} from '../request.ts'
import { translateFilter } from '../translate/filter.ts'
import { payloadSelection, vectorSelection } from '../translate/payload.ts'
import { pointId, pointIdOfPath } from '../translate/point-id.ts'
import { translatePointsText } from '../translate/point-list.ts'
import { translateScroll } from '../translate/query.ts'
import { notFound, wrongInput } from '../failures.ts'
import { updateResult } from './update-result.ts'

export function pointRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  readRoutes(app, door)
  writeRoutes(app, door)
}

function readRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  app.post('/collections/:collection/points', async (request, reply) => {
    const body = object(jsonBody(request), 'struct PointRequest')
    const ids = array(required(body, 'ids')).map((id) => pointId(id))
    const options = {
      payload: payloadSelection(body['with_payload'], false),
      vectors: vectorSelection(body['with_vector'], false),
    }
    const points = await getCollection(door, collectionName(request)).get(ids, options)
    return sendText(request, reply, `[${points.map((point) => recordText(point)).join(',')}]`)
  })

  app.get('/collections/:collection/points/:id', async (request, reply) => {
    const text = pathParam(request, 'id')
    const collection = getCollection(door, collectionName(request))
    const id = pointIdOfPath(text)
    if (id === undefined) throw wrongInput(`Can not recognize "${text}" as point id`)
    const [point] = await collection.get([id], { payload: true, vectors: true })
    if (point === undefined) throw notFound(`Point with id ${String(id)} does not exists!`)
    return sendText(request, reply, recordText(point))
  })

  app.post('/collections/:collection/points/scroll', async (request, reply) => {
    const scroll = translateScroll(jsonBody(request))
    const collection = getCollection(door, collectionName(request))
    const page = await orderable(scroll.orderBy?.path, () => collection.scroll(scroll))
    const records = page.points.map((point, i) => {
      const value = page.orderValues?.[i]
      return recordText(point, value === undefined ? {} : { orderValue: orderValueText(value) })
    })
    return sendText(request, reply, scrollText(records, page.next))
  })

  app.post('/collections/:collection/points/count', async (request, reply) => {
    const body = object(jsonBody(request), 'struct CountRequest')
    const filter = optional(body['filter'], (value) =>
      translateFilter(value, { field: 'count_request.filter' }),
    )
    const count = await getCollection(door, collectionName(request)).count(filter)
    return sendResult(request, reply, { count })
  })
}

/** Qdrant's wording where a field cannot be ordered by. */
export async function orderable<T>(path: string | undefined, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.details['reason'] !== 'no-range-index') throw error
    throw wrongInput(
      `No range index for \`order_by\` key: \`${path ?? ''}\`. Please create one to use \`order_by\`. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Range conditions`,
    )
  }
}

function writeRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  app.put('/collections/:collection/points', async (request, reply) => {
    const isWaiting = waitParam(request, false)
    const text = bodyText(request)
    const collection = door.database.findCollection(collectionName(request))
    if (collection === undefined) {
      parseBody(text)
      throw notFound(`Collection \`${collectionName(request)}\` doesn't exist!`)
    }
    const { seq } = await perform(collection, upsertText(text))
    return sendResult(request, reply, updateResult(seq, isWaiting))
  })

  const write = (method: 'POST' | 'PUT', path: string, translate: (body: JsonValue) => Write): void => {
    app.route({
      method,
      url: `/collections/:collection/points${path}`,
      handler: async (request, reply) => {
        const isWaiting = waitParam(request, false)
        const operation = translate(jsonBody(request))
        const { seq } = await perform(collectionOf(request), operation)
        return sendResult(request, reply, updateResult(seq, isWaiting))
      },
    })
  }
  const collectionOf = (request: FastifyRequest): Collection => getCollection(door, collectionName(request))
  write('POST', '/delete', deleteWrite)
  write('POST', '/payload', setPayloadWrite)
  write('PUT', '/payload', overwritePayloadWrite)
  write('POST', '/payload/delete', deletePayloadWrite)
  write('POST', '/payload/clear', clearPayloadWrite)
  write('PUT', '/vectors', updateVectorsWrite)
  write('POST', '/vectors/delete', deleteVectorsWrite)

  app.post('/collections/:collection/points/batch', async (request, reply) => {
    const isWaiting = waitParam(request, false)
    const writes = batchWrites(jsonBody(request))
    if (writes.length === 0) return sendResult(request, reply, [])
    const collection = collectionOf(request)
    const results = []
    for (const one of writes) results.push(updateResult((await perform(collection, one)).seq, isWaiting))
    return sendResult(request, reply, results)
  })
}

function upsertText(text: string): Write {
  return (collection) => {
    const { config } = collection.info()
    let translated
    try {
      translated = translatePointsText(text, config)
    } catch (error) {
      // Whatever is wrong with the text, the exact parser says where.
      if (error instanceof SyntaxError) parseBody(text)
      throw error
    }
    return collection.upsert(translated.points, translated.options)
  }
}
