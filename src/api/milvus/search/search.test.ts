import { describe, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  makeLoaded,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { column, rowsOf, vectors } from '../../../../test/support/milvus-rows.ts'
import { encodeMessage } from '../wire/messages.ts'

const milvus = milvusForEachTest()

const ids = [1n, 2n, 3n, 4n, 5n, 6n]
const points = [
  [0, 0],
  [3, 0],
  [0, 4],
  [3, 4],
  [-3, 0],
  [1, 0],
]

interface MadeOptions {
  readonly metric?: string
  readonly isLoaded?: boolean
}

/** Six points, with a kind and a price each; one kind is null. */
async function make({ metric = 'L2', isLoaded = true }: MadeOptions = {}): Promise<void> {
  const fields = [
    primaryKey(),
    field('v', 'FloatVector', { dim: 2 }),
    field('kind', 'VarChar', { max_length: 10, nullable: true }),
    field('price', 'Int64'),
  ]
  await milvus.must('CreateCollection', collectionOf('c', fields))
  const index = pairs({ index_type: 'FLAT', metric_type: metric })
  await milvus.must('CreateIndex', { collection_name: 'c', field_name: 'v', extra_params: index })
  if (isLoaded) await milvus.must('LoadCollection', { collection_name: 'c' })
  await insert(ids, points)
}

async function insert(
  keys: readonly bigint[],
  rows: readonly (readonly number[])[],
  more = {},
): Promise<void> {
  const kinds = ['a', 'a', 'b', null, 'b', 'a']
  await milvus.must('Insert', {
    collection_name: 'c',
    num_rows: keys.length,
    fields_data: [
      column('id', 5, keys),
      vectors('v', rows),
      column(
        'kind',
        21,
        keys.map((_, at) => kinds[at % 6]),
      ),
      column(
        'price',
        5,
        keys.map((key) => key * 10n),
      ),
    ],
    ...more,
  })
}

function group(...queries: readonly (readonly number[])[]): Uint8Array {
  const values = queries.map((query) => Buffer.from(new Float32Array(query).buffer))
  return encodeMessage('PlaceholderGroup', { placeholders: [{ tag: '$0', type: 101, values }] })
}

const request = (params: Readonly<Record<string, string>> = {}, more: object = {}): object => ({
  collection_name: 'c',
  placeholder_group: group([0, 0]),
  search_params: pairs({ topk: '10', ...params }),
  ...more,
})

/** Keys and scores, query by query. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function hitsOf({ results }: any): (readonly [number, number])[][] {
  let at = 0
  return (results.topks as bigint[]).map((count) => {
    const here = Array.from({ length: Number(count) }, (_, i) => at + i)
    at += Number(count)
    return here.map((i) => [Number(results.ids.int_id.data[i]), results.scores[i] as number] as const)
  })
}

async function found(params: Readonly<Record<string, string>> = {}, more: object = {}) {
  return hitsOf(await milvus.must('Search', request(params, more)))
}

const keysOf = async (params: Readonly<Record<string, string>> = {}, more: object = {}) =>
  (await found(params, more)).map((hits) => hits.map(([key]) => key))

function reasonOf({ status }: { status: { code: number; reason: string } }): string {
  return `${status.code} ${status.reason}`
}

async function refusal(params: Readonly<Record<string, string>>, more: object = {}): Promise<string> {
  return reasonOf(await milvus.call('Search', request(params, more)))
}

describe('a search', () => {
  test('finds the nearest, with squared distances', async () => {
    await make()
    expect(await found({ topk: '4' })).toEqual([
      [
        [1, 0],
        [6, 1],
        [2, 9],
        [5, 9],
      ],
    ])
    expect(await found({ topk: '2', offset: '3' })).toEqual([
      [
        [5, 9],
        [3, 16],
      ],
    ])
  })

  test('has several queries, whose hits are one behind the other', async () => {
    await make()
    const two = { placeholder_group: group([3, 4], [-3, 0]) }
    const answer = await milvus.must('Search', request({ topk: '2' }, { ...two, output_fields: ['price'] }))
    expect(hitsOf(answer).map((hits) => hits.map(([key]) => key))).toEqual([
      [4, 3],
      [5, 1],
    ])
    expect(answer.results.num_queries).toBe(2n)
    expect(rowsOf(answer.results.fields_data)).toEqual([
      { price: 40n },
      { price: 30n },
      { price: 50n },
      { price: 10n },
    ])
    expect(answer.results.output_fields).toEqual(['price'])
  })

  test.each([
    [
      'IP',
      [
        [4, 9],
        [2, 9],
        [6, 3],
      ],
    ],
    [
      'COSINE',
      [
        [2, 1],
        [6, 1],
        [4, Math.fround(0.6)],
      ],
    ],
  ])('scores by %s', async (metric, best) => {
    await make({ metric })
    const [hits] = await found({ topk: '3' }, { placeholder_group: group([3, 0]) })
    const byScore = [...hits!].sort((a, b) => b[1] - a[1] || a[0] - b[0])
    expect(hits!.map(([, score]) => score)).toEqual(byScore.map(([, score]) => score))
    expect(new Set(hits!.map(([key, score]) => `${key} ${score.toFixed(5)}`))).toEqual(
      new Set(best.map(([key, score]) => `${String(key)} ${score!.toFixed(5)}`)),
    )
  })

  test('takes a filter, partitions, and vectors of rows', async () => {
    await make()
    expect(await keysOf({}, { dsl: 'price > 30' })).toEqual([[6, 5, 4]])
    expect(await keysOf({}, { dsl: 'id in [3, 4]' })).toEqual([[3, 4]])
    const template = { dsl: 'price > {x}', expr_template_values: { x: { int64_val: 50n } } }
    expect(await keysOf({}, template)).toEqual([[6]])
    const keys = { placeholder_group: undefined, ids: { int_id: { data: [4n, 5n] } } }
    expect(await keysOf({ topk: '1' }, keys)).toEqual([[4], [5]])
    const missing = { placeholder_group: undefined, ids: { int_id: { data: [4n, 77n] } } }
    expect(await refusal({}, missing)).toContain('primary key IDs do not exist: missing IDs = [77]')
    const twice = { placeholder_group: undefined, ids: { int_id: { data: [4n, 4n] } } }
    expect(await refusal({}, twice)).toContain('duplicate IDs found in search request')
    const texts = { placeholder_group: undefined, ids: { str_id: { data: ['4'] } } }
    expect(await refusal({}, texts)).toContain('primary key is int64, but IDs type mismatch')
    await milvus.must('CreatePartition', { collection_name: 'c', partition_name: 'p' })
    await milvus.must('LoadPartitions', { collection_name: 'c', partition_names: ['p'] })
    expect(await refusal({}, { ...keys, partition_names: ['p'] })).toContain('missing IDs = [4 5]')
  })

  test('by rows finds nothing for one without a vector', async () => {
    const nullable = { ...field('v', 'FloatVector', { dim: 2 }), nullable: true }
    await makeLoaded(milvus, [primaryKey(), nullable])
    const columns = [column('id', 5, [1n, 2n]), vectors('v', [null, [3, 4]])]
    await milvus.must('Insert', { collection_name: 'c', num_rows: 2, fields_data: columns })
    const keys = { placeholder_group: undefined, ids: { int_id: { data: [1n, 2n] } } }
    expect(await keysOf({}, keys)).toEqual([[], [2]])
    expect(await keysOf({ group_by_field: 'id' }, keys)).toEqual([[], [2]])
  })

  test('of a radius finds what is better, and with a range filter not the best', async () => {
    await make()
    expect(await keysOf({ params: '{"radius": 9}' })).toEqual([[1, 6]])
    expect(await keysOf({ params: '{"radius": 25.5, "range_filter": 1}' })).toEqual([[6, 2, 5, 3, 4]])
    expect(await keysOf({ topk: '2', params: '{"radius": 25, "range_filter": 9}' })).toEqual([[2, 5]])
    expect(await keysOf({ topk: '2', offset: '1', params: '{"radius": 25, "range_filter": 9}' })).toEqual([
      [5, 3],
    ])
    expect(await refusal({ params: '{"radius": 1, "range_filter": 9}' })).toContain(
      'range_filter must be less than radius',
    )
  })

  test('rounds scores, and orders by fields', async () => {
    await make()
    const query = { placeholder_group: group([0.25, 0]) }
    const [hits] = await found({ topk: '1', round_decimal: '1' }, query)
    expect(hits).toEqual([[1, Math.fround(0.1)]])
    expect(await keysOf({ topk: '4', order_by_fields: 'kind:asc,price:desc' })).toEqual([[6, 2, 1, 5]])
  })

  test('groups by a field, null being a group as well', async () => {
    await make()
    const by = { group_by_field: 'kind' }
    expect(await keysOf(by)).toEqual([[1, 5, 4]])
    // Each group's value is answered, whatever else is.
    for (const output_fields of [[], ['price'], ['*']]) {
      const { results } = await milvus.must('Search', request(by, { output_fields }))
      expect(rowsOf([results.group_by_field_value])).toEqual([{ kind: 'a' }, { kind: 'b' }, { kind: null }])
      expect(rowsOf(results.fields_data).some((row) => 'kind' in row)).toBe(output_fields[0] === '*')
    }
    expect(await keysOf({ ...by, topk: '2', group_size: '2' })).toEqual([[1, 6, 5, 3]])
    expect(
      await keysOf({ ...by, topk: '1', offset: '1', group_size: '2', strict_group_size: 'True' }),
    ).toEqual([[5, 3]])
    expect(await refusal({ group_by_field: 'v' })).toContain(
      '1100 unsupported data type VECTOR_FLOAT for group by operator',
    )
    expect(await refusal({ group_by_field: 'none' })).toContain(
      '1700 groupBy field not found in schema: field not found[field=none]',
    )
  })

  test('without hits has all columns', async () => {
    await make()
    const none = { dsl: 'price < 0', output_fields: ['*'] }
    const { results } = await milvus.must('Search', request({}, none))
    expect(results.topks).toEqual([0n])
    expect(results.fields_data.map((one: { field_name: string }) => one.field_name)).toEqual([
      'id',
      'v',
      'kind',
      'price',
    ])
    expect(await found({}, { placeholder_group: group([Number.NaN, 0]) })).toEqual([[]])
  })

  test('counts a key in two partitions once, with its better score', async () => {
    await make()
    await milvus.must('CreatePartition', { collection_name: 'c', partition_name: 'p' })
    await insert(
      [6n, 7n],
      [
        [0, 0.5],
        [9, 9],
      ],
      { partition_name: 'p' },
    )
    expect(await found({ topk: '3' })).toEqual([
      [
        [1, 0],
        [6, 0.25],
        [2, 9],
      ],
    ])
    expect(await keysOf({}, { partition_names: ['p'] })).toEqual([[6, 7]])
    expect(await refusal({}, { partition_names: ['q'] })).toBe('65535 partition name q not found')
  })

  test('is refused', async () => {
    await make({ isLoaded: false })
    expect(await refusal({})).toContain('101 failed to search: collection not loaded')
    await milvus.must('LoadCollection', { collection_name: 'c' })
    expect(await refusal({ metric_type: 'IP' })).toContain('[expected=L2][actual=IP]')
    expect(await keysOf({ metric_type: 'l2', topk: '1' })).toEqual([[1]])
    expect(await refusal({ anns_field: 'w' })).toContain('fieldName(w) not found')
    expect(await refusal({ anns_field: 'price' })).toContain('is not of vector data type')
    expect(await refusal({}, { output_fields: ['count(*)'] })).toContain(
      '65535 parse output field name failed',
    )
    expect(await refusal({}, { output_fields: ['none'] })).toContain('65535 field none not exist')
    expect(await refusal({}, { dsl: 'price >' })).toContain('1100 failed to create query plan')
    expect(await refusal({}, { collection_name: 'd' })).toContain('100 collection not found')
    expect(await refusal({}, { placeholder_group: group([1]) })).toContain('vector dimension mismatch')
    expect(await refusal({}, { placeholder_group: undefined })).toContain('neither placeholder_group nor ids')
    expect(await refusal({}, { search_aggregation: {} })).toContain('not supported')
  })

  test('with a function counts the less, the farther a value is', async () => {
    await make()
    const params = pairs({ reranker: 'decay', function: 'linear', origin: '50', scale: '10', decay: '0.5' })
    const functions = [{ name: 'd', type: 3, input_field_names: ['price'], params }]
    const [hits] = await found({ topk: '4' }, { function_score: { functions } })
    // Of 1, 6, 2 and 5 only 6 (price 60) and 5 (price 50) are near enough.
    expect(hits!.map(([key]) => key)).toEqual([6, 5, 1, 2])
    expect(hits![0]![1]).toBeCloseTo(0.5 * (1 - (2 * Math.atan(1)) / Math.PI), 6)
    expect(hits![1]![1]).toBeCloseTo(1 - (2 * Math.atan(9)) / Math.PI, 6)
    expect(hits![2]![1]).toBe(0)
  })
})

describe('an iterator', () => {
  const batch = (size: number, more: object = {}): Record<string, string> => ({
    iterator: 'True',
    search_iter_v2: 'True',
    search_iter_batch_size: String(size),
    ...more,
  })

  async function next(size: number, before?: { token: string; last_bound: number }, began = 0n) {
    const more =
      before === undefined
        ? {}
        : { search_iter_id: before.token, search_iter_last_bound: String(before.last_bound) }
    const answer = await milvus.must('Search', { ...request(batch(size, more)), guarantee_timestamp: began })
    const keys = hitsOf(answer)[0]!.map(([key]) => key)
    const bound = answer.results.search_iterator_v2_results as { token: string; last_bound: number }
    return { keys, bound, sessionTs: answer.session_ts as bigint }
  }

  test('goes through everything once, equal scores as well', async () => {
    await make()
    const first = await next(3)
    expect(first.keys).toEqual([1, 6, 2])
    expect(first.bound.last_bound).toBe(9)
    expect(first.sessionTs).toBeGreaterThan(0n)
    const second = await next(2, first.bound)
    expect(second.keys).toEqual([5, 3])
    expect(second.bound.token).toBe(first.bound.token)
    // Once more, as if its answer had been lost.
    expect((await next(2, first.bound)).keys).toEqual([5, 3])
    const third = await next(2, second.bound)
    expect(third.keys).toEqual([4])
    expect((await next(2, third.bound)).keys).toEqual([])
  })

  test('that is not known goes on behind its bound', async () => {
    await make()
    expect((await next(9, { token: 'old', last_bound: 9 })).keys).toEqual([3, 4])
  })

  test('goes on where points were written and deleted', async () => {
    await make()
    const first = await next(3)
    await milvus.must('Delete', { collection_name: 'c', expr: 'id in [1, 6, 3]' })
    await insert([8n], [[0, 0.5]])
    expect((await next(3, first.bound)).keys).toEqual([5, 4])
  })

  test('that says when it began finds what was there then', async () => {
    await make()
    const first = await next(3)
    await milvus.must('Delete', { collection_name: 'c', expr: 'id in [1, 5]' })
    await insert([8n], [[0, 0.5]])
    expect((await next(3, first.bound, first.sessionTs)).keys).toEqual([5, 3, 4])
  })

  test('has one query, and neither groups nor an offset', async () => {
    await make()
    const two = { placeholder_group: group([0, 0], [1, 1]) }
    expect(await refusal(batch(3), two)).toContain('one query')
    expect(await refusal(batch(3, { group_by_field: 'kind' }))).toContain('Not allowed to do groupBy')
    expect(await refusal(batch(3, { offset: '1' }))).toContain('offset')
  })
})

describe('a hybrid search', () => {
  const hybrid = (
    rank: Readonly<Record<string, string>>,
    requests: readonly object[],
    more = {},
  ): object => ({
    collection_name: 'c',
    rank_params: pairs({ limit: '10', ...rank }),
    requests,
    ...more,
  })
  const near = (query: readonly number[], topk = '3', more = {}): object =>
    request({ topk }, { placeholder_group: group(query), ...more })

  test('makes one list of several', async () => {
    await make()
    const answer = await milvus.must(
      'HybridSearch',
      hybrid({}, [near([0, 0]), near([3, 0])], { output_fields: ['kind'] }),
    )
    // 1, 6, 2 and 2, 6, 1: each has its places twice.
    const place = (...places: readonly number[]): number =>
      Math.fround(places.reduce((sum, one) => sum + 1 / (60 + one), 0))
    expect(hitsOf(answer)).toEqual([
      [
        [1, place(1, 3)],
        [2, place(1, 3)],
        [6, place(2, 2)],
      ],
    ])
    expect(rowsOf(answer.results.fields_data)).toEqual([{ kind: 'a' }, { kind: 'a' }, { kind: 'a' }])
  })

  test('has a window of its own, filters of its parts, and groups', async () => {
    await make()
    const parts = [near([0, 0], '6'), near([3, 4], '2', { dsl: 'price >= 30' })]
    const keys = async (rank: Readonly<Record<string, string>>) =>
      hitsOf(await milvus.must('HybridSearch', hybrid(rank, parts)))[0]!.map(([key]) => key)
    expect(await keys({})).toEqual([4, 3, 1, 6, 2, 5])
    expect(await keys({ limit: '2', offset: '1' })).toEqual([3, 1])
    expect(await keys({ group_by_field: 'kind' })).toEqual([4, 3, 1])
    const byKind = { group_by_field: 'kind' }
    const { results } = await milvus.must('HybridSearch', hybrid(byKind, parts))
    expect(rowsOf([results.group_by_field_value]).map(({ kind }) => kind)).toEqual([null, 'b', 'a'])
    // Offsets of the parts are not looked at.
    const apart = request({ topk: '6', offset: '16385' }, { placeholder_group: group([0, 0]) })
    const whole = hitsOf(await milvus.must('HybridSearch', hybrid({}, [apart])))[0]!
    expect(whole.map(([key]) => key)).toEqual([1, 6, 2, 5, 3, 4])
  })

  test('whose parts find as many groups as rows are asked of them', async () => {
    await make()
    const rank = { limit: '2', group_by_field: 'kind' }
    const answer = await milvus.must('HybridSearch', hybrid(rank, [near([0, 0], '2')]))
    expect(hitsOf(answer)[0]!.map(([key]) => key)).toEqual([1, 5])
  })

  test('is refused', async () => {
    await make()
    const refused = async (message: object): Promise<string> => {
      return reasonOf(await milvus.call('HybridSearch', message))
    }
    expect(await refused(hybrid({}, []))).toContain('1100 the number of ann search requests [0]')
    const two = request({}, { placeholder_group: group([0, 0], [1, 1]) })
    expect(await refused(hybrid({}, [near([0, 0]), two]))).toContain('nq should be the same')
    expect(await refused(hybrid({ limit: '0' }, [near([0, 0])]))).toContain('65535 limit [0] is invalid')
    expect(await refused(hybrid({ strategy: 'odd' }, [near([0, 0])]))).toContain('unsupported rank type')
  })
})
