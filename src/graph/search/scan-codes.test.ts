import { countBits } from '../../runtime/bits.ts'
import { expect, test } from 'vitest'
import { graphOf } from '../../../test/support/built-graph.ts'
import { hasBit, mixtureOf, sampledBits } from '../../../test/support/vector-mixture.ts'
import { seededRandom } from '../../runtime/random.ts'
import { VectorMemory } from '../vector-memory.ts'
import { InlineSearcher } from './inline-searcher.ts'
import { searchColumn, type ColumnQuery } from './search-column.ts'
import type { FoundKeys, SearchTask } from './vector-searcher.ts'

const seed = 51_022
const context = `seed ${seed}`
const rowCount = 6_000
const random = seededRandom(seed)
const all = mixtureOf({ rows: rowCount + 30, dimensions: 80, clusters: 100, sigma: 0.5, seed })
const queries = all.slice(rowCount)
/** Some have no vector, and some that of another row. */
const rows = all.slice(0, rowCount).map((vector, at) => {
  const kind = random.next()
  if (kind < 0.05) return undefined
  return kind < 0.15 ? all[at % 50] : vector
})

/** What the search finds, and what it asked for on the way. */
function searched(searcher: InlineSearcher, query: ColumnQuery) {
  const searching = searchColumn(query)
  const asked: string[] = []
  const now = (task: SearchTask): FoundKeys => {
    asked.push(task.kind === 'graph' ? task.task.way : task.kind)
    if (task.kind === 'graph') return searcher.graphNow(task.task)
    if (task.kind === 'scan') return searcher.scanNow(task.task)
    throw new Error('the vectors are in memory')
  }
  let step = searching.next()
  while (step.done !== true) step = searching.next(now(step.value))
  return { hits: step.value, asked }
}

test.each(['int8', 'bfloat16', 'float32'] as const)(
  'few rows that pass are compared by their codes or sketches: %s',
  async (elements) => {
    const searcher = new InlineSearcher()
    using built = graphOf(rows, { memory: new VectorMemory(), parameters: { elements }, insert: 5_500 })
    const { column, graph } = built
    const present = rows.map((row) => row !== undefined)
    let [found, wanted, byCodes] = [0, 0, 0]
    for (const share of [0.001, 0.005, 0.02, 0.05, 0.15]) {
      for (const [index, query] of queries.entries()) {
        const rowLimit = index % 3 === 0 ? rowCount : 1 + Math.floor(random.next() * rowCount)
        const limit = [1, 10, 40][index % 3]!
        const passing = sampledBits(rowLimit, share, seed + index)
        const place = { column, graph, query, metric: 'euclid' as const, limit, rowLimit, passing }
        const asked = { ...place, passingCount: countBits(passing), isKept: index % 2 === 0 }
        const truth = column.search({ query, metric: 'euclid', limit, rowCount: rowLimit, passing })
        const { hits, asked: ways } = searched(searcher, { ...asked, effort: { ef: 400 } })
        if (ways.includes('codes')) byCodes += 1
        expect(hits.rows).toHaveLength(truth.rows.length)
        expect(new Set(hits.rows).size).toBe(hits.rows.length)
        expect([...hits.rows].every((row) => row < rowLimit && hasBit(passing, row) && present[row])).toBe(
          true,
        )
        // The bits of the vectors, not of codes.
        expect(hits.scores).toEqual(column.score(query, 'euclid', hits.rows))
        expect(hits.scores).toEqual(hits.scores.toSorted())
        const right = new Set(truth.rows)
        found += [...hits.rows].filter((row) => right.has(row)).length
        wanted += truth.rows.length
        const exact = searched(searcher, { ...asked, effort: { exact: true } })
        expect([exact.asked.includes('codes'), exact.hits.rows]).toEqual([false, truth.rows])
        const most = searched(searcher, { ...asked, effort: { ef: 5_000 } })
        expect([most.asked.includes('codes'), most.hits.rows]).toEqual([false, truth.rows])
      }
    }
    expect(byCodes, context).toBeGreaterThan(20)
    expect(found / wanted, context).toBeGreaterThan(0.998)
    await searcher.close()
  },
)

test('of a graph without codes few rows that pass are compared by the vectors', () => {
  const searcher = new InlineSearcher()
  using built = graphOf(rows, { memory: new VectorMemory() })
  const passing = sampledBits(rowCount, 0.02, seed)
  const { column, graph } = built
  const asked = {
    column,
    graph,
    query: queries[0]!,
    metric: 'euclid' as const,
    limit: 10,
    rowLimit: rowCount,
  }
  const counted = { passing, passingCount: countBits(passing), isKept: false, effort: { ef: 400 } }
  expect(searched(searcher, { ...asked, ...counted }).asked).toEqual(['scan'])
  void searcher.close()
})
