import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestQdrant, type TestQdrant } from '../../../test/support/qdrant-door.ts'

let qdrant: TestQdrant

beforeAll(async () => {
  qdrant = await openTestQdrant()
})

afterAll(() => qdrant.close())

interface Found {
  readonly id: number
  readonly score: number
}

interface Answer {
  readonly status: { readonly error: string }
  readonly result: {
    readonly points: readonly Found[]
    readonly hits: readonly { readonly value: unknown; readonly count: number }[]
    readonly groups: readonly { readonly id: string; readonly hits: readonly Found[] }[]
  }
}

async function call(method: 'PUT' | 'POST', url: string, payload: object): Promise<Answer> {
  const answer = await qdrant.app.inject({ method, url, payload })
  return answer.json<Answer>()
}

async function fill(name: string, vectors: object, points: readonly object[]): Promise<void> {
  await call('PUT', `/collections/${name}`, { vectors })
  await call('PUT', `/collections/${name}/points?wait=true`, { points })
}

async function query(name: string, body: object): Promise<readonly Found[]> {
  const { result } = await call('POST', `/collections/${name}/points/query`, body)
  return result.points
}

async function refusal(name: string, body: object): Promise<string> {
  const { status } = await call('POST', `/collections/${name}/points/query`, body)
  return status.error
}

const idsOf = (points: readonly Found[]): number[] => points.map(({ id }) => id)

describe('a score that is the threshold', () => {
  beforeAll(async () => {
    const points = [4, 3, 2, 1].map((x, i) => ({ id: i + 1, vector: [x] }))
    await fill('line', { size: 1, distance: 'Dot' }, points)
  })

  test('is not enough where vectors are compared', async () => {
    expect(idsOf(await query('line', { query: [1], score_threshold: 2 }))).toEqual([1, 2])
    const prefetch = { query: [1], limit: 4 }
    expect(idsOf(await query('line', { prefetch, query: [1], score_threshold: 2 }))).toEqual([1, 2])
  })

  test('is enough for a fusion', async () => {
    const prefetch = { query: [1] }
    // Shares of 1, 1/2, 1/3 and 1/4.
    const fused = (least: number) =>
      query('line', { prefetch, query: { rrf: { k: 1 } }, score_threshold: least })
    expect(idsOf(await fused(0.25))).toEqual([1, 2, 3, 4])
    expect(idsOf(await fused(0.5))).toEqual([1, 2])
    expect(idsOf(await fused(0.51))).toEqual([1])
  })

  test('is enough for a formula', async () => {
    const prefetch = { query: [1] }
    const formula = { mult: ['$score', 10] }
    expect(idsOf(await query('line', { prefetch, query: { formula }, score_threshold: 20 }))).toEqual([
      1, 2, 3,
    ])
    expect(idsOf(await query('line', { prefetch, query: { formula }, score_threshold: 20.5 }))).toEqual([
      1, 2,
    ])
  })
})

describe('groups of what prefetches find', () => {
  test('are filled when they are the best, though worse ones are full before', async () => {
    const ranking = ['a', 'b', 'b', 'c', 'c', 'd', 'd', 'e', 'e', 'f', 'f', 'a']
    const points = ranking.map((group, place) => ({ id: place, vector: [99 - place], payload: { group } }))
    await fill('groups', { size: 1, distance: 'Dot' }, points)
    const { result } = await call('POST', '/collections/groups/points/query/groups', {
      prefetch: { query: [1], limit: 50 },
      query: [1],
      group_by: 'group',
      group_size: 2,
      limit: 2,
    })
    expect(result.groups.map(({ id, hits }) => [id, idsOf(hits)])).toEqual([
      ['a', [0, 11]],
      ['b', [1, 2]],
    ])
  })
})

describe('facets of UUIDs', () => {
  test('count all spellings of one as one, written with hyphens', async () => {
    const [one, other] = ['550e8400-e29b-41d4-a716-446655440000', '00000000-0000-4000-8000-00000000abcd']
    const spellings = [one, one.replaceAll('-', ''), one.toUpperCase(), other.replaceAll('-', ''), 'none']
    const points = spellings.map((key, id) => ({ id, vector: [1], payload: { key } }))
    await fill('uuids', { size: 1, distance: 'Dot' }, points)
    await call('PUT', '/collections/uuids/index?wait=true', { field_name: 'key', field_schema: 'uuid' })
    const { result } = await call('POST', '/collections/uuids/facet', { key: 'key' })
    expect(result.hits).toEqual([
      { value: one, count: 3 },
      { value: other, count: 1 },
    ])
  })
})

describe('diversity among points of several vectors', () => {
  test('asks how well a candidate is matched by what is picked, not the other way', async () => {
    const params = { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } }
    await fill('several', params, [
      {
        id: 1,
        vector: [
          [1.1, 0],
          [0, 1],
        ],
      },
      // Matched by the first point with 1.1, and matches it with 1.1.
      { id: 2, vector: [[1, 0]] },
      // Matched by the first point with 0.66, but matches it with 1.26.
      { id: 3, vector: [[0.6, 0.6]] },
    ])
    const nearest = [[1, 0.1]]
    expect(idsOf(await query('several', { query: nearest }))).toEqual([1, 2, 3])
    const diverse = await query('several', { query: { nearest, mmr: { diversity: 1 } } })
    expect(idsOf(diverse)).toEqual([1, 3, 2])
  })
})

describe('what is wrong with a query', () => {
  beforeAll(async () => {
    await fill('named', { a: { size: 1, distance: 'Dot' } }, [{ id: 1, vector: { a: [1] } }])
    await fill('others', { b: { size: 1, distance: 'Dot' } }, [{ id: 7, vector: { b: [1] } }])
  })

  const fusion = { query: { fusion: 'rrf' }, using: 'a' }
  const ofOthers = (id: number, vector: string, collection = 'others') => ({
    prefetch: [{ query: id, using: 'a', lookup_from: { collection, vector } }],
    ...fusion,
  })

  test('are first of all the examples that are not there', async () => {
    expect(await refusal('named', ofOthers(8, 'b'))).toBe('Not found: No point with id 8 found')
    expect(await refusal('named', ofOthers(7, 'b', 'nowhere'))).toBe(
      'Not found: Collection nowhere not found',
    )
    expect(await refusal('named', ofOthers(7, 'c'))).toBe('Wrong input: Not existing vector name error: c')
    expect(await refusal('named', { prefetch: [{ query: 9, using: 'a' }], ...fusion })).toBe(
      'Not found: No point with id 9 found',
    )
  })

  test('is then how its parts fit together', async () => {
    const text = "Bad request: Fusion queries cannot be combined with the 'using' field."
    expect(await refusal('named', ofOthers(7, 'b'))).toBe(text)
    expect(await refusal('named', { prefetch: [{ query: 1, using: 'a' }], ...fusion })).toBe(text)
  })
})
