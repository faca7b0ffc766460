import type { FastifyInstance } from 'fastify'
import type { PointId } from '../../../index.ts'
import { sendResult, sendText } from '../answers.ts'
import { decodeBody, decodeRead } from '../body.ts'
import { reading, type Door } from '../door.ts'
import { notFound, wrongInput } from '../failures.ts'
import { collectionName, pathParam, readParams } from '../parameters.ts'
import { orderTexts, recordText, scrollText } from '../present/points.ts'
import { pointIdOfPath } from '../translate/point-id.ts'
import {
  checkScroll,
  checkVectorSelection,
  countRequest,
  retrieveRequest,
  scrollRequest,
} from '../translate/reads.ts'
import { readScope } from '../translate/shard-key.ts'

export function pointRoutes(app: FastifyInstance, door: Door): void {
  app.get('/collections/:collection/points/:id', async (request, reply) => {
    const name = collectionName(request)
    const timeout = readParams(request)
    const id = idOf(pathParam(request, 'id'))
    const [point] = await reading(door, name, (reader) => {
      door.strict.of(reader)?.retrieve(1, timeout)
      return reader.get([id], {
        payload: true,
        vectors: true,
        oncePerId: true,
        ...readScope(reader, undefined),
      })
    })
    if (point === undefined) throw notFound(`Point with id ${String(id)} does not exists!`)
    return sendText(request, reply, recordText(point))
  })

  app.post('/collections/:collection/points', async (request, reply) => {
    const name = collectionName(request)
    const timeout = readParams(request)
    const { ids, options, vectors, shardKeys } = decodeBody(request, retrieveRequest)
    const points = await reading(door, name, (reader) => {
      door.strict.of(reader)?.retrieve(ids.length, timeout)
      const scope = readScope(reader, shardKeys)
      checkVectorSelection(vectors, door.vectors.of(reader))
      return reader.get(ids, { ...options, ...scope, oncePerId: true })
    })
    return sendText(request, reply, `[${points.map((point) => recordText(point)).join(',')}]`)
  })

  app.post('/collections/:collection/points/scroll', async (request, reply) => {
    const name = collectionName(request)
    const timeout = readParams(request)
    const given = decodeRead(request, scrollRequest)
    const page = await reading(door, name, (reader) => {
      door.strict.of(reader)?.scroll(given, timeout)
      const scope = checkScroll(given, reader, door.vectors.of(reader))
      return reader.scroll({ ...given.request, ...scope, oncePerId: true })
    })
    const orders = orderTexts(page)
    const records = page.points.map((point, index) => recordText(point, orders[index]))
    return sendText(request, reply, scrollText(records, page.next))
  })

  app.post('/collections/:collection/points/count', async (request, reply) => {
    const name = collectionName(request)
    const timeout = readParams(request)
    const given = decodeRead(request, countRequest)
    const count = await reading(door, name, (reader) => {
      door.strict.of(reader)?.count(given, timeout)
      return reader.count(given.filter, readScope(reader, given.shard_key))
    })
    return sendResult(request, reply, { count })
  })
}

/** @throws WireError 400 */
function idOf(text: string): PointId {
  const id = pointIdOfPath(text)
  if (id === undefined) throw wrongInput(`Can not recognize "${text}" as point id`)
  return id
}
