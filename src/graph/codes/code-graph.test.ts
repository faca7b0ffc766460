import { describe, expect, test } from 'vitest'
import { graphOf, linksOf, present, recallOf } from '../../../test/support/built-graph.ts'
import { hasBit, mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import { seededRandom } from '../../runtime/random.ts'
import { readLinks, writeLinks } from '../hnsw/hnsw-links.ts'
import { HnswThread } from '../hnsw/hnsw-thread.ts'
import type { Metric } from '../vector-column.ts'
import { VectorMemory } from '../vector-memory.ts'
import type { Elements } from './elements.ts'

const seed = 88_103
const context = `seed ${seed}`
const kinds = ['int8', 'bfloat16'] as const
const metrics = ['euclid', 'dot', 'cosine', 'manhattan'] as const

function dataOf(rows: number, dimensions: number) {
  const all = mixtureOf({ rows: rows + 60, dimensions, clusters: 60, sigma: 0.4, seed })
  return { rows: all.slice(0, rows), queries: all.slice(rows) }
}

const { rows, queries } = dataOf(3_000, 50)
const withElements = (elements: Elements, metric: Metric = 'euclid') => ({ metric, parameters: { elements } })

function expectSound({ column, graph }: ReturnType<typeof graphOf>): void {
  present(readLinks(column, { bytes: Buffer.concat(writeLinks(graph)), offset: 0 })).dispose()
}

describe.each(kinds)('a graph over %s', (elements) => {
  test.each(metrics)('%s: finds the best, with the scores and in the order of the exact scan', (metric) => {
    for (const dimensions of [19, 64]) {
      const data = dataOf(2_000, dimensions)
      using built = graphOf(data.rows, withElements(elements, metric))
      expectSound(built)
      expect(recallOf(built, data.queries, { limit: 10, ef: 64 }), context).toBeGreaterThan(0.95)
      expect(recallOf(built, data.queries, { limit: 100, ef: 300 }), context).toBeGreaterThan(0.95)
      for (const query of data.queries) {
        const hits = built.thread.search({ query, limit: 20, ef: 100 })
        expect(hits.scores).toEqual(built.column.score(query, metric, hits.rows))
        const isUp = metric === 'dot' || metric === 'cosine'
        expect(hits.scores).toEqual(isUp ? hits.scores.toSorted().reverse() : hits.scores.toSorted())
      }
    }
  })

  test('sets of bits are compared exactly', () => {
    const random = seededRandom(seed)
    const sets = Array.from({ length: 1_000 }, () =>
      Float32Array.from({ length: 90 }, () => Number(random.next() < 0.2)),
    )
    using built = graphOf([...sets, new Float32Array(90)], withElements(elements, 'jaccard'))
    expectSound(built)
    expect(recallOf(built, sets.slice(0, 100), { limit: 10, ef: 300 }), context).toBeGreaterThan(0.9)
  })

  test.each([1, 0.5, 0.1])('a share of %f passes', (share) => {
    using built = graphOf(rows, withElements(elements))
    const passing = sampledBits(rows.length, share, seed)
    for (const request of [{ passing }, { alive: passing }, { passing, rowCount: 1_500 }]) {
      expect(recallOf(built, queries, { limit: 10, ef: 64, ...request }), context).toBeGreaterThan(0.9)
      for (const query of queries) {
        const hits = built.thread.search({ query, limit: 10, ef: 64, ...request })
        expect([...hits.rows].every((row) => hasBit(passing, row) && row < (request.rowCount ?? 3_000))).toBe(
          true,
        )
      }
    }
  })

  test('odd rows hide no others, and are found by what they are', () => {
    const random = seededRandom(seed)
    for (const metric of metrics) {
      // Under the product huge rows are the best of all: only there it matters which of them is which.
      const values = metric === 'dot' ? [Number.NaN, 1e-42, 0] : [Number.NaN, Infinity, 1e38, 1e-42, 0]
      const odd = [undefined, ...values.map((value) => new Float32Array(50).fill(value))]
      const mixed = rows.map((row) =>
        random.next() < 0.2 ? odd[Math.floor(random.next() * odd.length)] : row,
      )
      using built = graphOf(mixed, withElements(elements, metric))
      expectSound(built)
      expect(recallOf(built, queries, { limit: 10, ef: 100 }), `${context}: ${metric}`).toBeGreaterThan(0.95)
    }
  })

  test('rows with equal codes are told apart by their vectors', () => {
    const random = seededRandom(seed)
    const near = rows.map((row, at) => {
      const copy = rows[at % 100]!.slice()
      // Far less than a code, or nothing at all.
      if (random.next() < 0.5) copy[3]! += 1e-5 * random.next()
      return copy
    })
    using built = graphOf(near, withElements(elements))
    expectSound(built)
    expect(recallOf(built, near.slice(0, 50), { limit: 10, ef: 200 }), context).toBeGreaterThan(0.9)
  })

  test('is read from its file as it was written, and built on', () => {
    using whole = graphOf(rows, withElements(elements))
    using built = graphOf(rows, { ...withElements(elements), insert: 1_200 })
    const section = { bytes: Buffer.concat(writeLinks(built.graph)), offset: 0 }
    const graph = present(readLinks(built.column, section))
    expect(graph.parameters).toEqual(built.graph.parameters)
    const scratch = present(graph.allocateScratch(100))
    new HnswThread(graph.image(), scratch.image()).insert(5_000)
    expect(linksOf(graph).equals(linksOf(whole.graph)), context).toBe(true)
    scratch.dispose()
    graph.dispose()
  })

  test('takes further rows in', () => {
    using built = graphOf(rows.slice(0, 1_000), withElements(elements, 'cosine'))
    for (const row of rows.slice(1_000)) built.column.append(row)
    expect([built.graph.grow(), built.graph.capacityRows]).toEqual([true, 3_000])
    const scratch = present(built.graph.allocateScratch(100))
    const thread = new HnswThread(built.graph.image(), scratch.image())
    expect(thread.insert(5_000)).toBe(2_000)
    using whole = graphOf(rows, withElements(elements, 'cosine'))
    expect(linksOf(built.graph).equals(linksOf(whole.graph))).toBe(true)
    scratch.dispose()
  })

  test('once it has dropped its codes it is one over the vectors', () => {
    const memory = new VectorMemory()
    const spread = rows.map((row, at) => (at % 9 === 4 ? rows[at % 50] : row))
    using built = graphOf(spread, { ...withElements(elements), memory })
    const before = memory.stats().bytesInUse
    const links = linksOf(built.graph)
    const { bytes } = built.graph
    built.graph.dropCodes()
    expect(before - memory.stats().bytesInUse).toBe(bytes - built.graph.bytes)
    expect([built.graph.parameters.elements, linksOf(built.graph).equals(links)]).toEqual(['float32', true])
    expectSound(built)
    const thread = new HnswThread(built.graph.image(), built.scratch.image())
    expect(recallOf({ ...built, thread }, queries, { limit: 10, ef: 64 }), context).toBeGreaterThan(0.95)
    built.column.append(rows[0])
    expect(built.graph.grow()).toBe(true)
  })
})
