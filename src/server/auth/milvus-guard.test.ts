import fastify, { type FastifyInstance } from 'fastify'
import { beforeEach, expect, test } from 'vitest'
import { openTestMilvus } from '../../../test/support/milvus-door.ts'
import { milvusRestRoutes } from '../../api/milvus/rest/rest-routes.ts'
import { systemClock } from '../../runtime/clock.ts'
import { createGuard } from './guard.ts'
import { guardRoutes } from './guard-routes.ts'

// Milvus' routes behind the guard of the others, which must neither let anybody in there nor keep anybody out.

let app: FastifyInstance

beforeEach(async () => {
  const milvus = await openTestMilvus({ apiKeys: ['key-1'] })
  app = fastify()
  guardRoutes(app, createGuard({ apiKey: 'key-1', database: milvus.database, clock: systemClock }))
  app.get('/collections', () => 'open')
  await milvusRestRoutes(app, milvus.door, () => undefined)
  return async () => {
    await app.close()
    await milvus.close()
  }
})

const post = async (
  url: string,
  headers: Record<string, string> = {},
): Promise<readonly [number, string]> => {
  const { statusCode, body } = await app.inject({ method: 'POST', url, headers, payload: '{}' })
  return [statusCode, body]
}

test('a bearer token opens the routes, the header of the other API does not', async () => {
  const list = '/v2/vectordb/collections/list'
  expect(await post(list)).toEqual([401, '{"code":1800,"message":"user hasn\'t authenticated"}'])
  expect((await post(list, { 'api-key': 'key-1' }))[0]).toBe(401)
  expect((await post(list, { authorization: 'Bearer root:Milvus' }))[0]).toBe(401)
  expect(await post(list, { authorization: 'Bearer key-1' })).toEqual([200, '{"code":0,"data":[]}'])
  expect((await post(list, { authorization: 'Bearer root:key-1' }))[0]).toBe(200)
})

test('what only looks like one of the routes is guarded as before', async () => {
  for (const url of ['/v2/vectordbx/collections', '/v2', '/v2/vectordb%2f..%2fcollections', '/collections'])
    expect(await post(url), url).toEqual([401, 'Must provide an API key or an Authorization bearer token'])
  expect((await post('/v2/vectordb/nothing'))[0]).toBe(401)
  expect((await post('/v2/vectordb/nothing', { authorization: 'Bearer key-1' }))[0]).toBe(404)
})
