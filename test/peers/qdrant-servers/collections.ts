import { seededRandom } from '../../../src/runtime/random.ts'

/** A collection as requests of Qdrant's REST API. */
export interface Shape {
  readonly name: string
  readonly config: object
  /** By field. */
  readonly indexes?: Readonly<Record<string, unknown>>
  readonly steps: readonly Step[]
}

/** One request below the path of the collection; 'optimized': waits until it has nothing to do. */
export type Step = Request | 'optimized'
export type Request = readonly [method: 'PUT' | 'POST', path: string, body: object]

const random = seededRandom(19)
const component = (): number => Math.round((random.next() * 2 - 1) * 10_000) / 10_000
const vector = (size: number): number[] => Array.from({ length: size }, component)
/** As different as they can be: what Qdrant takes two equal ones for is another story. */
const bytes = (size: number): number[] => {
  const first = Math.floor(random.next() * 256)
  return Array.from({ length: size }, (_, i) => (first + i * 41) % 256)
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const put = (points: readonly object[], more: object = {}): Request => ['PUT', 'points', { points, ...more }]
const remove = (body: object): Request => ['POST', 'points/delete', body]
const isKind = (value: string): object => ({ must: [{ key: 'kind', match: { value } }] })

const plain: Shape = {
  name: 'plain',
  config: { vectors: { size: 8, distance: 'Cosine' }, shard_number: 2 },
  indexes: { kind: 'keyword', n: 'integer' },
  steps: [
    put(
      range(1, 501).map((id) => ({
        id,
        vector: vector(8),
        payload: { kind: `k${id % 5}`, n: id, text: 'ä漢🎈'.repeat(id % 9) },
      })),
    ),
    remove({ points: [3, 50, 77, 100, 499] }),
    put([{ id: 9, vector: vector(8), payload: { again: true } }]),
  ],
}

/** Without one of them here and there: a point need not have all of its vectors. */
function some(id: number, vectors: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(vectors).filter((_, at) => (id + at) % 7 !== 0))
}

const richIds = range(1, 301).map((id) =>
  id % 3 === 0 ? `00000000-0000-4000-8000-${String(id).padStart(12, '0')}` : id,
)

const rich: Shape = {
  name: 'rich',
  config: {
    vectors: {
      dense: { size: 16, distance: 'Dot', on_disk: true },
      tokens: { size: 4, distance: 'Cosine', multivector_config: { comparator: 'max_sim' } },
      half: { size: 6, distance: 'Euclid', datatype: 'float16' },
      bytes: { size: 5, distance: 'Manhattan', datatype: 'uint8' },
    },
    sparse_vectors: { words: { modifier: 'idf' }, disk: { index: { on_disk: true } } },
    on_disk_payload: true,
    metadata: { made: 'by hand', n: [1, 2] },
    strict_mode_config: { enabled: true, max_query_limit: 100_000 },
  },
  indexes: {
    when: 'datetime',
    where: 'geo',
    text: { type: 'text', tokenizer: 'word', lowercase: true, min_token_len: 2 },
    yes: 'bool',
    tenant: { type: 'keyword', is_tenant: true },
    num: { type: 'integer', lookup: true, range: false },
  },
  steps: [
    put(
      richIds.map((id, at) => ({
        id,
        vector: some(at, {
          dense: vector(16),
          tokens: range(0, 1 + (at % 3)).map(() => vector(4)),
          half: vector(6),
          bytes: bytes(5),
          words: { indices: [at, at + 9, at + 9_000], values: vector(3) },
          disk: { indices: [at], values: [1.5] },
        }),
        payload: {
          when: `2024-01-${String(1 + (at % 28)).padStart(2, '0')}T00:00:00Z`,
          where: { lon: at % 90, lat: -(at % 80) },
          text: `some words ${at}`,
          yes: at % 2 === 0,
          tenant: `t${at % 4}`,
          num: at * 2 ** 40,
          deep: { a: [null, { b: [at / 7, -at] }] },
        },
      })),
    ),
    ['POST', 'points/payload', { payload: { later: 1 }, points: richIds.slice(0, 20) }],
    ['PUT', 'points/payload', { payload: { only: 'this' }, points: richIds.slice(20, 25) }],
    ['POST', 'points/payload/delete', { keys: ['text'], points: richIds.slice(30, 35) }],
    ['PUT', 'points/vectors', { points: [{ id: richIds[40], vector: { dense: vector(16) } }] }],
    ['POST', 'points/vectors/delete', { vector: ['half', 'words'], points: richIds.slice(50, 60) }],
  ],
}

/** What servers before 1.19 log as it came. */
const filters: Shape = {
  name: 'filters',
  config: { vectors: { a: { size: 4, distance: 'Euclid' }, b: { size: 3, distance: 'Dot' } } },
  steps: [
    put(
      range(1, 401).map((id) => ({
        id,
        vector: { a: vector(4), b: vector(3) },
        payload: { kind: `k${id % 7}`, n: id, tags: [`t${id % 3}`, `u${id % 4}`] },
      })),
    ),
    remove({ filter: isKind('k2') }),
    ['POST', 'points/payload', { payload: { seen: { x: 1 } }, filter: isKind('k1') }],
    ['PUT', 'points/payload', { payload: { n: -5 }, filter: { must: [{ key: 'n', range: { gt: 390 } }] } }],
    [
      'POST',
      'points/payload/delete',
      {
        keys: ['tags'],
        filter: { should: [{ key: 'tags', match: { any: ['u3'] } }], must_not: [{ has_id: [7, 11] }] },
      },
    ],
    ['POST', 'points/payload/clear', { filter: isKind('k4') }],
    ['POST', 'points/vectors/delete', { vector: ['b'], filter: isKind('k5') }],
    put(
      range(1, 30).map((id) => ({ id, vector: { a: vector(4) }, payload: { conditional: id } })),
      { update_filter: { must: [{ key: 'n', range: { lt: 15 } }] } },
    ),
    ['POST', 'points/payload', { payload: { y: 2 }, key: 'seen', filter: isKind('k1') }],
  ],
}

const soon = { indexing_threshold: 10, default_segment_number: 1 }

/** Segments that are written once, a graph, and quantized copies. */
function indexed(name: string, quantization: object | undefined): Shape {
  return {
    name,
    config: {
      vectors: { size: 32, distance: 'Euclid', on_disk: quantization === undefined },
      sparse_vectors: { s: {} },
      hnsw_config: { full_scan_threshold: 10 },
      optimizers_config: soon,
      ...(quantization === undefined ? {} : { quantization_config: quantization }),
    },
    indexes: { n: 'integer', k: 'keyword' },
    steps: [
      ...range(0, 4).map((part) =>
        put(
          range(part * 500, part * 500 + 500).map((id) => ({
            id,
            vector: { '': vector(32), s: { indices: [id, id + 5], values: [1, -0.5] } },
            payload: { n: id, k: `k${id % 10}` },
          })),
        ),
      ),
      remove({ points: range(100, 200) }),
      'optimized',
      ['POST', 'points/payload', { payload: { after: true }, points: range(300, 320) }],
      remove({ points: range(500, 550) }),
      'optimized',
    ],
  }
}

const many = { multivector_config: { comparator: 'max_sim' } }

const types: Shape = {
  name: 'types',
  config: {
    vectors: {
      f: { size: 6, distance: 'Cosine' },
      h: { size: 6, distance: 'Dot', datatype: 'float16', on_disk: true },
      u: { size: 6, distance: 'Euclid', datatype: 'uint8' },
      fm: { size: 6, distance: 'Dot', on_disk: true, ...many },
      hm: { size: 6, distance: 'Cosine', datatype: 'float16', ...many },
      um: { size: 6, distance: 'Manhattan', datatype: 'uint8', on_disk: true, ...many },
    },
    sparse_vectors: { s: { index: { on_disk: true } }, sh: { index: { datatype: 'float16' } } },
    on_disk_payload: false,
    optimizers_config: { ...soon, indexing_threshold: 1 },
  },
  steps: [
    put(range(1, 1_500).map(ofAllTypes)),
    remove({ points: range(5, 100).filter((id) => id % 9 === 5) }),
    'optimized',
    put(range(90, 140).map(ofAllTypes)),
  ],
}

function ofAllTypes(id: number): object {
  const all = {
    f: vector(6),
    h: vector(6),
    u: bytes(6),
    fm: range(0, 1 + (id % 4)).map(() => vector(6)),
    hm: [vector(6), vector(6)],
    // Two rows of whole numbers alone are a sparse vector to Qdrant.
    um: range(0, 1 + (id % 2) * 2).map(() => bytes(6)),
    s: { indices: [id], values: [0.5] },
    sh: { indices: [1, id + 2], values: [0.25, 2] },
  }
  return { id, vector: some(id, all), payload: { id } }
}

export const shapes: readonly Shape[] = [
  plain,
  rich,
  filters,
  indexed('scalar', { scalar: { type: 'int8', always_ram: true } }),
  indexed('product', { product: { compression: 'x8' } }),
  indexed('binary', { binary: { encoding: 'two_bits' } }),
  indexed('on-disk', undefined),
  types,
]

/** Writes of which none is waited for, one for each number from 0 on: what a snapshot holds of them stands in its log alone. */
export function hurriedWrite(n: number): Request {
  const ids = range(0, 20).map((i) => 1 + ((n * 37 + i * 101) % 1_500))
  const kind = isKind(`k${n % 11}`)
  switch (n % 10) {
    case 2:
      return ['POST', 'points/payload', { payload: { p: n }, points: ids }]
    case 4:
      return ['POST', 'points/payload', { payload: { q: n }, filter: kind }]
    case 6:
      return remove({ points: ids.slice(0, 5) })
    case 7:
      return remove({
        filter: { must: [...(kind as { must: object[] }).must, { key: 'n', match: { value: n % 90 } }] },
      })
    default:
      return put(ids.map((id) => ({ id, vector: vector(8), payload: { kind: `k${id % 11}`, n: n % 90 } })))
  }
}

export const hurried: Shape = {
  name: 'hurried',
  config: { vectors: { size: 8, distance: 'Cosine' }, optimizers_config: { flush_interval_sec: 1 } },
  steps: [],
}

/** In three shard keys. */
export const keyed: Shape = {
  name: 'keyed',
  config: { vectors: { size: 4, distance: 'Dot' }, sharding_method: 'custom' },
  steps: ['eu', 'us', 7].flatMap((key, at): Step[] => [
    ['PUT', 'shards', { shard_key: key, shards_number: 1 + (at % 2) }],
    put(
      range(0, 60).map((i) => ({ id: i + 100 * at, vector: vector(4), payload: { i } })),
      { shard_key: key },
    ),
  ]),
}
