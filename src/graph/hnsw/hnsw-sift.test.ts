import { describe, expect, test } from 'vitest'
import { graphOf, recallOf, type BuiltGraph } from '../../../test/support/built-graph.ts'
import { mixtureOf, unitVector } from '../../../test/support/vector-mixture.ts'
import { graphFields, readGraphRecord } from './hnsw-records.ts'

const seed = 90_311
const context = `seed ${seed}`
const rowCount = 6_000
const queryCount = 60
const limit = 10

/** Short vectors have sketches of two bits, long ones of one. */
const shapes = [
  { elements: 'float32', dimensions: 96 },
  { elements: 'int8', dimensions: 96 },
  { elements: 'int8', dimensions: 320 },
] as const
const everyGraph = (['euclid', 'dot', 'cosine'] as const).flatMap((metric) =>
  shapes.map((shape) => ({ metric, ...shape })),
)

function recordOf({ graph }: BuiltGraph) {
  return readGraphRecord(new Uint32Array(graph.arena.memory.buffer, graph.address, graphFields.length))
}

/** As it is without sketches. */
function withoutSketches<T>({ graph }: BuiltGraph, work: () => T): T {
  const words = new Uint32Array(graph.arena.memory.buffer, graph.address, graphFields.length)
  const at = graphFields.indexOf('sketchBlocks')
  const blocks = words[at]!
  words[at] = 0
  try {
    return work()
  } finally {
    words[at] = blocks
  }
}

/** The floats behind the signs of a row's sketch: square, factor, error, sum. */
function tailOf(built: BuiltGraph, row: number): Float32Array {
  const { sketchBlocks, sketchBlockShift, sketchBytes, sketchBits } = recordOf(built)
  const view = new DataView(built.graph.arena.memory.buffer)
  const block = view.getUint32(sketchBlocks + (row >>> sketchBlockShift) * 4, true)
  const signBytes = Math.ceil(built.column.dimensions / 64) * 8
  return new Float32Array(view.buffer, ((block + row * sketchBytes) >>> 0) + sketchBits * signBytes, 4)
}

describe.each(everyGraph)(
  '$metric, $elements, $dimensions dimensions',
  ({ metric, elements, dimensions }) => {
    // Few clusters: estimates of all rows of one are off by nearly the same, and by more than they differ.
    const all = mixtureOf({ rows: rowCount + queryCount, dimensions, clusters: 3, sigma: 0.5, seed })
    const vectors = metric === 'dot' ? all.map(unitVector) : all
    const queries = vectors.slice(rowCount)
    const build = () =>
      graphOf(vectors.slice(0, rowCount), { metric, isFine: true, parameters: { elements } })

    test('what sketches leave out is not missed', () => {
      using built = build()
      expect(built.graph.hasSketches).toBe(true)
      for (const ef of [16, 64, 256]) {
        const request = { limit, ef }
        const recall = recallOf(built, queries, request)
        const whole = withoutSketches(built, () => recallOf(built, queries, request))
        expect(recall, `ef ${ef}, ${context}`).toBeGreaterThan(whole - 0.015)
      }
    })

    test('a row is not read whose sketch says that it is far off, once there is no room for more', () => {
      using built = build()
      let [hidden, all] = [0, 0]
      for (const query of queries) {
        const request = { query, limit: 128, ef: 256 }
        const hits = built.thread.search(request)
        // How far estimates are off is found out with the best ones.
        const worse = [...hits.rows].slice(64)
        const tails = worse.map((row) => tailOf(built, row))
        const kept = tails.map((tail) => tail.slice())
        // By its length, or by its product with any query.
        for (const tail of tails) tail.set(metric === 'euclid' ? [1e30, 0, 0, 0] : [1, -1e30, 0, 0])
        const others = new Set(built.thread.search(request).rows)
        hidden += worse.filter((row) => !others.has(row)).length
        all += worse.length
        tails.forEach((tail, at) => tail.set(kept[at]!))
        expect(built.thread.search(request)).toEqual(hits)
      }
      // What is come by early is read in any case.
      expect(hidden / all, context).toBeGreaterThan(0.1)
    })

    test('who asks for most of what is in view gets what there is without sketches', () => {
      using built = build()
      const found = () => queries.map((query) => built.thread.search({ query, limit: 64, ef: 127 }))
      expect(found()).toEqual(withoutSketches(built, found))
    })

    test('where sketches say nothing every row is read', () => {
      using built = build()
      const found = (query: Float32Array) => built.thread.search({ query, limit, ef: 64 })
      const wanted = withoutSketches(built, () => queries.map(found))
      for (let row = 0; row < rowCount; row++) tailOf(built, row).fill(Number.NaN)
      expect(queries.map(found)).toEqual(wanted)
    })
  },
)

test('a search that keeps all rows in view finds all', () => {
  const vectors = mixtureOf({ rows: 500, dimensions: 96, clusters: 5, sigma: 0.5, seed })
  using built = graphOf(vectors, { isFine: true })
  for (const query of vectors.slice(0, 20)) {
    const { rows } = built.thread.search({ query, limit: 500, ef: 500 })
    expect(new Set(rows).size).toBe(500)
  }
})
