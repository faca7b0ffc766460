import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'

let qdrant: TestQdrant

beforeAll(async () => {
  qdrant = await openTestQdrant()
  await qdrant.database.setRetention({ windowMs: 3_600_000 })
  await call('PUT', '/collections/plants', { vectors: { size: 2, distance: 'Dot' } })
  await call('PUT', '/collections/plants/index?wait=true', { field_name: 'kind', field_schema: 'keyword' })
  await call('PUT', '/collections/plants/points?wait=true', {
    points: [
      { id: 1, vector: [1, 0], payload: { kind: 'moss' } },
      { id: 2, vector: [0, 1], payload: { kind: 'sage' } },
    ],
  })
  const { seq } = (await qdrant.database.getCollection('plants').createSnapshot({ name: 's' })).info()
  moment = `plants@seq:${seq}`
  await call('POST', '/collections/plants/points/delete?wait=true', { points: [1] })
})

afterAll(() => qdrant.close())

let moment: string

// Answers are looked into as they come.

async function call(
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  body?: object,
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
): Promise<any> {
  const answer = await qdrant.app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) })
  return { status: answer.statusCode, ...answer.json<object>() }
}

describe.each([
  ['a snapshot', () => 'plants@s'],
  ['a moment', () => moment],
])('%s behind a collection’s name', (_, past) => {
  test('every read sees what was', async () => {
    const at = `/collections/${past()}`
    const ids = (points: { id: number }[]) => points.map(({ id }) => id)
    expect((await call('GET', at)).result.points_count).toBe(2)
    expect((await call('GET', '/collections/plants')).result.points_count).toBe(1)
    expect((await call('GET', `${at}/exists`)).result).toEqual({ exists: true })
    expect((await call('GET', `${at}/points/1`)).result.payload).toEqual({ kind: 'moss' })
    expect(ids((await call('POST', `${at}/points`, { ids: [1, 2] })).result)).toEqual([1, 2])
    expect(ids((await call('POST', `${at}/points/scroll`, {})).result.points)).toEqual([1, 2])
    expect((await call('POST', `${at}/points/count`, {})).result).toEqual({ count: 2 })
    expect(ids((await call('POST', `${at}/points/query`, { query: [1, 0] })).result.points)).toEqual([1, 2])
    expect(ids((await call('POST', `${at}/points/search`, { vector: [1, 0], limit: 1 })).result)).toEqual([1])
    const searches = [{ query: [1, 0], filter: { must: [{ key: 'kind', match: { value: 'sage' } }] } }]
    expect(ids((await call('POST', `${at}/points/query/batch`, { searches })).result[0].points)).toEqual([2])
    expect((await call('POST', `${at}/facet`, { key: 'kind' })).result.hits).toHaveLength(2)
  })

  test('queries of every kind see what was, also as the place of examples and of groups', async () => {
    const at = `/collections/${past()}`
    const ids = (points: { id: number }[]) => points.map(({ id }) => id)
    const nested = { prefetch: { query: [1, 0], limit: 2 }, query: { fusion: 'rrf' } }
    expect(ids((await call('POST', `${at}/points/query`, nested)).result.points)).toEqual([1, 2])
    expect(ids((await call('POST', `${at}/points/query`, { query: 1 })).result.points)).toEqual([2])
    const grouped = { query: [1, 0], group_by: 'kind', group_size: 1 }
    const { groups } = (await call('POST', `${at}/points/query/groups`, grouped)).result
    expect(groups.map(({ id }: { id: string }) => id)).toEqual(['moss', 'sage'])
    expect((await call('POST', `${at}/points/search/matrix/offsets`, {})).result.ids).toEqual([1, 2])
    // Point 1 is no longer in the present.
    const looked = { query: 1, lookup_from: { collection: past() } }
    const found = await call('POST', '/collections/plants/points/query', looked)
    expect(ids(found.result.points)).toEqual([2])
  })

  test.each([
    ['PUT', '/points?wait=true', { points: [{ id: 3, vector: [1, 1] }] }],
    ['POST', '/points/delete', { points: [2] }],
    ['POST', '/points/payload', { payload: { a: 1 }, points: [2] }],
    ['PUT', '/points/vectors', { points: [{ id: 2, vector: [1, 1] }] }],
    ['POST', '/points/batch', { operations: [{ delete: { points: [2] } }] }],
    ['PUT', '/index', { field_name: 'n', field_schema: 'integer' }],
    ['DELETE', '/index/kind', undefined],
    ['POST', '/snapshots', {}],
    ['PATCH', '', { optimizers_config: {} }],
    ['PUT', '', { vectors: { size: 2, distance: 'Dot' } }],
    ['DELETE', '', undefined],
  ] as const)('%s %s is refused', async (method, path, body) => {
    const answer = await call(method, `/collections/${past()}${path}`, body)
    expect(answer).toMatchObject({
      status: { error: expect.stringMatching(/can only be read|name cannot contain/) },
    })
    expect(await qdrant.database.getCollection('plants').count()).toBe(1)
  })
})

test('what is not there is not found', async () => {
  const answer = await qdrant.app.inject({
    method: 'POST',
    url: '/collections/plants@none/points/count',
    payload: {},
  })
  expect([answer.statusCode, answer.json()]).toMatchObject([
    404,
    { status: { error: 'Not found: Snapshot none not found' } },
  ])
  expect((await call('GET', '/collections/plants@none/exists')).result).toEqual({ exists: false })
  expect((await qdrant.app.inject({ url: '/collections/plants@seq:999999' })).statusCode).toBe(404)
})

test('a collection whose own name has an @ comes first', async () => {
  await call('PUT', '/collections/a@b', { vectors: { size: 2, distance: 'Dot' } })
  expect(
    (await call('PUT', '/collections/a@b/points?wait=true', { points: [{ id: 1, vector: [1, 1] }] })).result,
  ).toMatchObject({ status: 'completed' })
  expect((await call('POST', '/collections/a@b/points/count', {})).result).toEqual({ count: 1 })
})
