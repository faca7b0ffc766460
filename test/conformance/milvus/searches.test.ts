import { DataType } from '@zilliz/milvus2-sdk-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { good, refusal, useDoor } from './client.ts'

const door = useDoor()
const collection_name = 'two'

const fields = [
  { name: 'id', data_type: DataType.Int64, is_primary_key: true },
  { name: 'a', data_type: DataType.FloatVector, dim: 2 },
  { name: 'b', data_type: DataType.FloatVector, dim: 3 },
  { name: 'kind', data_type: DataType.VarChar, max_length: 8 },
]
const index_params = [
  { field_name: 'a', index_type: 'FLAT', metric_type: 'L2' },
  { field_name: 'b', index_type: 'HNSW', metric_type: 'IP', params: { M: 8, efConstruction: 64 } },
]
/** Of the row 0 to 11: along a line by `a`; kinds take turns. */
const row = (id: number) => ({ id, a: [id, 0], b: [id % 5, 1, 0], kind: `k${id % 3}` })

interface Hit {
  readonly id: string
  readonly score: number
}
const keysOf = (hits: readonly Hit[]): number[] => hits.map(({ id }) => Number(id))

beforeAll(async () => {
  await good(door.client.createCollection({ collection_name, fields, index_params }))
  await good(door.client.insert({ collection_name, data: Array.from({ length: 12 }, (_, id) => row(id)) }))
})

const near = (x: number, more: object = {}) =>
  door.client.search({ collection_name, anns_field: 'a', data: [x, 0], limit: 3, ...more })

describe('a search', () => {
  test('finds what is near by the field that it names', async () => {
    expect(keysOf((await good(near(3.1))).results)).toEqual([3, 4, 2])
    const other = { anns_field: 'b', data: [1, 0, 0], limit: 2 }
    expect(keysOf((await good(near(0, other))).results)).toEqual([4, 9])
  })

  test('hits of equal score come by key', async () => {
    expect(keysOf((await good(near(5, { limit: 4 }))).results)).toEqual([5, 4, 6, 3])
  })

  test('takes rows for vectors', async () => {
    const search = { collection_name, anns_field: 'a', ids: [2, 7], limit: 2 }
    const { results } = (await good(door.client.search(search))) as unknown as { results: Hit[][] }
    expect(results.map(keysOf)).toEqual([
      [2, 1],
      [7, 6],
    ])
  })

  test('takes values that are sent beside its filter', async () => {
    const more = {
      filter: 'id in {wanted} and kind != {kind}',
      exprValues: { wanted: [1, 2, 9], kind: 'k1' },
    }
    expect(keysOf((await good(near(0, more))).results)).toEqual([2, 9])
  })

  test('finds the best of each group, within a radius too', async () => {
    const grouped = { group_by_field: 'kind', output_fields: ['kind'] }
    const all = await good(near(0.2, grouped))
    expect(all.results.map(({ id, kind }) => [Number(id), kind as string])).toEqual([
      [0, 'k0'],
      [1, 'k1'],
      [2, 'k2'],
    ])
    const within = await good(near(0.2, { ...grouped, params: { radius: 2 } }))
    expect(keysOf(within.results)).toEqual([0, 1])
    const pairs = await good(near(0.2, { ...grouped, group_size: 2, strict_group_size: true }))
    expect(keysOf(pairs.results).sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect((await refusal(near(0, { ...grouped, group_size: -1 }))).reason).toMatch(
      /group size:-1 is negative/,
    )
  })

  test.each([
    ['a vector of other dimensions', { data: [1] }, /dimension mismatch/],
    ['another metric than its index has', { metric_type: 'IP' }, /metric type not match/],
    ['a limit beyond all bounds', { limit: 16_385 }, /16384/],
    ['a radius within its filter', { params: { radius: 1, range_filter: 4 } }, /range_filter/],
  ])('is refused with %s', async (_what, more, why) => {
    const { code, reason } = await refusal(near(0, more))
    expect(code).not.toBe(0)
    expect(reason).toMatch(why)
  })
})

describe('a hybrid search', () => {
  const both = (reranked: object, second: object = { anns_field: 'b', data: [1, 0, 0] }) =>
    door.client.hybridSearch({
      collection_name,
      data: [{ anns_field: 'a', data: [4, 0] }, second],
      limit: 4,
      output_fields: ['id'],
      ...reranked,
    } as never)

  test('counts a hit in each of its lists, also where both are of one field', async () => {
    const rerank = { strategy: 'rrf', params: { k: 60 } }
    const { results } = (await good(
      both({ rerank, limit: 12 }, { anns_field: 'a', data: [6, 0] }),
    )) as unknown as { results: Hit[] }
    const scores = new Map(results.map(({ id, score }) => [Number(id), score]))
    // By distance from 4 and from 6, equal ones by key.
    const ranks = (x: number): number[] =>
      Array.from({ length: 12 }, (_, id) => id).sort((p, q) => Math.abs(p - x) - Math.abs(q - x) || p - q)
    for (const [id, score] of scores)
      expect(score).toBeCloseTo(1 / (61 + ranks(4).indexOf(id)) + 1 / (61 + ranks(6).indexOf(id)), 5)
    expect(scores.size).toBe(12)
  })

  test('has weights from 0 to 1', async () => {
    const weighted = (weights: readonly number[]) =>
      both({ rerank: { strategy: 'weighted', params: { weights, norm_score: true } } })
    expect((await refusal(weighted([0.5, 1.5]))).reason).toMatch(/should be in range \[0, 1\]/)
    const { results } = (await good(weighted([1, 0]))) as unknown as { results: Hit[] }
    expect(keysOf(results)[0]).toBe(4)
  })
})

describe('a key', () => {
  test('that is inserted again takes the place of its row', async () => {
    const { client } = door
    const name = { collection_name: 'keys' }
    await good(client.createCollection({ ...name, fields, index_params }))
    await good(client.insert({ ...name, data: [row(1), row(2)] }))
    await good(client.insert({ ...name, data: [{ ...row(1), a: [9, 9] }, row(3), row(3)] }))
    const count = await good(client.query({ ...name, filter: '', output_fields: ['count(*)'] }))
    expect(count.data).toEqual([{ 'count(*)': '3' }])
    const { results } = await good(client.search({ ...name, anns_field: 'a', data: [9, 9], limit: 9 }))
    expect(keysOf(results)).toEqual([1, 3, 2])
  })

  test('that is named by an alias of a dropped collection is free', async () => {
    const { client } = door
    await good(client.createAlias({ collection_name: 'keys', alias: 'locks' }))
    expect(
      (await refusal(client.renameCollection({ collection_name: 'locks', new_collection_name: 'x' }))).reason,
    ).toMatch(/unsupported use an alias/)
    expect((await refusal(client.dropCollection({ collection_name: 'locks' }))).reason).toMatch(/alias/)
    await good(client.dropCollection({ collection_name: 'keys' }))
    await good(client.createCollection({ collection_name: 'locks', fields }))
    await good(client.renameCollection({ collection_name: 'locks', new_collection_name: 'bolts' }))
    expect(await client.hasCollection({ collection_name: 'locks' })).toMatchObject({ value: false })
  })
})
