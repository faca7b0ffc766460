import { DataType } from '@zilliz/milvus2-sdk-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { good, refusal, useDoor } from './client.ts'

const door = useDoor()
const collection_name = 'all_types'
const total = 40

const fields = [
  { name: 'key', data_type: DataType.VarChar, max_length: 32, is_primary_key: true },
  { name: 'dense', data_type: DataType.FloatVector, dim: 3 },
  { name: 'half', data_type: DataType.Float16Vector, dim: 2 },
  { name: 'bits', data_type: DataType.BinaryVector, dim: 8 },
  { name: 'words', data_type: DataType.SparseFloatVector },
  { name: 'flag', data_type: DataType.Bool },
  { name: 'small', data_type: DataType.Int8 },
  { name: 'big', data_type: DataType.Int64 },
  { name: 'single', data_type: DataType.Float },
  { name: 'double', data_type: DataType.Double, nullable: true },
  { name: 'json', data_type: DataType.JSON },
  {
    name: 'tags',
    data_type: DataType.Array,
    element_type: DataType.VarChar,
    max_capacity: 8,
    max_length: 16,
  },
  { name: 'numbers', data_type: DataType.Array, element_type: DataType.Int64, max_capacity: 8 },
]
const index_params = [
  { field_name: 'dense', index_type: 'HNSW', metric_type: 'L2', params: { M: 8, efConstruction: 64 } },
  { field_name: 'half', index_type: 'FLAT', metric_type: 'COSINE' },
  { field_name: 'bits', index_type: 'BIN_FLAT', metric_type: 'HAMMING' },
  { field_name: 'words', index_type: 'SPARSE_INVERTED_INDEX', metric_type: 'IP' },
]

const nameOf = (n: number) => `k${String(n).padStart(2, '0')}`
const rowOf = (n: number) => ({
  key: nameOf(n),
  dense: [n, 1, 0.5],
  half: [1, n],
  bits: [n],
  words: { [n]: 1, 1000: 0.5 },
  flag: n % 2 === 0,
  small: -n,
  // Not every one of these fits a double.
  big: (2n ** 62n + BigInt(n)).toString(),
  single: n + 0.25,
  double: n % 4 === 0 ? null : n / 3,
  json: { city: ['Berlin', 'London'][n % 2], deep: { list: [n, null, 'x'] } },
  tags: n % 3 === 0 ? [] : [`tag${n % 3}`, 'all'],
  numbers: [n, -n],
  extra: `dynamic ${n}`,
})

async function keys(filter: string): Promise<string[]> {
  const { data } = await good(door.client.query({ collection_name, filter, output_fields: ['key'] }))
  return data.map(({ key }) => key as string).sort()
}
const namesWhere = (test: (n: number) => boolean) =>
  Array.from({ length: total }, (_, n) => n)
    .filter(test)
    .map(nameOf)

async function count(): Promise<string> {
  const { data } = await good(door.client.query({ collection_name, filter: '', output_fields: ['count(*)'] }))
  return data[0]!['count(*)'] as string
}

beforeAll(async () => {
  const { client } = door
  await good(client.createCollection({ collection_name, fields, index_params, enable_dynamic_field: true }))
  const answer = await good(
    client.insert({ collection_name, data: Array.from({ length: total }, (_, n) => rowOf(n)) }),
  )
  expect(answer.insert_cnt).toBe(String(total))
})

describe('rows', () => {
  test('every type comes back as it was sent', async () => {
    const { data } = await good(
      door.client.query({ collection_name, filter: 'key in ["k05", "k08"]', output_fields: ['*'] }),
    )
    expect(data).toHaveLength(2)
    for (const [at, n] of [5, 8].entries()) {
      const { words, single, double, ...others } = data[at]!
      const wanted = rowOf(n)
      expect(words).toEqual(wanted.words)
      expect(single).toBe(wanted.single)
      expect(double).toBe(wanted.double)
      expect(others).toMatchObject({
        key: wanted.key,
        dense: wanted.dense,
        half: wanted.half,
        bits: wanted.bits,
        flag: wanted.flag,
        small: wanted.small,
        big: wanted.big,
        json: wanted.json,
        tags: wanted.tags,
        numbers: wanted.numbers.map(String),
        $meta: { extra: wanted.extra },
      })
    }
  })

  test.each<[filter: string, test: (n: number) => boolean]>([
    ['flag == true', (n) => n % 2 === 0],
    ['small > -3', (n) => n < 3],
    ['big == 4611686018427387911', (n) => n === 7],
    ['double is null', (n) => n % 4 === 0],
    ['double > 12', (n) => n % 4 !== 0 && n / 3 > 12],
    ['json["city"] == "Berlin" and small < -30', (n) => n % 2 === 0 && n > 30],
    ['json_contains(json["deep"]["list"], 9)', (n) => n === 9],
    ['array_contains(tags, "tag2")', (n) => n % 3 === 2],
    ['array_length(tags) == 0', (n) => n % 3 === 0],
    ['numbers[0] in [1, 4, 6]', (n) => [1, 4, 6].includes(n)],
    ['key like "k1%"', (n) => n >= 10 && n < 20],
    ['extra == "dynamic 3"', (n) => n === 3],
    ['not (flag == true) and small % 5 == 0', (n) => n % 2 === 1 && n % 5 === 0],
  ])('%s', async (filter, test) => {
    expect(await keys(filter)).toEqual(namesWhere(test))
  })

  test('pages of a query are in order of the key', async () => {
    const page = await good(
      door.client.query({
        collection_name,
        filter: 'small <= -10',
        limit: 3,
        offset: 2,
        output_fields: ['key'],
      }),
    )
    expect(page.data.map(({ key }) => key as string)).toEqual(['k12', 'k13', 'k14'])
    const seen: string[] = []
    const pages = await door.client.queryIterator({
      collection_name,
      filter: 'flag == true',
      batchSize: 7,
      output_fields: ['key'],
    })
    for await (const batch of pages) seen.push(...(batch as { key: string }[]).map(({ key }) => key))
    expect(seen).toEqual(namesWhere((n) => n % 2 === 0))
  })

  test('a bad filter is refused with its reason', async () => {
    const refused = await refusal(
      door.client.query({ collection_name, filter: 'flag ==', output_fields: ['key'] }),
    )
    expect(refused.code).toBe(1100)
    expect(refused.reason).toMatch(/cannot parse expression/)
  })
})

describe('searches', () => {
  test.each<[field: string, query: unknown, wanted: readonly string[], best: number]>([
    ['dense', [6.75, 1, 0.5], ['k07', 'k06', 'k08'], 0.0625],
    ['half', [0, 1], ['k39', 'k38', 'k37'], 39 / Math.hypot(1, 39)],
    ['bits', [37], ['k37'], 0],
    ['words', { 9: 3, 1000: 1 }, ['k09'], 3.5],
  ])('nearest by %s', async (anns_field, query, wanted, best) => {
    const { results } = await good(
      door.client.search({
        collection_name,
        anns_field,
        data: query as number[],
        limit: 3,
        output_fields: ['key'],
      }),
    )
    expect(results).toHaveLength(3)
    expect(results.slice(0, wanted.length).map(({ key }) => key as string)).toEqual(wanted)
    expect(results[0]!.score).toBeCloseTo(best, 3)
  })

  test.each([[['small']], [[]]])('hits have their key, also where %j is asked for', async (output_fields) => {
    const search = { collection_name, anns_field: 'dense', limit: 2, output_fields }
    const { results } = await good(door.client.search({ ...search, data: [6.75, 1, 0.5] }))
    expect(results.map(({ key }) => key as string)).toEqual(['k07', 'k06'])
    const ranked = await good(
      door.client.hybridSearch({ ...search, data: [{ anns_field: 'dense', data: [6.75, 1, 0.5] }] }),
    )
    expect(ranked.results.map(({ key }) => key as string)).toEqual(['k07', 'k06'])
  })

  test('with a filter, several queries at once, and ranges of distances', async () => {
    const { client } = door
    const search = { collection_name, anns_field: 'dense', limit: 2, output_fields: ['key', 'json'] }
    const both = await good(
      client.search({
        ...search,
        data: [
          [0, 1, 0.5],
          [39, 1, 0.5],
        ],
        filter: 'flag == false',
      }),
    )
    const found = both.results as unknown as { key: string; score: number; json: { city: string } }[][]
    expect(found.map((hits) => hits.map(({ key }) => key))).toEqual([
      ['k01', 'k03'],
      ['k39', 'k37'],
    ])
    // Distances of L2 are squares.
    expect(found[0]!.map(({ score }) => score)).toEqual([1, 9])
    expect(found[0]![0]!.json.city).toBe('London')
    const ring = await good(
      client.search({ ...search, data: [20, 1, 0.5], limit: 10, params: { radius: 10, range_filter: 4 } }),
    )
    expect(ring.results.map(({ key }) => key as string).sort()).toEqual(['k17', 'k18', 'k22', 'k23'])
  })

  test('hybrid search fuses what several fields find', async () => {
    const { results } = await good(
      door.client.hybridSearch({
        collection_name,
        data: [
          { anns_field: 'dense', data: [9, 1, 0.5], limit: 5 },
          { anns_field: 'words', data: { 9: 1 }, limit: 5 },
        ],
        rerank: { strategy: 'rrf', params: { k: 60 } },
        limit: 3,
        output_fields: ['key'],
      }),
    )
    expect(results[0]!['key']).toBe('k09')
    expect(results[0]!.score).toBeCloseTo(2 / 61, 4)
  })

  test('an iterator of a search gives every row once, nearest first', async () => {
    const seen: string[] = []
    const pages = await door.client.searchIterator({
      collection_name,
      anns_field: 'dense',
      data: [0, 1, 0.5],
      batchSize: 11,
      limit: total,
      output_fields: ['key'],
    })
    for await (const batch of pages) seen.push(...(batch as { key: string }[]).map(({ key }) => key))
    expect(seen).toEqual(namesWhere(() => true))
  })
})

describe('changes', () => {
  test('an upsert replaces, a delete removes, by key and by filter', async () => {
    const { client } = door
    const changed = { ...rowOf(3), small: 99, extra: 'new' }
    expect((await good(client.upsert({ collection_name, data: [changed, rowOf(total)] }))).upsert_cnt).toBe(
      '2',
    )
    expect(await count()).toBe(String(total + 1))
    expect(await keys('small == 99 and extra == "new"')).toEqual(['k03'])
    await good(client.delete({ collection_name, ids: ['k03', nameOf(total)] }))
    await good(client.delete({ collection_name, filter: 'small in [-4, -5]' }))
    expect(await count()).toBe(String(total - 3))
    expect(await keys('key in ["k03", "k04", "k05", "k06"]')).toEqual(['k06'])
    await good(client.insert({ collection_name, data: [3, 4, 5].map(rowOf) }))
    expect(await count()).toBe(String(total))
  })

  test('rows that do not fit the schema are refused whole', async () => {
    const { client } = door
    const tooLong = /the length \(\d+\) of 0th string exceeds max length/
    // A text within a list keeps to the length, too.
    for (const wrong of [{ key: 'x'.repeat(33) }, { tags: ['x'.repeat(17)] }]) {
      const answer = await refusal(client.insert({ collection_name, data: [{ ...rowOf(50), ...wrong }] }))
      expect(answer).toMatchObject({ code: 1100, reason: expect.stringMatching(tooLong) as string })
      const both = client.insert({ collection_name, data: [rowOf(51), { ...rowOf(50), ...wrong }] })
      expect((await refusal(both)).code).toBe(1100)
      expect(await count()).toBe(String(total))
    }
  })

  test('statistics count rows; flushing names its segments', async () => {
    const { client } = door
    await good(client.flushSync({ collection_names: [collection_name] }))
    const { data } = await good(client.getCollectionStatistics({ collection_name }))
    expect(data).toMatchObject({ row_count: String(total) })
  })
})
