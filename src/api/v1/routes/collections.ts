import { z } from 'zod'
import type { CollectionReader, Database } from '../../../index.ts'
import { presentHit, presentPoint } from '../present-point.ts'
import { answers, defineRoute, ok, type Route } from '../route.ts'
import { collectionSchema, referenceParam } from '../schemas/collections.ts'
import {
  countBody,
  getBody,
  pageSchema,
  pointSchema,
  queryBody,
  scoredPointSchema,
  scrollBody,
} from '../schemas/points.ts'
import { defined } from '../schemas/values.ts'

const tag = 'collections'
const params = z.strictObject(referenceParam)

const list = defineRoute({
  id: 'listCollections',
  method: 'GET',
  path: '/collections',
  tag,
  summary: 'The collections as they are, by name',
  answers: answers(z.object({ collections: z.array(collectionSchema) }), 'All of them.'),
  handle: async ({ database }) =>
    ok({ collections: database.listCollections().map((collection) => collection.info()) }),
})

const show = defineRoute({
  id: 'getCollection',
  method: 'GET',
  path: '/collections/{reference}',
  tag,
  summary: 'A collection as it is or was',
  params,
  answers: answers(collectionSchema, 'The collection.'),
  handle: ({ database }, { params }) =>
    reading(database, params.reference, async (reader) => ok(reader.info())),
})

const query = defineRoute({
  id: 'queryPoints',
  method: 'POST',
  path: '/collections/{reference}/query',
  tag,
  summary: 'The nearest points of a vector, best first',
  isReading: true,
  params,
  body: queryBody,
  example: {
    vector: [0.1, 0.9, 0.3, 0.4],
    limit: 3,
    filter: { must: [{ kind: 'field', path: 'kind', match: { value: 'moss' } }] },
    payload: true,
  },
  answers: answers(z.object({ points: z.array(scoredPointSchema) }), 'The points.'),
  handle: ({ database }, { params, body }) =>
    reading(database, params.reference, async (reader) =>
      ok({ points: (await reader.query(defined(body))).map(presentHit) }),
    ),
})

const scroll = defineRoute({
  id: 'scrollPoints',
  method: 'POST',
  path: '/collections/{reference}/scroll',
  tag,
  summary: 'Points in id order, or ordered by a payload value, in pages',
  isReading: true,
  params,
  body: scrollBody,
  example: { limit: 100, payload: { include: ['kind'] } },
  answers: answers(pageSchema, 'A page.'),
  handle: ({ database }, { params, body }) =>
    reading(database, params.reference, async (reader) => {
      const { points, orderValues, next } = await reader.scroll(defined(body))
      return ok({ points: points.map(presentPoint), orderValues, next: next ?? null })
    }),
})

const count = defineRoute({
  id: 'countPoints',
  method: 'POST',
  path: '/collections/{reference}/count',
  tag,
  summary: 'How many points there are, or pass a filter; exact',
  isReading: true,
  params,
  body: countBody,
  example: { filter: { mustNot: [{ kind: 'is-empty', path: 'kind' }] } },
  answers: answers(z.object({ count: z.int() }), 'The number.'),
  handle: ({ database }, { params, body }) =>
    reading(database, params.reference, async (reader) => ok({ count: await reader.count(body.filter) })),
})

const get = defineRoute({
  id: 'getPoints',
  method: 'POST',
  path: '/collections/{reference}/get',
  tag,
  summary: 'Points by id; those that do not exist are left out',
  isReading: true,
  params,
  body: getBody,
  example: { ids: [1, 'b6e4c1a2-7a53-4b0e-9f57-0d6a5f0a1c11'], payload: true, vectors: true },
  answers: answers(z.object({ points: z.array(pointSchema) }), 'The points, in the order asked.'),
  handle: ({ database }, { params, body: { ids, ...options } }) =>
    reading(database, params.reference, async (reader) =>
      ok({ points: (await reader.get(ids, defined(options))).map(presentPoint) }),
    ),
})

async function reading<T>(
  database: Database,
  reference: string,
  read: (reader: CollectionReader) => Promise<T>,
): Promise<T> {
  await using reader = await database.openReader(reference)
  return await read(reader)
}

export const collectionRoutes: readonly Route[] = [list, show, query, scroll, count, get]
