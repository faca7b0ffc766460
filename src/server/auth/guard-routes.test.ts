import fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { createGuard } from './guard.ts'
import { guardRoutes } from './guard-routes.ts'

let app: FastifyInstance

interface Keys {
  readonly apiKey?: string
  readonly alternativeApiKey?: string
  readonly readOnlyApiKey?: string
}

async function guarded(keys: Keys): Promise<FastifyInstance> {
  app = fastify({
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  })
  const database = { findCollection: () => undefined }
  guardRoutes(app, createGuard({ ...keys, database, clock: systemClock }))
  app.get('/healthz', () => 'healthz check passed')
  app.get('/collections', () => ({}))
  app.put('/collections/:name', () => ({}))
  app.patch('/collections/:name', () => ({}))
  app.put('/collections/:name/points', () => ({}))
  app.post('/collections/:name/points/scroll', () => ({}))
  app.post('/collections/:name/points/delete', () => ({}))
  app.post('/collections/:name/snapshots/upload', () => ({}))
  app.get('/collections/:name/shards/:shard/snapshot', () => ({}))
  app.get('/v1/snapshots', { config: { isReading: true } }, () => ({}))
  app.post('/v1/snapshots', () => ({}))
  app.post('/v1/collections/:reference/query', { config: { isReading: true } }, () => ({}))
  await app.ready()
  return app
}

afterEach(() => app.close())

const keys: Keys = { apiKey: 'gate', alternativeApiKey: 'spare', readOnlyApiKey: 'look' }

async function status(method: InjectOptions['method'], url: string, headers: Record<string, string> = {}) {
  return (await app.inject({ method: method ?? 'GET', url, headers })).statusCode
}

describe('keys', () => {
  test('without a key set nobody is asked', async () => {
    await guarded({ apiKey: '' })
    expect(await status('PUT', '/collections/c')).toBe(200)
  })

  test('no key and a wrong one are told apart, without a content type', async () => {
    await guarded(keys)
    const missing = await app.inject({ url: '/collections' })
    expect([missing.statusCode, missing.body]).toEqual([
      401,
      'Must provide an API key or an Authorization bearer token',
    ])
    expect(missing.headers['content-type']).toBeUndefined()
    const wrong = await app.inject({ url: '/collections', headers: { 'api-key': 'gat' } })
    expect([wrong.statusCode, wrong.body]).toEqual([401, 'Invalid API key or JWT'])
  })

  test.each([
    [{ 'api-key': 'gate' }, 200],
    [{ 'api-key': 'spare' }, 200],
    [{ authorization: 'Bearer gate' }, 200],
    [{ 'api-key': 'gate', authorization: 'Bearer wrong' }, 200],
    [{ 'api-key': 'wrong', authorization: 'Bearer gate' }, 401],
    [{ authorization: 'bearer gate' }, 401],
    [{ authorization: 'Bearer  gate' }, 401],
    [{ authorization: 'gate' }, 401],
    [{ 'api-key': '' }, 401],
  ])('%j gives %i', async (headers, expected) => {
    await guarded(keys)
    expect(await status('PUT', '/collections/c', headers)).toBe(expected)
  })

  test('pages about the server itself and preflights need none, unknown routes do', async () => {
    await guarded(keys)
    expect(await status('GET', '/healthz')).toBe(200)
    expect(await status('GET', '//healthz/')).toBe(200)
    expect(await status('POST', '/healthz')).toBe(404)
    expect(await status('GET', '/healthz/x')).toBe(401)
    expect(await status('GET', '/nothing')).toBe(401)
    expect(await status('OPTIONS', '/collections', { 'access-control-request-method': 'GET' })).toBe(404)
  })

  test.each([
    ['GET', '/collections', 200],
    ['POST', '/collections/c/points/scroll', 200],
    ['PUT', '/collections/c/points', 403],
    ['POST', '/collections/c/points/delete', 403],
    ['POST', '/collections/c/%70oints/delete', 403],
    ['POST', '/collections/points%2Fscroll/points/delete', 403],
    ['GET', '/collections/c/shards/0/snapshot', 403],
    ['GET', '/collections/c/shards/0/%73napshot', 403],
    ['GET', '/nothing', 404],
  ] as const)('the read-only key: %s %s is %i', async (method, url, expected) => {
    await guarded(keys)
    expect(await status(method, url, { 'api-key': 'look' })).toBe(expected)
  })

  test('a refused change says so in JSON, a refused upload in plain text before its body is read', async () => {
    await guarded(keys)
    const change = await app.inject({
      method: 'PATCH',
      url: '/collections/c',
      headers: { 'api-key': 'look' },
    })
    expect(change.json()).toEqual({
      status: { error: 'Forbidden: Global manage access is required' },
      time: 0,
    })
    const headers = { 'api-key': 'look', 'content-type': 'application/unreadable' }
    const upload = await app.inject({
      method: 'POST',
      url: '/collections/c/snapshots/upload',
      headers,
      payload: 'x',
    })
    expect([upload.statusCode, upload.body]).toEqual([403, 'Forbidden: Global manage access is required'])
  })

  test('our own routes say themselves whether they read, and are refused in their own words', async () => {
    await guarded(keys)
    const look = { 'api-key': 'look' }
    expect(await status('GET', '/v1/snapshots', look)).toBe(200)
    expect(await status('POST', '/v1/collections/c@s/query', look)).toBe(200)
    expect(await status('GET', '/v1/nowhere', look)).toBe(404)
    expect(await status('POST', '/v1/snapshots', { 'api-key': 'gate' })).toBe(200)
    const refusals = await Promise.all(
      [look, { 'api-key': 'wrong' }, {}].map((headers) =>
        app.inject({ method: 'POST', url: '/v1/snapshots', headers }),
      ),
    )
    const codes = refusals.map((answer) => [
      answer.statusCode,
      answer.json<{ error: { code: string } }>().error.code,
    ])
    expect(codes).toEqual([
      [403, 'key-read-only'],
      [401, 'key-wrong'],
      [401, 'key-missing'],
    ])
    expect(await status('GET', '/v1/nowhere')).toBe(401)
  })
})
