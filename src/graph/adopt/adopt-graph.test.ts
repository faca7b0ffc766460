import { describe, expect, test } from 'vitest'
import { graphOf, linksOf, present, recallOf, threadOn } from '../../../test/support/built-graph.ts'
import { mixtureOf } from '../../../test/support/vector-mixture.ts'
import { seededRandom } from '../../runtime/random.ts'
import { HnswGraph } from '../hnsw/hnsw-graph.ts'
import { readLinks, writeLinks } from '../hnsw/hnsw-links.ts'
import { noRow } from '../hnsw/hnsw-records.ts'
import { VectorColumn } from '../vector-column.ts'
import { VectorMemory } from '../vector-memory.ts'
import { adoptInto } from './adopt-graph.ts'
import { sourceOf, spareRoomFor } from './source-graph.ts'

const seed = 30_771
const context = `seed ${seed}`
const all = mixtureOf({ rows: 3_050, dimensions: 20, clusters: 70, sigma: 0.4, seed })
const rows = all.slice(0, 3_000)
const queries = all.slice(3_000)

type Row = Float32Array | undefined
type Built = ReturnType<typeof graphOf>

/** The rows of a graph of which some stay, and further ones behind them; not inserted yet. */
function adopted(
  source: Built,
  before: readonly Row[],
  stays: (row: number) => boolean,
  further: readonly Row[],
): Built {
  const { graph } = source
  const column = new VectorColumn(source.column.dimensions, 0, new VectorMemory())
  const rowOf = new Uint32Array(graph.nextRow).fill(noRow)
  for (let row = 0; row < graph.nextRow; row++) if (stays(row)) rowOf[row] = column.append(before[row])
  for (const row of further) column.append(row)
  const from = sourceOf(graph)
  const built = threadOn(
    column,
    present(HnswGraph.create(column, graph.metric, graph.parameters, spareRoomFor(from))),
  )
  adoptInto(built.graph.image(), built.scratch.image(), from, rowOf)
  return built
}

/** Every rule of a graph holds: it is read back, which checks them all. */
function expectSound({ column, graph }: Built): void {
  present(readLinks(column, { bytes: Buffer.concat(writeLinks(graph)), offset: 0 })).dispose()
}

describe('rows of a graph become the first ones of another', () => {
  test('all of them, with every link, and others are inserted behind', () => {
    using source = graphOf(rows.slice(0, 2_000))
    using whole = graphOf(rows)
    using merged = adopted(source, rows, () => true, rows.slice(2_000))
    expect(linksOf(merged.graph).equals(linksOf(source.graph))).toBe(true)
    expect([merged.graph.nextRow, merged.graph.record().entry]).toEqual([2_000, source.graph.record().entry])
    expectSound(merged)
    merged.thread.insert(5_000)
    // The same as if all had been inserted.
    expect(linksOf(merged.graph).equals(linksOf(whole.graph)), context).toBe(true)
  })

  test.each([
    [0.01, ['euclid']],
    [0.1, ['dot', 'manhattan']],
    [0.3, ['cosine', 'euclid']],
    [0.5, ['euclid']],
    [0.9, ['cosine']],
  ] as const)('a share of %f is left out', (share, metrics) => {
    for (const metric of metrics) {
      const random = seededRandom(seed)
      const gone = rows.map(() => random.next() < share)
      using source = graphOf(rows.slice(0, 2_200), { metric })
      using merged = adopted(source, rows, (row) => !gone[row], rows.slice(2_200))
      expectSound(merged)
      const found = recallOf(merged, queries, { limit: 10, ef: 64, rowCount: merged.graph.nextRow })
      expect(found, `${context}: ${metric}`).toBeGreaterThan(0.95)
      merged.thread.insert(5_000)
      expectSound(merged)
      expect(merged.graph.isComplete).toBe(true)
      expect(recallOf(merged, queries, { limit: 10, ef: 64 }), `${context}: ${metric}`).toBeGreaterThan(0.95)
    }
  })

  test.each([2, 3, 16, 64])('m = %i: the rules hold, whoever goes', (m) => {
    const random = seededRandom(seed)
    using source = graphOf(rows.slice(0, 1_500), { parameters: { m } })
    for (const share of [0.2, 0.6, 0.95, 0.999, 1]) {
      const gone = rows.map(() => random.next() < share)
      // The first rows are those that all others hang from.
      for (let row = 0; row < 5; row++) gone[row] = share > 0.2
      using merged = adopted(source, rows, (row) => !gone[row], rows.slice(1_500, 2_000))
      expectSound(merged)
      merged.thread.insert(5_000)
      expectSound(merged)
      expect(recallOf(merged, queries, { limit: 10, ef: 100 }), context).toBeGreaterThan(m < 4 ? 0.6 : 0.95)
    }
  })

  test('rows that lie together go, or all but those', () => {
    const middle = rows[0]!
    const away = rows.map((row) => Math.hypot(...row.map((value, at) => value - middle[at]!)))
    const bound = away.toSorted((a, b) => a - b)[600]!
    using source = graphOf(rows)
    for (const stays of [(row: number) => away[row]! > bound, (row: number) => away[row]! <= bound]) {
      using merged = adopted(source, rows, stays, [])
      expectSound(merged)
      expect(recallOf(merged, queries, { limit: 10, ef: 64 }), context).toBeGreaterThan(0.95)
    }
  })

  test('equal rows take the place of those that go', () => {
    const random = seededRandom(seed)
    const kinds = rows.slice(0, 40)
    const mixed = rows
      .slice(0, 3_000)
      .map((row) => (random.next() < 0.4 ? kinds[Math.floor(random.next() * 40)]! : row))
    using source = graphOf(mixed)
    for (const share of [0, 0.3, 0.7, 0.97]) {
      const gone = mixed.map((_, row) => row < 60 || random.next() < share)
      using merged = adopted(source, mixed, (row) => !gone[row], rows.slice(2_600))
      expectSound(merged)
      merged.thread.insert(5_000)
      expectSound(merged)
      expect(recallOf(merged, [...kinds, ...queries], { limit: 10, ef: 100 }), context).toBeGreaterThan(0.95)
      expect(recallOf(merged, kinds, { limit: 60, ef: 120 }), context).toBeGreaterThan(0.95)
    }
  })

  test('rows without a vector, and graphs that are not complete', () => {
    const sparse = rows.slice(0, 2_000).map((row, at) => (at % 5 === 2 || at < 10 ? undefined : row))
    using source = graphOf(sparse, { insert: 1_300 })
    using merged = adopted(source, sparse, (row) => row % 3 !== 0, [...sparse.slice(1_300), undefined])
    expectSound(merged)
    expect(merged.graph.nextRow).toBe(1_300 - 434)
    merged.thread.insert(5_000)
    expectSound(merged)
    expect(recallOf(merged, queries, { limit: 10, ef: 64 }), context).toBeGreaterThan(0.95)
  })

  test('of graphs over codes, which are encoded anew', () => {
    using source = graphOf(rows.slice(0, 2_000), { parameters: { elements: 'int8' } })
    using merged = adopted(source, rows, (row) => row % 4 !== 1, rows.slice(2_000))
    merged.thread.insert(5_000)
    expectSound(merged)
    expect(merged.graph.parameters.elements).toBe('int8')
    expect(recallOf(merged, queries, { limit: 10, ef: 64 }), context).toBeGreaterThan(0.95)
  })
})

describe('without rows', () => {
  test('nothing is left, or was there', () => {
    for (const few of [[], [undefined], rows.slice(0, 3)] as Row[][]) {
      using source = graphOf([...few, rows[9]!], { insert: few.length })
      using merged = adopted(source, few, () => false, rows.slice(0, 50))
      expect(merged.graph.nextRow).toBe(0)
      expectSound(merged)
      merged.thread.insert(100)
      expect(recallOf(merged, queries, { limit: 5, ef: 50 })).toBe(1)
    }
  })
})
