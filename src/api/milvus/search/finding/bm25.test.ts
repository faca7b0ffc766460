import { describe, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../../test/support/milvus-door.ts'
import { column } from '../../../../../test/support/milvus-rows.ts'
import { seededRandom } from '../../../../runtime/random.ts'
import { encodeMessage } from '../../wire/messages.ts'

const milvus = milvusForEachTest()

const isAnalyzed = [{ key: 'enable_analyzer', value: 'true' }]
const text = {
  ...field('t', 'VarChar', { nullable: true }),
  type_params: [...isAnalyzed, { key: 'max_length', value: '1000' }],
}
const bm25 = { name: 'f', type: 1, input_field_names: ['t'], output_field_names: ['sv'] }

const textCollection = (made: object): object =>
  collectionOf('c', [primaryKey(), text, field('sv', 'SparseFloatVector')], {}, { functions: [made] })

async function make(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
  await milvus.must('CreateCollection', textCollection(bm25))
  const index = pairs({ index_type: 'SPARSE_INVERTED_INDEX', metric_type: 'BM25', ...parameters })
  await milvus.must('CreateIndex', { collection_name: 'c', field_name: 'sv', extra_params: index })
  await milvus.must('LoadCollection', { collection_name: 'c' })
}

async function write(rows: ReadonlyMap<bigint, string | null>, rpc = 'Insert'): Promise<void> {
  const columns = [column('id', 5, [...rows.keys()]), column('t', 21, [...rows.values()])]
  await milvus.must(rpc, { collection_name: 'c', num_rows: rows.size, fields_data: columns })
}

const request = (query: string, limit: number, params: object = {}, more: object = {}): object => ({
  collection_name: 'c',
  placeholder_group: encodeMessage('PlaceholderGroup', {
    placeholders: [{ tag: '$0', type: 21, values: [Buffer.from(query)] }],
  }),
  search_params: pairs({ topk: String(limit), anns_field: 'sv', ...params }),
  ...more,
})

async function find(query: string, limit = 10, params: object = {}, more: object = {}) {
  const { results } = await milvus.must('Search', request(query, limit, params, more))
  const keys = results.ids.int_id?.data ?? []
  return [...results.scores].map((score: number, at) => [Number(keys[at]), score] as const)
}

/** BM25 as it stands in books. */
function expected(rows: ReadonlyMap<bigint, string | null>, query: string, k1: number, b: number) {
  const texts = [...rows].filter((row): row is [bigint, string] => row[1] !== null)
  const words = new Map(texts.map(([key, one]) => [key, one.split(' ').filter((word) => word !== '')]))
  const mean = [...words.values()].reduce((sum, one) => sum + one.length, 0) / words.size
  const scores = [...words].map(([key, one]) => {
    let score = 0
    for (const term of query.split(' ')) {
      const frequency = [...words.values()].filter((other) => other.includes(term)).length
      const rarity = Math.log(1 + (words.size - frequency + 0.5) / (frequency + 0.5))
      const count = one.filter((word) => word === term).length
      score += (rarity * count * (k1 + 1)) / (count + k1 * (1 - b + (b * one.length) / mean))
    }
    return [Number(key), score] as const
  })
  return scores.filter(([, score]) => score > 0).sort((x, y) => y[1] - x[1] || x[0] - y[0])
}

type Scores = readonly (readonly [number, number])[]

/** `all`: those that equal scores may bring in the place of others. */
function expectSame(found: Scores, wanted: Scores, all = wanted): void {
  expect(found.length).toBe(wanted.length)
  const scores = new Map(all)
  for (const [at, [key, score]] of found.entries()) {
    // Equal scores may come in another order.
    expect(score).toBeCloseTo(wanted[at]![1], 4)
    expect(score).toBeCloseTo(scores.get(key) ?? Number.NaN, 4)
  }
}

const lines = new Map<bigint, string | null>([
  [1n, 'the quick brown fox jumps over the lazy dog'],
  [2n, 'foxes are quick dogs are lazy'],
  [3n, 'a lazy afternoon'],
  [4n, 'quick quick quick'],
  [5n, ''],
  [6n, null],
  [7n, 'nothing of that sort'],
])

describe('full-text search', () => {
  test('scores as BM25 does, over the texts that are there', async () => {
    await make()
    await write(lines)
    for (const query of ['quick', 'lazy dog', 'the quick', 'fox fox fox', 'nowhere'])
      expectSame(await find(query), expected(lines, query, 1.2, 0.75))
    const changed = new Map(lines)
    changed.delete(4n)
    changed.set(3n, 'quick quick')
    await milvus.must('Delete', { collection_name: 'c', expr: 'id in [4]' })
    await write(new Map([[3n, 'quick quick']]), 'Upsert')
    expectSame(await find('quick lazy'), expected(changed, 'quick lazy', 1.2, 0.75))
  })

  test('takes the parameters of the index', async () => {
    await make({ bm25_k1: '2', bm25_b: '0' })
    await write(lines)
    expectSame(await find('quick lazy'), expected(lines, 'quick lazy', 2, 0))
  })

  test('ranks many texts of all lengths rightly', async () => {
    const seed = 20_261
    const random = seededRandom(seed)
    const rows = new Map<bigint, string | null>()
    for (let i = 0; i < 1_500; i++) {
      const length = 1 + Math.floor(random.next() ** 3 * 60)
      const word = (): string => `w${Math.floor(random.next() ** 2 * 40)}`
      rows.set(BigInt(i), Array.from({ length }, word).join(' '))
    }
    await make({ bm25_b: '1' })
    await write(rows)
    for (const query of ['w1', 'w3 w20', 'w39 w0 w5']) {
      const wanted = expected(rows, query, 1.2, 1)
      for (const limit of [1, 10, 100]) expectSame(await find(query, limit), wanted.slice(0, limit), wanted)
      const [, , [, radius]] = wanted as [unknown, unknown, readonly [number, number]]
      const above = wanted.filter(([, score]) => score > radius + 1e-6)
      expectSame(await find(query, 100, { params: JSON.stringify({ radius: radius + 1e-6 }) }), above)
    }
  }, 30_000)

  test('takes a filter, which does not make terms rarer, and an offset', async () => {
    await make()
    await write(lines)
    const all = expected(lines, 'quick lazy', 1.2, 0.75)
    const passing = all.filter(([key]) => key > 1)
    expectSame(await find('quick lazy', 10, {}, { dsl: 'id > 1' }), passing)
    expectSame(await find('quick lazy', 2, { offset: '1' }), all.slice(1, 3), all)
  })

  test('finds nothing without terms', async () => {
    await make()
    expect(await find('quick')).toEqual([])
    await write(lines)
    expect(await find('')).toEqual([])
    expect(await find(' ... ')).toEqual([])
  })

  test('keeps what it makes to itself', async () => {
    await make()
    await write(lines)
    const reason = async (rpc: string, message: object): Promise<string> =>
      String((await milvus.call(rpc, message)).status.reason)
    expect(await reason('Query', { collection_name: 'c', expr: 'id > 0', output_fields: ['sv'] })).toContain(
      'not allowed to retrieve raw data of field sv',
    )
    const { results } = await milvus.must('Search', request('quick', 1, {}, { output_fields: ['*'] }))
    expect(results.output_fields).toEqual(['id', 't'])
    const vector = { placeholders: [{ tag: '$', type: 104, values: [Buffer.alloc(8)] }] }
    const sparse = { placeholder_group: encodeMessage('PlaceholderGroup', vector) }
    expect(await reason('Search', request('', 1, {}, sparse))).toContain('please provide varchar/text')
    const sent = {
      type: 104,
      field_name: 'sv',
      vectors: { sparse_float_vector: { contents: [Buffer.alloc(8)] } },
    }
    const row = [column('id', 5, [9n]), column('t', 21, ['x']), sent]
    const refused = await reason('Insert', { collection_name: 'c', num_rows: 1, fields_data: row })
    expect(refused).toContain('made by a function')
  })

  test.each([
    [{ ...bm25, type: 2 }, 'only BM25 and MinHash functions'],
    [{ ...bm25, input_field_names: ['none'] }, 'input field not found: none'],
    [{ ...bm25, input_field_names: ['id'] }, 'must be a VARCHAR/TEXT field'],
    [{ ...bm25, output_field_names: ['t'] }, 'must be a SparseFloatVector field'],
    [{ ...bm25, output_field_names: [] }, 'exactly one input field and one output field'],
  ])('is not made by %o', async (made, reason) => {
    expect(await milvus.call('CreateCollection', textCollection(made))).toMatchObject({
      code: 1100,
      reason: expect.stringContaining(reason) as string,
    })
  })

  test.each([
    [{ metric_type: 'IP' }, 'must be BM25, got IP'],
    [{ metric_type: 'BM25', bm25_k1: '3.1' }, 'invalid bm25_k1: 3.1, must be in range [0, 3]'],
    [{ metric_type: 'BM25', bm25_b: '5' }, 'invalid bm25_b: 5, must be in range [0, 1]'],
    [{ metric_type: 'BM25', bm25_b: 'x' }, 'invalid bm25_b: x, must be in range [0, 1]'],
    [{ metric_type: 'BM25', bm25_b: '' }, 'invalid bm25_b: , must be in range [0, 1]'],
  ])('has no index with %o', async (params, reason) => {
    await milvus.must('CreateCollection', textCollection(bm25))
    const index = (given: object): object => ({
      collection_name: 'c',
      field_name: 'sv',
      extra_params: pairs({ index_type: 'SPARSE_INVERTED_INDEX', ...given }),
    })
    expect(await milvus.refusal('CreateIndex', index(params))).toEqual([
      1100,
      expect.stringContaining(reason),
    ])
    // Nothing was made: an index that is right still finds its place.
    await milvus.must('CreateIndex', index({ metric_type: 'BM25', bm25_k1: '3', bm25_b: '0' }))
  })
})
