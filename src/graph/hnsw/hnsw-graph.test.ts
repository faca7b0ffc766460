import { describe, expect, test } from 'vitest'
import { graphOf, linksOf, present, recallOf, threadOn } from '../../../test/support/built-graph.ts'
import { hasBit, mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import { seededRandom } from '../../runtime/random.ts'
import { VectorColumn } from '../vector-column.ts'
import { VectorMemory } from '../vector-memory.ts'
import { HnswGraph } from './hnsw-graph.ts'
import { readLinks, writeLinks } from './hnsw-links.ts'
import { HnswThread } from './hnsw-thread.ts'

const seed = 20_611
const context = `seed ${seed}`
const all = mixtureOf({ rows: 3_050, dimensions: 16, clusters: 60, sigma: 0.4, seed })
const rows = all.slice(0, 3_000)
const queries = all.slice(3_000)

/** Every rule of a graph holds: it is read back, which checks them all. */
function expectSound(graph: HnswGraph): void {
  const section = { bytes: Buffer.concat(writeLinks(graph)), offset: 0 }
  present(readLinks(graph.column, section)).dispose()
}

describe('small columns', () => {
  test('without rows there is no graph', () => {
    expect(HnswGraph.create(new VectorColumn(3), 'dot', { m: 4, efConstruct: 8, seed })).toBeUndefined()
  })

  test('rows without vectors are counted, not found', () => {
    using built = graphOf([undefined, undefined], { dimensions: 4 })
    expect([built.graph.isComplete, built.thread.linkedCount]).toEqual([true, 0])
    expect(built.thread.search({ query: new Float32Array(4), limit: 5, ef: 10 }).rows).toHaveLength(0)
    expectSound(built.graph)
  })

  test('one row is found, whether or not it is alone', () => {
    for (const absent of [[], [undefined], Array.from({ length: 40 }, () => undefined)]) {
      using built = graphOf([...absent, Float32Array.of(1, 2), ...absent])
      const hits = built.thread.search({ query: Float32Array.of(1, 4), limit: 5, ef: 1 })
      expect([[...hits.rows], [...hits.scores]]).toEqual([[absent.length], [2]])
      expect(built.thread.search({ query: Float32Array.of(1, 4), limit: 0, ef: 1 }).rows).toHaveLength(0)
      expectSound(built.graph)
    }
  })

  test.each([2, 3, 5, 16, 100, 512])('m = %i: all rows of a small column are found', (m) => {
    for (const count of [2, 3, 10, 33, 200]) {
      using built = graphOf(rows.slice(0, count), { parameters: { m, efConstruct: 200 } })
      expectSound(built.graph)
      expect(recallOf(built, queries, { limit: count, ef: count }), context).toBe(1)
    }
  })
})

test.each([2, 3, 7, 16, 64, 512])('m = %i', (m) => {
  using built = graphOf(rows, { parameters: { m } })
  expectSound(built.graph)
  expect(recallOf(built, queries, { limit: 10, ef: 100 }), context).toBeGreaterThan(m < 5 ? 0.6 : 0.95)
})

test.each([1, 2, 500])('efConstruct = %i gives a sound graph', (efConstruct) => {
  using built = graphOf(rows.slice(0, 1_000), { parameters: { efConstruct } })
  expectSound(built.graph)
  expect(recallOf(built, queries, { limit: 10, ef: 100 }), context).toBeGreaterThan(
    efConstruct < 3 ? 0.3 : 0.95,
  )
})

describe('equal rows', () => {
  test.each([
    ['all', 1],
    ['zeros', 0],
    ['NaN', Number.NaN],
  ])('%s: as many are found as are asked for', (_, value) => {
    for (const metric of ['euclid', 'cosine', 'dot'] as const) {
      const vector = new Float32Array(8).fill(value)
      using built = graphOf(
        Array.from({ length: 2_000 }, () => vector),
        { metric },
      )
      expectSound(built.graph)
      for (const limit of [1, 10, 500]) {
        const hits = built.thread.search({ query: new Float32Array(8).fill(1), limit, ef: 10 })
        expect(new Set(hits.rows).size, metric).toBe(limit)
      }
      const passing = sampledBits(2_000, 0.1, seed)
      expect(built.thread.search({ query: vector, limit: 100, ef: 10, passing }).rows).toHaveLength(100)
    }
  })

  test('many copies of one row among others, filtered', () => {
    const random = seededRandom(seed)
    const mixed = rows.map((row) => (random.next() < 0.5 ? rows[7]! : row))
    using built = graphOf(mixed)
    expectSound(built.graph)
    const passing = sampledBits(mixed.length, 0.1, seed)
    expect(recallOf(built, [rows[7]!, ...queries], { limit: 20, ef: 100, passing }), context).toBeGreaterThan(
      0.95,
    )
    expect(recallOf(built, [rows[7]!, ...queries], { limit: 100, ef: 200 }), context).toBeGreaterThan(0.95)
  })

  test('whichever of them pass, they are found, and each once', () => {
    const random = seededRandom(seed)
    const kinds = rows.slice(0, 20)
    using built = graphOf(Array.from({ length: 2_000 }, () => kinds[Math.floor(random.next() * 20)]))
    expectSound(built.graph)
    for (const share of [1, 0.5, 0.1]) {
      const passing = sampledBits(2_000, share, seed)
      for (const query of kinds) {
        const { rows: found, scores } = built.thread.search({ query, limit: 300, ef: 300, passing })
        const exact = built.column.search({ query, metric: 'euclid', limit: 300, passing })
        expect(new Set(found).size).toBe(found.length)
        expect([...found].every((row) => hasBit(passing, row))).toBe(true)
        // The scores are right, though of many equal ones others may be chosen.
        const same = scores.filter((score, at) => score === exact.scores[at]).length
        expect(same / exact.rows.length, `${context}: ${share}`).toBeGreaterThan(0.9)
      }
    }
  })

  test('rows without length, and some with NaN, hide no others', () => {
    const random = seededRandom(seed)
    const odd = [new Float32Array(16), new Float32Array(16).fill(Number.NaN), undefined]
    const mixed = rows.map((row) => (random.next() < 0.2 ? odd[Math.floor(random.next() * 3)] : row))
    for (const metric of ['euclid', 'dot', 'cosine'] as const) {
      using built = graphOf(mixed, { metric })
      expectSound(built.graph)
      expect(recallOf(built, queries, { limit: 10, ef: 100 }), context).toBeGreaterThan(0.95)
    }
  })
})

describe('building', () => {
  test('the same seed gives the same links, another seed others', () => {
    using first = graphOf(rows)
    using second = graphOf(rows)
    using other = graphOf(rows, { parameters: { seed: 2 } })
    expect(linksOf(first.graph).equals(linksOf(second.graph))).toBe(true)
    expect(linksOf(first.graph).equals(linksOf(other.graph))).toBe(false)
  })

  test('in steps it becomes the same graph, sound after each, also through files', () => {
    const random = seededRandom(seed)
    using whole = graphOf(rows)
    using built = graphOf(rows, { insert: 0 })
    let { graph, thread, scratch } = built
    while (!graph.isComplete) {
      const step = Math.ceil(random.next() * 400)
      const before = graph.nextRow
      expect(thread.insert(step)).toBe(graph.nextRow - before)
      expectSound(graph)
      expect(
        recallOf({ ...built, graph, thread }, queries, { limit: 10, ef: 64, rowCount: graph.nextRow }),
      ).toBeGreaterThan(0.9)
      // As after a restart: what was built goes on.
      const resumed = present(readLinks(built.column, { bytes: Buffer.concat(writeLinks(graph)), offset: 0 }))
      if (graph !== built.graph) {
        scratch.dispose()
        graph.dispose()
      }
      scratch = present(resumed.allocateScratch(64))
      graph = resumed
      thread = new HnswThread(graph.image(), scratch.image())
    }
    expect(thread.insert(1)).toBe(0)
    expect(linksOf(graph).equals(linksOf(whole.graph)), context).toBe(true)
    scratch.dispose()
    graph.dispose()
  })

  test('a graph takes the rows of another column in, and finds both', () => {
    const memory = new VectorMemory()
    const column = new VectorColumn(16, 0, memory)
    for (const row of rows.slice(0, 2_000)) column.append(row)
    const graph = present(HnswGraph.create(column, 'euclid', { m: 16, efConstruct: 100, seed: 1 }))
    const scratch = present(graph.allocateScratch(64))
    new HnswThread(graph.image(), scratch.image()).insert(2_000)
    scratch.dispose()
    for (const row of rows.slice(2_000)) column.append(row)
    expect([graph.isComplete, graph.grow(), graph.capacityRows]).toEqual([false, true, 3_000])
    using built = threadOn(column, graph)
    expect(built.thread.insert(5_000)).toBe(1_000)
    expectSound(graph)
    using whole = graphOf(rows)
    // The same rows in the same order: the same graph.
    expect(linksOf(graph).equals(linksOf(whole.graph))).toBe(true)
  })

  test('what it takes is given back', () => {
    const memory = new VectorMemory()
    const column = new VectorColumn(16, 3_000, memory)
    for (const row of rows) column.append(row)
    const before = memory.stats().bytesInUse
    const graph = present(HnswGraph.create(column, 'euclid', { m: 8, efConstruct: 50, seed }))
    const scratch = present(graph.allocateScratch(100))
    expect(memory.stats().bytesInUse - before).toBe(graph.bytes + scratch.bytes)
    // 64 bytes for the links of layer 0, and a few for the upper ones.
    expect(graph.bytes / 3_000).toBeLessThan(80)
    scratch.dispose()
    graph.dispose()
    expect(memory.stats().bytesInUse).toBe(before)
  })

  test('rows in several memories, or in one that is full, are refused', () => {
    const memory = new VectorMemory({ arenaBytesMax: 24 * 2 ** 20 })
    const column = new VectorColumn(2_048, 0, memory)
    const row = new Float32Array(2_048).fill(1)
    for (let count = 0; count < 1_000; count++) column.append(row)
    expect(new Set(column.chunks().map(({ region }) => region.arena)).size).toBeGreaterThan(1)
    expect(HnswGraph.create(column, 'dot', { m: 16, efConstruct: 8, seed })).toBeUndefined()
    const small = new VectorColumn(16, 3_000, new VectorMemory({ arenaBytesMax: 17 * 2 ** 20 }))
    for (const vector of rows) small.append(vector)
    const { bytesInUse } = small.chunks()[0]!.region.arena
    expect(HnswGraph.create(small, 'dot', { m: 512, efConstruct: 8, seed })).toBeUndefined()
    expect(small.chunks()[0]!.region.arena.bytesInUse).toBe(bytesInUse)
  })
})
