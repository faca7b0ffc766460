// Answers are looked into as they come.
/* eslint-disable @typescript-eslint/no-explicit-any */
import { beforeAll, describe, expect, test } from 'vitest'
import { call, rest } from '../../support/qdrant-rest.ts'
import { useDoor } from './client.ts'

const door = useDoor()

beforeAll(async () => {
  const { client } = door
  await client.createCollection('s', {
    vectors: { a: { size: 2, distance: 'Dot' } },
    sparse_vectors: { words: {} },
    shard_number: 2,
  })
  await client.upsert('s', {
    wait: true,
    points: [
      { id: 1, vector: { a: [1, 0], words: { indices: [3], values: [1] } } },
      { id: 2, vector: { a: [0, 1] } },
    ],
  })
  await client.scroll('s', { limit: 1 })
})

const get = (path: string) => call<any>(door.server.url, 'GET', path)

describe('telemetry', () => {
  const endpoint = 'POST /collections/{collection_name}/points/scroll'

  test('counts requests by route and status, and by collection for those who ask', async () => {
    const { requests } = await get('/telemetry')
    expect(requests.rest.responses[endpoint]['200'].count).toBeGreaterThan(0)
    expect(requests.rest.responses[endpoint]['200'].last_responded).toMatch(/^\d{4}-\d\d-\d\dT/)
    expect(requests.rest.per_collection_responses).toBeUndefined()
    const apart = (await get('/telemetry?per_collection=true')).requests.rest.per_collection_responses
    expect(apart.s[endpoint]['200'].count).toBeGreaterThan(0)
    expect(Object.keys(apart)).toEqual(['s'])
  })

  test('tells more at each level, and no names when it is anonymous', async () => {
    const of = async (level: number) => (await get(`/telemetry?details_level=${level}`)).collections
    expect(await of(0)).toEqual({ number_of_collections: 1 })
    expect(Object.keys((await of(1)).collections[0]).sort()).toEqual([
      'optimizers_status',
      'params',
      'vectors',
    ])
    expect(Object.keys((await of(2)).collections[0]).sort()).toEqual(['config', 'id', 'init_time_ms'])
    const { shards } = (await of(3)).collections[0]
    expect(shards).toHaveLength(2)
    expect(shards[0].local.segments).toBeUndefined()
    const counts = shards.map((one: any) => one.local.num_vectors_by_name)
    expect(counts[0].a + counts[1].a).toBe(2)
    expect(counts[0].words + counts[1].words).toBe(1)
    const { segments } = (await of(4)).collections[0].shards[0].local
    expect(segments[0].info.num_points).toBe(shards[0].local.num_points)
    const anonymous = await get('/telemetry?details_level=10&anonymize=true&per_collection=true')
    expect(anonymous.collections).toEqual({ number_of_collections: 1 })
    expect(anonymous.requests.rest.per_collection_responses).toBeUndefined()
  })
})

test('metrics have the names that dashboards of Qdrant look for', async () => {
  const text = async (path: string) => (await rest(door.server.url, 'GET', path)).text
  const plain = await text('/metrics')
  expect(plain).toContain('app_info{name="qdrant",version="1.19.0"} 1\n')
  expect(plain).toContain('\ncollections_total 1\n')
  expect(plain).toContain('\ncollection_points{id="s"} 2\n')
  expect(plain).toContain('\ncollection_vectors{collection="s",vector="words"} 1\n')
  const scrolls =
    'rest_responses_total{method="POST",endpoint="/collections/{collection_name}/points/scroll",status="200"'
  expect(plain).toContain(`\n${scrolls}}`)
  expect(plain).toContain('rest_responses_duration_seconds_bucket{')
  expect(plain).toContain('stillpoint_collections 1\n')
  expect(await text('/metrics?per_collection=true')).toContain(`\n${scrolls},collection="s"}`)
  expect(await text('/metrics?anonymize=true')).not.toContain('"s"')
})

test('the log level is told and changed while the server runs', async () => {
  const { url } = door.server
  expect(await get('/logger')).toEqual({ log_level: 'INFO' })
  expect(await call(url, 'POST', '/logger', { log_level: 'debug' })).toBe(true)
  expect(await get('/logger')).toEqual({ log_level: 'DEBUG' })
  expect((await rest(url, 'POST', '/logger', { log_level: 'loud' })).status).toBe(400)
  const wrong = await rest(url, 'POST', '/logger', { log_level: 7 })
  expect([wrong.status, wrong.text]).toEqual([
    400,
    expect.stringContaining('expected a string at line 1 column 15'),
  ])
  expect(await call(url, 'POST', '/logger', { log_level: 'INFO' })).toBe(true)
})

test('the report of the optimizer lists idle segments, and nothing that runs', async () => {
  const path = '/collections/s/optimizations'
  const { summary, ...rest1 } = await get(path)
  expect(rest1).toEqual({ running: [] })
  expect(summary).toMatchObject({ queued_optimizations: 0, queued_segments: 0, queued_points: 0 })
  const full = await get(`${path}?with=queued%20,completed,%20idle_segments`)
  expect(full).toMatchObject({ running: [], queued: [], completed: [] })
  expect(full.idle_segments).toHaveLength(summary.idle_segments)
  expect(full.idle_segments.reduce((sum: number, one: any) => sum + one.points_count, 0)).toBe(2)
  const unknown = await rest(door.server.url, 'GET', `${path}?with=running`)
  expect([unknown.status, unknown.json?.status]).toEqual([
    400,
    { error: "Wrong input: Unknown field in 'with' parameter: running" },
  ])
})

test('the memory report tells dense vectors, sparse ones and payloads apart', async () => {
  const report = await get('/collections/s/memory')
  expect(report.vectors.map(({ name }: any) => name)).toEqual(['a'])
  expect(report.sparse_vectors.map(({ name }: any) => name)).toEqual(['words'])
  expect(report.total.ram_bytes).toBeGreaterThan(report.vectors[0].storage.ram_bytes)
  expect((await rest(door.server.url, 'GET', '/collections/nobody/memory')).status).toBe(404)
})

test('pages about what is not there say so', async () => {
  expect(await get('/profiler/slow_requests?limit=5')).toHaveProperty('requests')
  expect((await rest(door.server.url, 'PATCH', '/debugger', {})).status).toBe(400)
  expect((await rest(door.server.url, 'GET', '/stacktrace')).status).toBe(200)
})

test('answers are compressed for those who ask, and say what they depend on', async () => {
  for (const encoding of ['gzip', 'deflate', 'br']) {
    const answer = await fetch(`${door.server.url}/collections/s`, {
      headers: { 'accept-encoding': encoding },
    })
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(answer.headers.get('vary')).toMatch(/^accept-encoding, Origin/)
    expect(await answer.json()).toMatchObject({ status: 'ok' })
  }
  const plain = await fetch(`${door.server.url}/collections`, { headers: { 'accept-encoding': 'identity' } })
  expect(plain.headers.get('content-encoding')).toBeNull()
})
