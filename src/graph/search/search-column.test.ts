import { countBits } from '../../runtime/bits.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { graphOf, type BuiltGraph } from '../../../test/support/built-graph.ts'
import { runSearch } from '../../../test/support/run-search.ts'
import { hasBit, mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import { VectorMemory } from '../vector-memory.ts'
import type { VectorHits } from '../vector-hits.ts'
import { InlineSearcher } from './inline-searcher.ts'
import { searchColumn, type ColumnQuery, type SearchEffort } from './search-column.ts'

const seed = 90_417
const context = `seed ${seed}`
const rowCount = 20_000
const all = mixtureOf({ rows: rowCount + 60, dimensions: 16, clusters: 200, sigma: 0.5, seed })
const rows = all.slice(0, rowCount)
const queries = all.slice(rowCount)
const memory = new VectorMemory()
const built = graphOf(rows, { memory })
const searcher = new InlineSearcher()

// The largest of all, so that what scans of this thread need is there.
built.column.search({ query: queries[0]!, metric: 'euclid', limit: rowCount })
const { bytesInUse } = memory.stats()

afterAll(async () => {
  await searcher.close()
  expect(memory.stats().bytesInUse).toBe(bytesInUse)
  built[Symbol.dispose]()
})

interface Asked {
  readonly limit?: number
  readonly passing?: Uint32Array
  readonly rowLimit?: number
  readonly effort?: SearchEffort
  readonly graph?: ColumnQuery['graph']
  readonly isKept?: boolean
}

function searched(query: Float32Array, asked: Asked = {}, from: BuiltGraph = built) {
  const { passing, rowLimit = from.column.rowCount, limit = 10, effort = {}, isKept = false } = asked
  const passingCount = passing === undefined ? rowLimit : countBits(passing)
  const graph = 'graph' in asked ? asked.graph : from.graph
  const place = { column: from.column, graph, query, metric: 'euclid' as const }
  return runSearch(
    searcher,
    searchColumn({ ...place, limit, rowLimit, passing, passingCount, isKept, effort }),
  )
}

const exactly = (query: Float32Array, { passing, rowLimit = rowCount, limit = 10 }: Asked): VectorHits =>
  built.column.search({
    query,
    metric: 'euclid',
    limit,
    rowCount: rowLimit,
    ...(passing === undefined ? {} : { passing }),
  })

async function recallOf(asked: Asked): Promise<number> {
  let [found, wanted] = [0, 0]
  for (const query of queries) {
    const truth = exactly(query, asked)
    const hits = await searched(query, asked)
    const { passing, rowLimit = rowCount } = asked
    expect(new Set(hits.rows).size).toBe(hits.rows.length)
    for (const row of hits.rows) {
      expect(row).toBeLessThan(rowLimit)
      if (passing !== undefined) expect(hasBit(passing, row)).toBe(true)
    }
    // As many are found as there are, whichever way.
    expect(hits.rows).toHaveLength(truth.rows.length)
    const rowsFound = new Set(hits.rows)
    wanted += truth.rows.length
    found += truth.rows.filter((row) => rowsFound.has(row)).length
  }
  return wanted === 0 ? 1 : found / wanted
}

describe('what passes', () => {
  test.each([1, 0.99, 0.9, 0.5, 0.25, 0.15, 0.1, 0.05, 0.01, 0.001, 0])('a share of %f', async (share) => {
    const passing = share === 1 ? undefined : sampledBits(rowCount, share, seed)
    const asked = passing === undefined ? {} : { passing }
    expect(await recallOf(asked), context).toBeGreaterThan(0.97)
    expect(await recallOf({ ...asked, effort: { exact: true } })).toBe(1)
  })

  test('rows far from the query are found though all around it are left out', async () => {
    const near = new Set(queries.flatMap((query) => [...exactly(query, { limit: 2_000 }).rows]))
    const passing = new Uint32Array(rowCount / 32).fill(0xffffffff)
    for (const row of near) passing[row >>> 5]! &= ~(1 << (row & 31))
    expect(countBits(passing)).toBeGreaterThan(0)
    expect(await recallOf({ passing }), context).toBeGreaterThan(0.9)
  })

  test('a graph gives nothing where less of the rows around the query pass than was asked for', async () => {
    const passing = sampledBits(rowCount, 0.1, seed)
    const task = { graph: built.graph, query: queries[0]!, ef: 64, limit: 10, rowLimit: rowCount, passing }
    const found = async (share: number) =>
      (
        await searcher.graph({
          ...task,
          isKept: false,
          passingCount: 0,
          way: 'links' as const,
          shareMin: share * 65_536,
          deviations: 0,
        })
      )?.length
    expect(await found(0)).toBe(10)
    expect(await found(0.02)).toBe(10)
    expect(await found(0.5)).toBe(0)
  })

  test('an earlier moment sees its rows only', async () => {
    for (const rowLimit of [1, 31, 1_000, 12_345, 19_999]) {
      expect(await recallOf({ rowLimit }), context).toBeGreaterThan(0.97)
      const passing = sampledBits(rowLimit, 0.8, seed)
      expect(await recallOf({ rowLimit, passing, isKept: true }), context).toBeGreaterThan(0.97)
    }
  })

  test('limits from none to all', async () => {
    for (const limit of [0, 1, 100, 1_000, 6_000, rowCount + 1]) {
      const hits = await searched(queries[0]!, { limit })
      expect(hits.rows).toHaveLength(Math.min(limit, rowCount))
    }
    expect(await recallOf({ limit: 300 }), context).toBeGreaterThan(0.97)
  })
})

describe('rows that the graph has not', () => {
  const part = graphOf(rows, { memory: new VectorMemory(), insert: 15_000 })

  test('are found beside those that it has', async () => {
    let [found, isExact] = [0, false]
    for (const query of queries) {
      const truth = exactly(query, {})
      const hits = await searched(query, {}, part)
      isExact ||= hits.isExact
      found += truth.rows.filter((row) => hits.rows.includes(row)).length
    }
    expect(isExact).toBe(false)
    expect(found / queries.length / 10, context).toBeGreaterThan(0.97)
  })

  test('are left out of what only asks for indexed ones, unless the column is small', async () => {
    const { rows: small } = await searched(queries[0]!, { effort: { indexedOnly: true }, limit: 8_000 }, part)
    expect(Math.max(...small)).toBeGreaterThanOrEqual(15_000)
    const wide = mixtureOf({ rows: 11_000, dimensions: 256, clusters: 10, sigma: 1, seed })
    using large = graphOf(wide, { insert: 300, parameters: { efConstruct: 10 } })
    const asked = { limit: 500, effort: { indexedOnly: true } }
    const hits = await searched(wide[0]!, asked, large)
    expect([hits.rows.length > 0, Math.max(...hits.rows) < 300]).toEqual([true, true])
    expect((await searched(wide[0]!, { ...asked, graph: undefined }, large)).rows).toHaveLength(0)
    const exact = { ...asked, effort: { indexedOnly: true, exact: true } }
    expect((await searched(wide[0]!, exact, large)).rows).toHaveLength(500)
  })
})

test('a graph of another metric is not used', async () => {
  const query = queries[0]!
  const shape = { column: built.column, graph: built.graph, query, metric: 'dot' as const, isKept: false }
  const hits = await runSearch(
    searcher,
    searchColumn({
      ...{ ...shape, limit: 10, rowLimit: rowCount, passing: undefined, passingCount: rowCount },
      effort: {},
    }),
  )
  expect(hits.isExact).toBe(true)
  expect([...hits.rows]).toEqual([...built.column.search({ query, metric: 'dot', limit: 10 }).rows])
})

test('more rows in view than a graph can keep: all are compared', async () => {
  const hits = await searched(queries[0]!, { effort: { ef: 100_000 } })
  expect(hits.isExact).toBe(true)
  expect([...hits.rows]).toEqual([...exactly(queries[0]!, {}).rows])
})
