import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any

const points = '/collections/c/points'
let door: TestQdrant

beforeEach(async () => {
  door = await openTestQdrant({ settings: { cluster: { enabled: true } } })
})

afterEach(() => door.close())

async function ask(line: string, body?: unknown): Promise<{ status: number; body: Answer }> {
  const [method, url] = line.split(' ') as ['GET' | 'POST' | 'PUT', string]
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
  const headers = { 'content-type': 'application/json' }
  const answer = await door.app.inject({ method, url, headers, ...payload })
  return { status: answer.statusCode, body: answer.json<Answer>() }
}

/** The result, of a request that must succeed. */
async function result(line: string, body?: unknown): Promise<Answer> {
  const answer = await ask(line, body)
  expect(answer, `${line} ${JSON.stringify(answer.body)}`).toMatchObject({ status: 200 })
  return answer.body.result
}

async function refused(line: string, body?: unknown): Promise<[number, string]> {
  const answer = await ask(line, body)
  return [answer.status, answer.body.status.error]
}

const create = (name = 'c', more: object = {}) =>
  result(`PUT /collections/${name}`, {
    vectors: { size: 2, distance: 'Dot' },
    sharding_method: 'custom',
    ...more,
  })

/** Points 1 to 4 under `eu`, 3 to 6 under `us`, none under 7. */
async function fill(): Promise<void> {
  await create()
  for (const key of ['eu', 'us', 7]) await result('PUT /collections/c/shards', { shard_key: key })
  for (const [key, ids] of [
    ['eu', [1, 2, 3, 4]],
    ['us', [3, 4, 5, 6]],
  ] as const) {
    const list = ids.map((id) => ({ id, vector: [id, key === 'eu' ? 1 : 2], payload: { k: key, id } }))
    await result(`PUT ${points}?wait=true`, { points: list, shard_key: key })
  }
}

const shown = (list: Answer): string =>
  list.map(({ id, shard_key: key }: Answer) => `${String(id)}:${JSON.stringify(key)}`).join(' ')

const scroll = async (body: object = {}): Promise<string> =>
  shown((await result(`POST ${points}/scroll`, { limit: 100, ...body })).points)

test('keys are made, listed, told of by the cluster, and dropped with their points', async () => {
  await create()
  expect(await result('GET /collections/c/shards')).toEqual({ shard_keys: [] })
  const keys = ['a', 7, '7', '', 'x/y ä', '_default', '#7']
  for (const key of keys) expect(await result('PUT /collections/c/shards', { shard_key: key })).toBe(true)
  expect(await result('GET /collections/c/shards')).toEqual({ shard_keys: keys.map((key) => ({ key })) })
  const cluster = await result('GET /collections/c/cluster')
  expect(cluster.shard_count).toBe(keys.length)
  expect(cluster.local_shards[1]).toEqual({ shard_id: 2, shard_key: 7, points_count: 0, state: 'Active' })
  expect(await refused('PUT /collections/c/shards', { shard_key: 7 })).toEqual([
    400,
    'Bad request: Sharding key 7 already exists for collection c',
  ])
  await result(`PUT ${points}`, { points: [{ id: 1, vector: [1, 0] }], shard_key: '7' })
  expect(await result('POST /collections/c/shards/delete', { shard_key: '7' })).toBe(true)
  expect((await result('GET /collections/c')).points_count).toBe(0)
  expect(await refused('POST /collections/c/shards/delete', { shard_key: '7' })).toEqual([
    400,
    'Bad request: Sharding key "7" does not exist for collection c',
  ])
  expect(await refused('PUT /collections/c/shards', { shard_key: 'x'.repeat(300) })).toEqual([
    400,
    'Wrong input: Shard keys take at most 255 bytes here',
  ])
})

test('a collection without keys takes none, and one whose method is custom none without cluster mode', async () => {
  await result('PUT /collections/auto', { vectors: { size: 2, distance: 'Dot' } })
  const auto = 'Bad request: Shard Key cannot be created with Auto sharding method'
  expect(await refused('PUT /collections/auto/shards', { shard_key: 'a' })).toEqual([400, auto])
  expect(await result('GET /collections/auto/shards')).toEqual({})
  expect(await refused('PUT /collections/auto/points', { points: [], shard_key: 'a' })).toEqual([
    400,
    'Wrong input: Shard key "a" not found',
  ])
  await door.close()
  door = await openTestQdrant()
  await create()
  const standalone = 'Qdrant is running in standalone mode'
  expect(await refused('PUT /collections/c/shards', { shard_key: 'a' })).toEqual([405, standalone])
  expect(await refused('POST /collections/c/shards/delete', { shard_key: 'a' })).toEqual([405, standalone])
  expect((await result('GET /cluster')).status).toBe('disabled')
})

test('a write names its keys, and nothing is written otherwise', async () => {
  await fill()
  const point = { points: [{ id: 9, vector: [1, 1] }] }
  const deleted = { points: [3] }
  for (const [line, body] of [
    [`PUT ${points}`, point],
    [`PUT ${points}/vectors`, point],
    [`POST ${points}/delete`, deleted],
    [`POST ${points}/payload`, { ...deleted, payload: { a: 1 } }],
    [`PUT ${points}/payload`, { ...deleted, payload: { a: 1 } }],
    [`POST ${points}/payload/delete`, { ...deleted, keys: ['k'] }],
    [`POST ${points}/payload/clear`, deleted],
    [`POST ${points}/vectors/delete`, { ...deleted, vector: [''] }],
  ] as const) {
    expect(await refused(line, body)).toEqual([400, 'Wrong input: Shard key not specified'])
    expect(await refused(line, { ...body, shard_key: ['eu', '7'] })).toEqual([
      400,
      'Wrong input: Shard key "7" not found',
    ])
    expect(await refused(line, { ...body, shard_key: [] })).toEqual([
      400,
      'Wrong input: Empty shard keys selection',
    ])
    expect(await refused(line, { ...body, shard_key: { target: 8, fallback: 'x' } })).toEqual([
      404,
      'Not found: Neither target shard key 8 nor fallback shard key "x" exist not found',
    ])
  }
  expect(await scroll({ shard_key: 'eu' })).toBe('1:"eu" 2:"eu" 3:"eu" 4:"eu"')
  expect(await scroll({ shard_key: 'us' })).toBe('3:"us" 4:"us" 5:"us" 6:"us"')
})

test('a write reaches the points of its keys alone, of several in one go', async () => {
  await fill()
  const under = async (key: unknown, id: number): Promise<Answer> =>
    (await result(`POST ${points}`, { ids: [id], with_payload: true, with_vector: true, shard_key: key }))[0]
  await result(`POST ${points}/payload?wait=true`, { payload: { a: 1 }, points: [3], shard_key: 'us' })
  expect((await under('us', 3)).payload).toEqual({ k: 'us', id: 3, a: 1 })
  expect((await under('eu', 3)).payload).toEqual({ k: 'eu', id: 3 })
  const filter = { must: [{ key: 'id', range: { gte: 4 } }] }
  await result(`POST ${points}/delete?wait=true`, { filter, shard_key: ['us', 'eu'] })
  expect(await scroll({ shard_key: 'eu' })).toBe('1:"eu" 2:"eu" 3:"eu"')
  expect(await scroll({ shard_key: 'us' })).toBe('3:"us"')
  const both = { points: [{ id: 5, vector: [5, 5] }], shard_key: ['us', 7] }
  await result(`PUT ${points}?wait=true`, both)
  expect((await result(`POST ${points}/count`, {})).count).toBe(6)
  const fallback = { target: 'gone', fallback: 7 }
  await result(`PUT ${points}/vectors?wait=true`, {
    points: [{ id: 5, vector: [7, 7] }],
    shard_key: fallback,
  })
  expect((await under(7, 5)).vector).toEqual([7, 7])
  expect((await under('us', 5)).vector).toEqual([5, 5])
  const batch = await ask(`POST ${points}/batch?wait=true`, {
    operations: [
      { upsert: { points: [{ id: 6, vector: [6, 6] }], shard_key: 7 } },
      { delete: { points: [5], shard_key: 'us' } },
      { clear_payload: { points: [3] } },
    ],
  })
  expect(batch.body.status.error).toBe('Wrong input: Shard key not specified')
  expect(await scroll({ shard_key: [7, 'us'] })).toBe('3:"us" 5:7 6:7')
})

test('reads see all keys or those that are asked for, and tell the key of each point', async () => {
  await fill()
  expect(await scroll()).toBe('1:"eu" 2:"eu" 3:"eu" 4:"eu" 5:"us" 6:"us"')
  expect(await scroll({ shard_key: { target: 'gone', fallback: 'us' } })).toBe('3:"us" 4:"us" 5:"us" 6:"us"')
  expect(await scroll({ shard_key: [] })).toBe('')
  const page = await result(`POST ${points}/scroll`, { limit: 3 })
  expect([shown(page.points), page.next_page_offset]).toEqual(['1:"eu" 2:"eu" 3:"eu"', 4])
  const count = async (body: object) => (await result(`POST ${points}/count`, body)).count as number
  expect([await count({}), await count({ shard_key: 'us' }), await count({ shard_key: 7 })]).toEqual([
    8, 4, 0,
  ])
  expect((await result(`GET ${points}/5`)).shard_key).toBe('us')
  // The old search shows an id once, the query API each of its points; so does Qdrant.
  const best = { limit: 20 }
  expect(shown(await result(`POST ${points}/search`, { vector: [1, 1], ...best }))).toBe(
    '6:"us" 5:"us" 4:"us" 3:"us" 2:"eu" 1:"eu"',
  )
  const query = async (body: object) =>
    shown((await result(`POST ${points}/query`, { ...best, ...body })).points)
  expect(await query({ query: [1, 1] })).toBe('6:"us" 5:"us" 4:"us" 3:"us" 4:"eu" 3:"eu" 2:"eu" 1:"eu"')
  expect(await query({ query: [1, 1], shard_key: 'eu' })).toBe('4:"eu" 3:"eu" 2:"eu" 1:"eu"')
  expect(await query({ query: 5, shard_key: 'eu' })).toBe('4:"eu" 3:"eu" 2:"eu" 1:"eu"')
  expect(await query({ query: 3 })).not.toContain('3:')
  const groups = await result(`POST ${points}/query/groups`, { query: [1, 1], group_by: 'id', group_size: 3 })
  expect(shown(groups.groups.map(({ hits }: Answer) => hits[0]))).toBe(
    '6:"us" 5:"us" 4:"us" 3:"us" 2:"eu" 1:"eu"',
  )
  await result('PUT /collections/c/index?wait=true', { field_name: 'k', field_schema: 'keyword' })
  const facet = async (body: object) =>
    (await result('POST /collections/c/facet', { key: 'k', ...body })).hits
  expect(await facet({})).toEqual([
    { value: 'eu', count: 4 },
    { value: 'us', count: 4 },
  ])
  expect(await facet({ shard_key: 'us' })).toEqual([{ value: 'us', count: 4 }])
  const matrix = await result(`POST ${points}/search/matrix/offsets`, { sample: 20, shard_key: 'us' })
  expect(matrix.ids).toEqual([3, 4, 5, 6])
  for (const path of ['scroll', 'count', 'query', 'search/matrix/pairs'])
    expect(await refused(`POST ${points}/${path}`, { shard_key: 'gone' })).toEqual([
      400,
      'Bad request: Shard key "gone" not found',
    ])
})

test('an example may be taken from a key of another collection, and of this one', async () => {
  await fill()
  await create('other')
  for (const [key, vector] of [
    ['a', [1, 0]],
    ['b', [-1, 0]],
  ]) {
    await result('PUT /collections/other/shards', { shard_key: key })
    await result('PUT /collections/other/points', { points: [{ id: 50, vector }], shard_key: key })
  }
  const first = async (collection: string, id: number, key: unknown) => {
    const body = { query: id, limit: 1, lookup_from: { collection, shard_key: key } }
    const { points: found } = await result(`POST ${points}/query`, body)
    return [found[0].id, found[0].score]
  }
  expect(await first('other', 50, 'a')).toEqual([6, 6])
  expect(await first('other', 50, 'b')).toEqual([1, -1])
  expect(await first('c', 4, 'eu')).toEqual([6, 26])
  expect(await first('c', 4, 'us')).toEqual([6, 28])
  const body = { query: 50, lookup_from: { collection: 'other', shard_key: 'c' } }
  expect(await refused(`POST ${points}/query`, body)).toEqual([400, 'Bad request: Shard key "c" not found'])
})

test('what needs other nodes is refused, by the name of what is missing', async () => {
  await create()
  await result('POST /collections/c/cluster', { create_sharding_key: { shard_key: 'a' } })
  const { peer_id: peer } = await result('GET /cluster')
  const move = { shard_id: 1, from_peer_id: peer, to_peer_id: 5 }
  const on = (operation: object) => refused('POST /collections/c/cluster', operation)
  expect(await on({ move_shard: move })).toEqual([400, 'Bad request: Peer 5 does not exist'])
  expect((await on({ move_shard: { ...move, to_peer_id: peer } }))[0]).toBe(422)
  expect(await on({ abort_transfer: move })).toEqual([
    404,
    `Not found: Shard transfer ${String(peer)} -> 5 for collection c:1 does not exist`,
  ])
  expect((await on({ drop_replica: { shard_id: 1, peer_id: peer } }))[0]).toBe(400)
  expect(await on({ start_resharding: { direction: 'up' } })).toEqual([
    400,
    'Bad request: resharding is only supported in Qdrant Cloud',
  ])
  expect((await on({ replicate_points: { from_shard_key: 'a', to_shard_key: 'b' } }))[0]).toBe(501)
  const placed = (placement: number[]) => refused('PUT /collections/c/shards', { shard_key: 'p', placement })
  expect(await placed([1])).toEqual([400, 'Bad request: Peer 1 does not exist'])
  expect((await placed([]))[0]).toBe(400)
  await result('PUT /collections/c/shards', { shard_key: 'p', placement: [peer] })
  await result('POST /collections/c/cluster', { drop_sharding_key: { shard_key: 'a' } })
  expect(await result('GET /collections/c/shards')).toEqual({ shard_keys: [{ key: 'p' }] })
})
