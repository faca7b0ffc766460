import type { FastifyInstance } from 'fastify'
import type { Collection, JsonValue } from '../../../index.ts'
import { array, object, required } from '../decode.ts'
import { getCollection, type QdrantDoorOptions } from '../door.ts'
import { orderValueText, scoredText } from '../present/points.ts'
import { collectionName, jsonBody, sendText } from '../request.ts'
import { resolveNearest, translateQuery, translateSearch, type TranslatedQuery } from '../translate/query.ts'
import { orderable } from './points.ts'

export function searchRoutes(app: FastifyInstance, door: QdrantDoorOptions): void {
  const one = (
    path: string,
    translate: (body: JsonValue) => TranslatedQuery,
    present: (points: string) => string,
  ): void => {
    app.post(`/collections/:collection/points/${path}`, async (request, reply) => {
      const query = translate(jsonBody(request))
      const points = await runQuery(getCollection(door, collectionName(request)), query)
      return sendText(request, reply, present(points))
    })
  }
  const batch = (
    path: string,
    translate: (body: JsonValue) => TranslatedQuery,
    present: (points: string) => string,
  ): void => {
    app.post(`/collections/:collection/points/${path}/batch`, async (request, reply) => {
      const queries = array(required(object(jsonBody(request)), 'searches')).map((search) =>
        translate(search),
      )
      const collection = getCollection(door, collectionName(request))
      const answers = []
      for (const query of queries) answers.push(present(await runQuery(collection, query)))
      return sendText(request, reply, `[${answers.join(',')}]`)
    })
  }
  const inPoints = (points: string): string => `{"points":${points}}`
  const bare = (points: string): string => points
  one('query', translateQuery, inPoints)
  batch('query', translateQuery, inPoints)
  one('search', translateSearch, bare)
  batch('search', translateSearch, bare)
}

/** The points of one query as JSON text. */
async function runQuery(collection: Collection, query: TranslatedQuery): Promise<string> {
  const { nearest, orderBy, ...request } = query
  if (orderBy !== undefined) return runOrdered(collection, query)
  if (nearest === undefined) {
    const points = await collection.query(request)
    return `[${points.map((point) => scoredText(point, { version: 0 })).join(',')}]`
  }
  const { vector, excluded } = await resolveNearest(collection, nearest, request.using ?? '')
  const limit = request.limit ?? 10
  if (excluded === undefined) return textOf(await collection.query({ ...request, vector }))
  // The point itself is not its own neighbour: one more is asked for, and it is left out.
  const filter = {
    ...(request.filter === undefined ? {} : { must: [{ kind: 'filter' as const, filter: request.filter }] }),
    mustNot: [{ kind: 'has-id' as const, ids: [excluded] }],
  }
  return textOf(await collection.query({ ...request, vector, filter, limit }))
}

function textOf(points: Awaited<ReturnType<Collection['query']>>): string {
  return `[${points.map((point) => scoredText(point)).join(',')}]`
}

async function runOrdered(collection: Collection, query: TranslatedQuery): Promise<string> {
  const { orderBy, filter, limit = 10, offset = 0, payload, vectors } = query
  const page = await orderable(orderBy?.path, () =>
    collection.scroll({
      limit: limit + offset,
      ...(orderBy === undefined ? {} : { orderBy }),
      ...(filter === undefined ? {} : { filter }),
      ...(payload === undefined ? {} : { payload }),
      ...(vectors === undefined ? {} : { vectors }),
    }),
  )
  const texts = page.points.map((point, i) => {
    const value = page.orderValues?.[i]
    const orderValue = value === undefined ? 'null' : orderValueText(value)
    return scoredText({ ...point, score: 1 }, { version: 0, orderValue })
  })
  return `[${texts.slice(offset).join(',')}]`
}
