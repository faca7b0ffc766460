import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../runtime/clock.ts'
import { createGuard } from './auth/guard.ts'
import { guardRoutes } from './auth/guard-routes.ts'
import { allowOtherOrigins } from './cross-origin.ts'

let app: FastifyInstance

beforeEach(async () => {
  app = fastify()
  allowOtherOrigins(app)
  const database = { findCollection: () => undefined }
  guardRoutes(app, createGuard({ apiKey: 'gate', database, clock: systemClock }))
  app.get('/collections', () => ({}))
  await app.ready()
})

afterEach(() => app.close())

const origin = 'https://app.example'

test('an answer names the origin that asked, a refusal too', async () => {
  const answer = await app.inject({ url: '/collections', headers: { origin, 'api-key': 'gate' } })
  expect([answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([200, origin])
  const refusal = await app.inject({ url: '/collections', headers: { origin } })
  expect([refusal.statusCode, refusal.headers['access-control-allow-origin']]).toEqual([401, origin])
  const plain = await app.inject({ url: '/collections', headers: { 'api-key': 'gate' } })
  expect(plain.headers['access-control-allow-origin']).toBeUndefined()
})

test('a preflight needs no key and no known path', async () => {
  const headers = {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'api-key',
  }
  for (const url of ['/collections', '/nothing']) {
    const answer = await app.inject({ method: 'OPTIONS', url, headers })
    expect([answer.statusCode, answer.body]).toEqual([200, ''])
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'api-key',
    })
  }
})

test('a preflight for an unknown method is refused', async () => {
  const headers = { origin, 'access-control-request-method': 'FOO' }
  const answer = await app.inject({ method: 'OPTIONS', url: '/collections', headers })
  expect([answer.statusCode, answer.body]).toEqual([400, 'Requested method is not allowed'])
  expect(answer.headers['content-type']).toBeUndefined()
})

test('OPTIONS without a wish is no preflight', async () => {
  const answer = await app.inject({ method: 'OPTIONS', url: '/collections', headers: { origin } })
  expect(answer.statusCode).toBe(401)
})
