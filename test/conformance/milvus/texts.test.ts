import { DataType, FunctionType } from '@zilliz/milvus2-sdk-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { good, refusal, useDoor } from './client.ts'

const door = useDoor()

const lines = [
  'The old lighthouse keeper feeds two gulls',
  'Keepers of bees; keepers of keys.',
  'a LIGHTHOUSE, far away',
  'gulls gulls gulls',
  'file_name.txt of the top-level folder',
  '',
  'Größe und GRÖSSE',
]

interface Options {
  readonly analyzer?: object
  readonly index?: Record<string, unknown>
}

const schemaOf = (analyzer: object | undefined) => ({
  fields: [
    { name: 'id', data_type: DataType.Int64, is_primary_key: true },
    {
      name: 't',
      data_type: DataType.VarChar,
      max_length: 200,
      enable_analyzer: true,
      enable_match: true,
      ...(analyzer === undefined ? {} : { analyzer_params: analyzer }),
    },
    { name: 'terms', data_type: DataType.SparseFloatVector },
  ],
  functions: [
    {
      name: 'count',
      type: FunctionType.BM25,
      input_field_names: ['t'],
      output_field_names: ['terms'],
      params: {},
    },
  ],
})

const indexOf = (params: Record<string, unknown> = {}) => ({
  field_name: 'terms',
  index_type: 'SPARSE_INVERTED_INDEX',
  metric_type: 'BM25',
  params,
})

async function make(collection_name: string, { analyzer, index }: Options = {}): Promise<void> {
  const { client } = door
  const index_params = [indexOf(index)]
  await good(client.createCollection({ collection_name, ...schemaOf(analyzer), index_params }))
  await good(client.insert({ collection_name, data: lines.map((t, at) => ({ id: at + 1, t })) }))
}

async function matches(collection_name: string, filter: string): Promise<number[]> {
  const { data } = await good(door.client.query({ collection_name, filter, output_fields: ['id'] }))
  return data.map(({ id }) => Number(id))
}

async function hits(collection_name: string, text: string, more: object = {}) {
  const search = { collection_name, anns_field: 'terms', data: text, limit: 10, output_fields: ['id'] }
  const { results } = await good(door.client.search({ ...search, ...more }))
  return results.map(({ id, score }) => [Number(id), score] as const)
}

interface Ranked {
  readonly id: number
  readonly score: number
}

const ranked = (id: number, score: number): Ranked => ({ id, score })

const keysOf = (found: readonly (readonly [number, number])[]): number[] => found.map(([key]) => key)

describe('a match', () => {
  beforeAll(() => make('plain'))

  test.each<[text: string, ids: readonly number[]]>([
    ['lighthouse', [1, 3]],
    ['LIGHTHOUSE', [1, 3]],
    ['keepers', [2]],
    ['light', []],
    ['bees gulls', [1, 2, 4]],
    // What is no letter and no digit parts words, the underscore included.
    ['name', [5]],
    ['top-level', [5]],
    ['größe', [7]],
    ['', []],
    ['...', []],
  ])('of "%s" is by whole words', async (text, ids) => {
    expect(await matches('plain', `text_match(t, "${text}")`)).toEqual(ids)
  })

  test('is a test like others', async () => {
    expect(await matches('plain', 'not text_match(t, "gulls") and id < 4')).toEqual([2, 3])
    expect(await matches('plain', 'TEXT_MATCH(t, "bees keys two", minimum_should_match=2)')).toEqual([2])
    expect(await matches('plain', 'phrase_match(t, "two gulls")')).toEqual([1])
  })

  test.each([
    ['text_match(id, "1")', 'text match operation on non-string is unsupported'],
    ['Text_Match(t, "gulls")', ''],
    ['text_match(t)', ''],
    ['text_match(t, 5)', ''],
  ])('%s is refused', async (filter, why) => {
    const answer = await refusal(
      door.client.query({ collection_name: 'plain', filter, output_fields: ['id'] }),
    )
    expect(answer.code).toBe(1100)
    expect(answer.reason).toContain(why)
  })
})

describe('an analyzer', () => {
  test.each<[name: string, analyzer: object, wanted: Readonly<Record<string, readonly number[]>>]>([
    ['english', { type: 'english' }, { keeper: [1, 2], feed: [1], the: [], key: [2], far: [3] }],
    [
      'whitespace',
      { tokenizer: 'whitespace' },
      { keepers: [2], Keepers: [2], 'keys.': [2], keys: [], lighthouse: [1], LIGHTHOUSE: [] },
    ],
    [
      'stop words',
      { tokenizer: 'standard', filter: ['lowercase', { type: 'stop', stop_words: ['of', 'gulls'] }] },
      { gulls: [], of: [], two: [1], keepers: [2] },
    ],
  ])('%s says what the words are', async (name, analyzer, wanted) => {
    const collection = name.replace(' ', '_')
    await make(collection, { analyzer })
    for (const [word, ids] of Object.entries(wanted))
      expect([word, await matches(collection, `text_match(t, "${word}")`)]).toEqual([word, ids])
  })

  test('that nobody knows is refused with the collection', async () => {
    const { client } = door
    const made = client.createCollection({ collection_name: 'odd', ...schemaOf({ tokenizer: 'guesswork' }) })
    expect(await refusal(made)).toMatchObject({ code: 1100, reason: expect.stringContaining('guesswork') })
    expect(await client.hasCollection({ collection_name: 'odd' })).toMatchObject({ value: false })
  })
})

describe('a search by text', () => {
  /** Of a word by BM25, `times` in a text of so many words, if `having` of the lines have it. */
  function score(times: number, words: number, having: number, k1 = 1.2, b = 0.75): number {
    const mean = [7, 6, 4, 3, 8, 0, 3].reduce((sum, length) => sum + length, 0) / lines.length
    const rarity = Math.log(1 + (lines.length - having + 0.5) / (having + 0.5))
    return (rarity * times * (k1 + 1)) / (times + k1 * (1 - b + (b * words) / mean))
  }

  test.each<[name: string, k1?: number, b?: number]>([
    ['usual'],
    ['flat', 2, 0],
    ['once', 0, 1],
    ['half', 0.5, 1],
  ])('ranks as its index says: %s, k1 %s, b %s', async (name, k1, b) => {
    await make(name, { index: k1 === undefined ? {} : { bm25_k1: k1, bm25_b: b } })
    const found = await hits(name, 'gulls')
    expect(keysOf(found).sort()).toEqual([1, 4])
    const scores = new Map(found)
    expect(scores.get(4)).toBeCloseTo(score(3, 3, 2, k1, b), 3)
    expect(scores.get(1)).toBeCloseTo(score(1, 7, 2, k1, b), 3)
  })

  // What the core of Milvus 2.5 (in milvus-lite 2.5.1) answered to these texts: its own analyzers, its own index.
  test.each<
    [name: string, analyzer: object | undefined, wanted: Readonly<Record<string, readonly Ranked[]>>]
  >([
    [
      'as_it_is',
      undefined,
      {
        'keepers of keys': [ranked(2, 5.0088), ranked(5, 0.8746)],
        'the LIGHTHOUSE': [ranked(1, 1.8798), ranked(3, 1.2111), ranked(5, 0.8746)],
        größe: [ranked(7, 1.9285)],
        file_name: [ranked(5, 2.5174)],
        'gulls gulls bees': [ranked(4, 3.9271), ranked(1, 1.8798), ranked(2, 1.4618)],
      },
    ],
    [
      'stems',
      { type: 'english' },
      {
        keeper: [ranked(2, 1.5471), ranked(1, 0.91)],
        'the LIGHTHOUSE': [ranked(3, 1.2446), ranked(1, 0.91)],
        'top-level': [ranked(5, 2.6193)],
      },
    ],
    [
      'spaces',
      { tokenizer: 'whitespace' },
      {
        'keepers of keys': [ranked(2, 2.7919), ranked(5, 1.0552)],
        'the LIGHTHOUSE': [ranked(5, 1.5187)],
        file_name: [],
        'top-level': [ranked(5, 1.5187)],
      },
    ],
    [
      'stops',
      { tokenizer: 'standard', filter: ['lowercase', { type: 'stop', stop_words: ['of', 'gulls'] }] },
      {
        gulls: [],
        'keepers of keys': [ranked(2, 3.7658)],
        'the LIGHTHOUSE': [ranked(1, 1.7801), ranked(3, 1.0889), ranked(5, 0.8156)],
      },
    ],
  ])('finds and ranks as Milvus does: %s', async (name, analyzer, wanted) => {
    await make(name, { index: { bm25_k1: 1.2, bm25_b: 0.75 }, ...(analyzer && { analyzer }) })
    for (const [query, ranks] of Object.entries(wanted)) {
      const found = (await hits(name, query)).map(([id, score]) => ranked(id, Number(score.toFixed(4))))
      expect([query, found]).toEqual([query, ranks])
    }
  })

  test('counts every word of the query, and knows no word that is nowhere', async () => {
    await make('several')
    const scores = new Map(await hits('several', 'lighthouse gulls'))
    expect([...scores.keys()]).toEqual([4, 1, 3])
    expect(scores.get(1)).toBeCloseTo(score(1, 7, 2) * 2, 3)
    expect(scores.get(4)).toBeCloseTo(score(3, 3, 2), 3)
    expect(await hits('several', 'submarine')).toEqual([])
    expect(await hits('several', ' ... ')).toEqual([])
  })

  test('goes without the name of the only vector, with a filter, an offset, and less of the query', async () => {
    await make('ways')
    const all = await hits('ways', 'gulls keepers')
    // A word of one text, twice in it; one of two texts, three times and once.
    expect(keysOf(all)).toEqual([2, 4, 1])
    expect(await hits('ways', 'gulls keepers', { anns_field: undefined })).toEqual(all)
    expect(await hits('ways', 'gulls keepers', { filter: 'id > 1' })).toEqual(all.slice(0, 2))
    expect(await hits('ways', 'gulls keepers', { limit: 1, offset: 1 })).toEqual(all.slice(1, 2))
    expect(keysOf(await hits('ways', 'gulls', { params: { drop_ratio_search: 0.2 } }))).toEqual([4, 1])
  })

  test('counts what is there now', async () => {
    const { client } = door
    await make('changing')
    const [, before] = await hits('changing', 'gulls')
    await good(client.delete({ collection_name: 'changing', ids: [4] }))
    const [after] = await hits('changing', 'gulls')
    expect([before![0], after![0]]).toEqual([1, 1])
    // Only one text has the word now.
    expect(after![1]).toBeGreaterThan(before![1])
    await good(client.upsert({ collection_name: 'changing', data: [{ id: 3, t: 'gulls again' }] }))
    expect(keysOf(await hits('changing', 'gulls'))).toEqual([3, 1])
  })

  test('counts by BM25 and nothing else', async () => {
    const { client } = door
    await good(client.createCollection({ collection_name: 'bare', ...schemaOf(undefined) }))
    const index = (more: object) => client.createIndex({ collection_name: 'bare', ...indexOf(), ...more })
    expect((await refusal(index({ metric_type: 'IP' }))).reason).toMatch(/must be BM25, got IP/)
    expect((await refusal(index({ params: { bm25_b: 5 } }))).reason).toMatch(/invalid bm25_b: 5/)
    await good(index({ params: { bm25_b: 1, bm25_k1: 3 } }))
    await good(client.loadCollection({ collection_name: 'bare' }))
    const search = { collection_name: 'bare', anns_field: 'terms', data: 'x', limit: 1, metric_type: 'IP' }
    expect((await refusal(client.search(search))).reason).toMatch(/metric type not match/)
  })
})
