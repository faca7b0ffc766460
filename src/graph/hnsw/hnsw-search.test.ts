import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphOf, recallOf, type BuiltGraph } from '../../../test/support/built-graph.ts'
import { hasBit, mixtureOf, sampledBits, unitVector } from '../../../test/support/vector-mixture.ts'
import type { Metric } from '../vector-column.ts'
import { placeBits } from './hnsw-graph.ts'

const seed = 61_121
const rowCount = 10_000
const all = mixtureOf({ rows: rowCount + 100, dimensions: 32, clusters: 200, sigma: 0.4, seed })
const rows = all.slice(0, rowCount)
const queries = all.slice(rowCount)
const context = `seed ${seed}`

function hitsPass(built: BuiltGraph, passes: (row: number) => boolean, bits: Uint32Array): boolean {
  return queries.every((query) =>
    [...built.thread.search({ query, limit: 10, ef: 64, passing: bits }).rows].every(passes),
  )
}

describe('10,000 rows of 32 dimensions', () => {
  test.each(['euclid', 'dot', 'manhattan', 'cosine'] as const)('%s', (metric: Metric) => {
    const isUnit = metric === 'dot'
    using built = graphOf(isUnit ? rows.map(unitVector) : rows, { metric })
    const asked = isUnit ? queries.map(unitVector) : queries
    expect(recallOf(built, asked, { limit: 10, ef: 64 }), context).toBeGreaterThan(0.95)
    expect(recallOf(built, asked, { limit: 10, ef: 128 }), context).toBeGreaterThan(0.98)
    expect(recallOf(built, asked, { limit: 100, ef: 200 }), context).toBeGreaterThan(0.95)
    // Scores are those of the exact scan to the bit, and in its order.
    for (const query of asked.slice(0, 20)) {
      const { rows: found, scores } = built.thread.search({ query, limit: 20, ef: 100 })
      expect(scores).toEqual(built.column.score(query, metric, found))
      expect(scores).toEqual(
        metric === 'dot' || metric === 'cosine' ? scores.toSorted().reverse() : scores.toSorted(),
      )
    }
  })

  describe('filters', () => {
    let built: BuiltGraph
    beforeAll(() => {
      built = graphOf(rows)
    })
    afterAll(() => built[Symbol.dispose]())

    test.each([1, 0.9, 0.5, 0.25, 0.1])('a share of %f passes', (share) => {
      const passing = sampledBits(rowCount, share, seed)
      expect(hitsPass(built, (row) => hasBit(passing, row), passing)).toBe(true)
      expect(recallOf(built, queries, { limit: 10, ef: 64, passing }), context).toBeGreaterThan(0.95)
      expect(recallOf(built, queries, { limit: 10, ef: 64, alive: passing }), context).toBeGreaterThan(0.95)
    })

    test('also where few pass, and a scan would be better', () => {
      const passing = sampledBits(rowCount, 0.02, seed)
      expect(recallOf(built, queries, { limit: 10, ef: 64, passing }), context).toBeGreaterThan(0.8)
    })

    test('where all that pass lie together, far from the query or near', () => {
      const middle = rows[0]!
      const near = rows.map((row) => Math.hypot(...row.map((value, at) => value - middle[at]!)))
      const bound = near.toSorted((a, b) => a - b)[rowCount / 8]!
      const passing = new Uint32Array(Math.ceil(rowCount / 32))
      near.forEach((distance, row) => {
        if (distance <= bound) passing[row >>> 5]! |= 1 << (row & 31)
      })
      expect(recallOf(built, queries, { limit: 10, ef: 128, passing }), context).toBeGreaterThan(0.9)
    })

    test('deletions and a filter together; bits beyond the end are none', () => {
      const passing = sampledBits(rowCount, 0.5, seed)
      const alive = sampledBits(rowCount, 0.7, seed + 1)
      expect(recallOf(built, queries, { limit: 10, ef: 64, passing, alive }), context).toBeGreaterThan(0.95)
      const half = passing.subarray(0, 100)
      expect(hitsPass(built, (row) => row < 3_200 && hasBit(passing, row), half)).toBe(true)
      // What an earlier search left behind must not count.
      const whole = new Uint32Array(Math.ceil(rowCount / 32) + 5).fill(0xffffffff)
      expect(hitsPass(built, (row) => row < rowCount, whole)).toBe(true)
      expect(hitsPass(built, () => false, new Uint32Array(0))).toBe(true)
    })

    test('bits that are placed once give the same', () => {
      const passing = sampledBits(rowCount, 0.4, seed)
      const placed = placeBits(built.graph.arena, passing, rowCount)!
      for (const query of queries) {
        const request = { query, limit: 10, ef: 50 }
        const expected = built.thread.search({ ...request, passing })
        expect(built.thread.search({ ...request, passing: placed.bits })).toEqual(expected)
        expect(built.thread.search({ ...request, alive: placed.bits })).toEqual(expected)
      }
      built.graph.arena.free(placed.region)
    })

    test('only the first rows', () => {
      for (const count of [1, 31, 32, 33, 5_000, rowCount - 1]) {
        const request = { limit: 10, ef: 64, rowCount: count }
        expect(recallOf(built, queries, request), `${context}: ${count}`).toBeGreaterThan(
          count < 100 ? 0.5 : 0.9,
        )
        for (const query of queries) {
          expect([...built.thread.search({ ...request, query }).rows].every((row) => row < count)).toBe(true)
        }
      }
    })

    test('a search leaves nothing behind for the next', () => {
      const request = { query: queries[0]!, limit: 10, ef: 64 }
      const first = built.thread.search(request)
      for (const share of [0.001, 0.1, 0.9]) {
        built.thread.search({ ...request, ef: 512, passing: sampledBits(rowCount, share, seed) })
        expect(built.thread.search(request)).toEqual(first)
      }
    })
  })
})
