import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database, LoadingReport } from '../index.ts'
import { Metrics } from './metrics.ts'
import { registerPages } from './pages.ts'

let app: FastifyInstance
let report: LoadingReport

const done: LoadingReport = {
  isDone: true,
  segments: { loaded: 3, total: 3 },
  bytes: { loaded: 900, total: 900 },
  collections: [],
}

beforeEach(async () => {
  report = done
  const stats = {
    collections: 2,
    points: 7,
    snapshots: 1,
    segmentsInMemory: 3,
    memtableBytes: 10,
    logBytes: 99,
    graphs: { graphs: 1, rows: 50, rowsDone: 20 },
  }
  const database = {
    stats: () => ({ ...stats, appliedSeq: 5, checkpointSeq: 4 }),
    loading: () => report,
    policies: { metrics: () => Promise.resolve([]) },
  } as unknown as Database
  app = fastify()
  const metrics = new Metrics(database)
  metrics.count(app)
  registerPages(
    app,
    metrics,
    () => report,
    (wishes) => `wishes ${JSON.stringify(wishes)}\n`,
  )
  app.get('/collections/:name', () => ({}))
  await app.ready()
})

afterEach(() => app.close())

test('a client finds title and version of the API', async () => {
  expect((await app.inject('/')).json()).toEqual({
    title: 'qdrant - vector search engine',
    version: '1.19.0',
  })
})

test.each([
  ['/healthz', 'healthz check passed'],
  ['/livez', 'healthz check passed'],
  ['/readyz', 'all shards are ready'],
])('%s says that all is well', async (url, text) => {
  const answer = await app.inject(url)
  expect([answer.statusCode, answer.body, answer.headers['content-type']]).toEqual([
    200,
    text,
    'text/plain; charset=utf-8',
  ])
})

test('while collections are loaded, /readyz says how far they are, and names none', async () => {
  const one = {
    name: 'secret',
    status: 'loading',
    segments: { loaded: 1, total: 2 },
    bytes: { loaded: 300, total: 600 },
  } as const
  report = {
    isDone: false,
    segments: { loaded: 1, total: 3 },
    bytes: { loaded: 300, total: 900 },
    collections: [one, { ...one, name: 'other', status: 'failed', error: 'no' }],
  }
  const { statusCode, body } = await app.inject('/readyz')
  expect([statusCode, body.split('\n')]).toEqual([
    503,
    [
      'some shards are not ready',
      'loaded: 0 of 2 collections, 1 of 3 segments, 300 of 900 bytes',
      'could not be loaded: 1 collections, see the log',
    ],
  ])
  const metrics = (await app.inject('/metrics')).body
  expect(metrics).toMatch(/^stillpoint_loading_segments 3$/m)
  expect(metrics).toMatch(/^stillpoint_loading_segments_done 1$/m)
  expect(metrics).toMatch(/^stillpoint_loading_bytes_done 300$/m)
  expect(metrics).toMatch(/^stillpoint_loading_failed_collections 1$/m)
  for (const url of ['/healthz', '/livez']) expect((await app.inject(url)).statusCode).toBe(200)
})

test('metrics hold the figures of the database and count requests by route', async () => {
  await app.inject('/collections/secret-name')
  await app.inject('/nothing')
  const { body, headers } = await app.inject('/metrics?anonymize=true&timeout=60')
  expect(headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(body).toMatch(/^stillpoint_collections 2$/m)
  expect(body).toMatch(/^stillpoint_points 7$/m)
  expect(body).toMatch(/^stillpoint_snapshots 1$/m)
  expect(body).toMatch(/^stillpoint_log_bytes 99$/m)
  expect(body).toContain(
    'stillpoint_http_requests_total{method="GET",route="/collections/:name",status="200"} 1',
  )
  expect(body).toContain('stillpoint_http_requests_total{method="GET",route="unknown",status="404"} 1')
  expect(body).not.toContain('secret-name')
})

test.each([
  ['anonymize=7', 400, 'Deserialize error in query parameters: provided string was not `true` or `false`'],
  ['timeout=soon', 400, 'Deserialize error in query parameters: invalid digit found in string'],
  ['timeout=0', 422, 'Validation error in query parameters: [timeout: value 0 invalid, must be 1 or larger]'],
])('metrics refuse %s', async (query, status, error) => {
  const answer = await app.inject(`/metrics?${query}`)
  expect([answer.statusCode, answer.json().status]).toEqual([status, { error }])
})

test('metrics hand on what they are asked for', async () => {
  const { body } = await app.inject('/metrics?per_collection=true&anonymize=false')
  expect(body).toContain('wishes {"isAnonymous":false,"perCollection":true}')
  expect((await app.inject('/metrics?per_collection=2')).statusCode).toBe(400)
})
