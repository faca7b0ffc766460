import { describe, expect, test } from 'vitest'
import { stringifyJson } from '../../../../index.ts'
import { services, type Rpc } from '../rpcs.ts'
import { decodeMessage, encodeMessage, type Message } from '../wire/messages.ts'
import { Fields } from './fields.ts'

function translated(rpc: string, message: Message): ReturnType<Rpc['translate']> {
  const [service = '', name = ''] = rpc.split('/')
  const { request, translate } = services[`qdrant.${service}`]![name]!
  return translate(new Fields(decodeMessage(request, encodeMessage(request, message))))
}

/** The body that stands for a message, as the REST API would get it. */
function bodyOf(rpc: string, message: Message): string {
  const request = translated(rpc, message)
  if (request instanceof Promise) throw new Error(`${rpc} is translated in slices`)
  return stringifyJson(request.body ?? null)
}

/** The same for what is translated in slices. */
async function laterBodyOf(rpc: string, message: Message): Promise<string> {
  return stringifyJson((await translated(rpc, message)).body ?? null)
}

const field = (key: string, test: Message): Message => ({ field: { key, ...test } })

describe('filters', () => {
  const of = (condition: Message) =>
    bodyOf('Points/Count', { filter: { must: [condition] } }).replace(
      /^\{"filter":\{"must":\[(.*)\]\}\}$/,
      '$1',
    )

  test.each<[Message, string]>([
    [field('a', { match: { keyword: '' } }), '{"key":"a","match":{"value":""}}'],
    [
      field('a', { match: { integer: '9223372036854775807' } }),
      '{"key":"a","match":{"value":9223372036854775807}}',
    ],
    [field('a', { match: { boolean: false } }), '{"key":"a","match":{"value":false}}'],
    [field('a', { match: { text_any: 'b c' } }), '{"key":"a","match":{"text_any":"b c"}}'],
    [field('a', { match: { integers: { integers: [-1, 2] } } }), '{"key":"a","match":{"any":[-1,2]}}'],
    [field('a', { match: { except_keywords: { strings: ['b'] } } }), '{"key":"a","match":{"except":["b"]}}'],
    [field('a', { range: { gt: 0, lte: 1.5 } }), '{"key":"a","range":{"gt":0,"lte":1.5}}'],
    [
      field('a', { datetime_range: { lt: { seconds: -1, nanos: 5 } } }),
      '{"key":"a","range":{"lt":"1969-12-31T23:59:59.000000005Z"}}',
    ],
    [
      field('a', { geo_radius: { center: { lon: 1, lat: 0 }, radius: 2.5 } }),
      '{"key":"a","geo_radius":{"center":{"lon":1,"lat":0},"radius":2.5}}',
    ],
    [field('a', { values_count: { gte: 2 } }), '{"key":"a","values_count":{"gte":2}}'],
    [field('a', { is_empty: false }), '{"key":"a","is_empty":false}'],
    [{ is_null: { key: 'a' } }, '{"is_null":{"key":"a"}}'],
    [{ has_id: { has_id: [{ num: '18446744073709551615' }] } }, '{"has_id":[18446744073709551615]}'],
    [{ has_vector: { has_vector: '' } }, '{"has_vector":""}'],
    [{ slice: { total: 2, index: 0 } }, '{"slice":{"total":2,"index":0}}'],
    [
      { nested: { key: 'a', filter: { should: [{ is_empty: { key: 'b' } }] } } },
      '{"nested":{"key":"a","filter":{"should":[{"is_empty":{"key":"b"}}]}}}',
    ],
    [
      { filter: { min_should: { conditions: [{ is_empty: { key: 'b' } }], min_count: 1 } } },
      '{"min_should":{"conditions":[{"is_empty":{"key":"b"}}],"min_count":1}}',
    ],
  ])('%j', (condition, expected) => expect(of(condition)).toBe(expected))

  test.each<[Message, string]>([
    [{}, 'Malformed Condition type'],
    [field('a', { match: {} }), 'Malformed Match condition'],
    [field('a', { geo_bounding_box: {} }), 'Malformed GeoBoundingBox type'],
    [{ slice: { total: 0 } }, 'Slice total must be greater than 0'],
    [{ nested: { key: 'a' } }, 'Nested condition must have a filter'],
    [{ has_id: { has_id: [{ uuid: 'x' }] } }, 'Unable to parse UUID: x'],
  ])('%j is refused', (condition, text) => expect(() => of(condition)).toThrow(text))
})

describe('queries', () => {
  const of = (query: Message) => bodyOf('Points/Query', { query }).replace(/^\{"query":(.*)\}$/, '$1')

  test.each<[Message, string]>([
    [{ nearest: { dense: { data: [0.5, 1] } } }, '{"nearest":[0.5,1]}'],
    [{ nearest: { sparse: { indices: [4], values: [2] } } }, '{"nearest":{"indices":[4],"values":[2]}}'],
    [{ nearest: { multi_dense: { vectors: [{ data: [1] }, { data: [2] }] } } }, '{"nearest":[[1],[2]]}'],
    [{ nearest: { id: { num: 0 } } }, '{"nearest":0}'],
    [
      { recommend: { positive: [{ id: { num: 1 } }], strategy: 1 } },
      '{"recommend":{"positive":[1],"negative":[],"strategy":"best_score"}}',
    ],
    [
      { discover: { target: { id: { num: 1 } }, context: { pairs: [] } } },
      '{"discover":{"target":1,"context":[]}}',
    ],
    [
      { context: { pairs: [{ positive: { id: { num: 1 } }, negative: { id: { num: 2 } } }] } },
      '{"context":[{"positive":1,"negative":2}]}',
    ],
    [
      { order_by: { key: 'a', direction: 1, start_from: { integer: 0 } } },
      '{"order_by":{"key":"a","direction":"desc","start_from":0}}',
    ],
    [{ fusion: 1 }, '{"fusion":"dbsf"}'],
    [{ rrf: { k: 3 } }, '{"rrf":{"k":3}}'],
    [{ sample: 0 }, '{"sample":"random"}'],
    [
      {
        nearest_with_mmr: { nearest: { dense: { data: [1] } }, mmr: { diversity: 0.5, candidates_limit: 9 } },
      },
      '{"nearest":[1],"mmr":{"diversity":0.5,"candidates_limit":9}}',
    ],
    [
      {
        formula: {
          expression: { sum: { sum: [{ variable: '$score' }, { neg: { constant: 2 } }] } },
          defaults: { a: { double_value: 1 } },
        },
      },
      '{"formula":{"sum":["$score",{"neg":2}]},"defaults":{"a":1.0}}',
    ],
    [
      {
        relevance_feedback: {
          target: { id: { num: 1 } },
          feedback: [{ example: { id: { num: 2 } }, score: 1 }],
          strategy: { naive: { a: 1 } },
        },
      },
      '{"relevance_feedback":{"target":1,"feedback":[{"example":2,"score":1}],"strategy":{"naive":{"a":1,"b":0,"c":0}}}}',
    ],
  ])('%j', (query, expected) => expect(of(query)).toBe(expected))

  test('prefetches nest', () => {
    const prefetch = [{ prefetch: [{ limit: 0 }], using: 'a', score_threshold: 0.5 }]
    expect(bodyOf('Points/Query', { prefetch, query: { fusion: 0 }, limit: 3 })).toBe(
      '{"prefetch":[{"prefetch":[{"limit":0}],"using":"a","score_threshold":0.5}],"query":{"fusion":"rrf"},"limit":3}',
    )
  })
})

describe('vectors and settings', () => {
  test('vectors of older clients', async () => {
    const point = (vector: Message) =>
      laterBodyOf('Points/Upsert', {
        points: [{ id: { num: 1 }, vectors: { vectors: { vectors: { v: vector } } } }],
      })
    expect(await point({ data: [1, 2], indices: { data: [7, 9] } })).toContain(
      '{"v":{"indices":[7,9],"values":[1,2]}}',
    )
    expect(await point({ data: [1, 2, 3, 4], vectors_count: 2 })).toContain('{"v":[[1,2],[3,4]]}')
    await expect(point({ data: [1, 2, 3], vectors_count: 2 })).rejects.toThrow('not divisible')
  })

  test('an upsert of many numbers comes in slices, and is the same', async () => {
    const data = Array.from({ length: 600 }, (_, i) => i)
    const points = Array.from({ length: 500 }, (_, num) => ({
      id: { num },
      vectors: { vector: { dense: { data } } },
    }))
    let turns = 0
    let isOver = false
    const count = (): void => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const body = await laterBodyOf('Points/Upsert', { points })
    isOver = true
    expect(turns).toBeGreaterThan(3)
    expect(JSON.parse(body)).toEqual({ points: points.map((_, id) => ({ id, vector: data })) })
  })

  test('numbers that nothing can be compared with', () => {
    const of = (value: number) =>
      bodyOf('Points/Query', { query: { nearest: { dense: { data: [1, value] } } } })
    expect(() => of(Number.NaN)).toThrow('Wrong input: a vector holds NaN')
    expect(() => of(Number.POSITIVE_INFINITY)).toThrow('Infinity')
  })

  test('a collection with everything', () => {
    const message = {
      vectors_config: {
        params_map: { map: { a: { size: 2, distance: 1, datatype: 3, multivector_config: {} } } },
      },
      sparse_vectors_config: { map: { s: { modifier: 1, index: { on_disk: false } } } },
      quantization_config: { scalar: { type: 1, quantile: 0.99 } },
      optimizers_config: { max_optimization_threads: { setting: 0 } },
      strict_mode_config: { sparse_config: { sparse_config: { s: { max_length: 5 } } } },
      sharding_method: 0,
      metadata: { x: { integer_value: 1 } },
    }
    expect(JSON.parse(bodyOf('Collections/Create', message))).toEqual({
      vectors: {
        a: {
          size: 2,
          distance: 'Cosine',
          datatype: 'float16',
          multivector_config: { comparator: 'max_sim' },
        },
      },
      sparse_vectors: { s: { modifier: 'idf', index: { on_disk: false } } },
      quantization_config: { scalar: { type: 'int8', quantile: 0.99 } },
      optimizers_config: { max_optimization_threads: 'auto' },
      strict_mode_config: { sparse_config: { s: { max_length: 5 } } },
      sharding_method: 'auto',
      metadata: { x: 1 },
    })
  })

  test('parameters of an index must be those of its type', () => {
    const text_index_params = { tokenizer: 2, stemmer: { snowball: { language: 'English' } } }
    expect(
      bodyOf('Points/CreateFieldIndex', {
        field_name: 'f',
        field_type: 4,
        field_index_params: { text_index_params },
      }),
    ).toBe(
      '{"field_name":"f","field_schema":{"type":"text","tokenizer":"whitespace","stemmer":{"type":"snowball","language":"english"}}}',
    )
    expect(() =>
      bodyOf('Points/CreateFieldIndex', {
        field_name: 'f',
        field_type: 0,
        field_index_params: { text_index_params },
      }),
    ).toThrow('field_type (Keyword) and field_index_params do not match')
  })
})
