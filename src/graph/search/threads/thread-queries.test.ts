import { countBits } from '../../../runtime/bits.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { graphOf } from '../../../../test/support/built-graph.ts'
import { runSearch } from '../../../../test/support/run-search.ts'
import { counting, ended, searcherThat } from '../../../../test/support/search-threads.ts'
import { mixtureOf, sampledBits } from '../../../../test/support/vector-mixture.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { Slices } from '../../../runtime/slices.ts'
import { VectorMemory } from '../../vector-memory.ts'
import { createSearcher } from '../create-searcher.ts'
import { InlineSearcher } from '../inline-searcher.ts'
import { searchColumn, type ColumnQuery, type FoundRows } from '../search-column.ts'

const seed = 60_214
const rowCount = 9_000
const all = mixtureOf({ rows: rowCount + 24, dimensions: 24, clusters: 60, sigma: 0.5, seed })
const queries = all.slice(rowCount)
const memory = new VectorMemory()
const built = graphOf(all.slice(0, rowCount), { memory })
const slices = new Slices(systemClock)
const plain = {
  ...{ column: built.column, graph: built.graph, metric: 'euclid' as const, limit: 10, isKept: false },
  ...{ rowLimit: rowCount, passing: undefined, passingCount: rowCount, effort: { ef: 40 } },
}

afterAll(() => built[Symbol.dispose]())

/** Whether a turn of the event loop passes until it has ended. */
async function passesTurn(work: () => Promise<unknown>): Promise<boolean> {
  let hasTurned = false
  setImmediate(() => (hasTurned = true))
  await work()
  return hasTurned
}

describe('a query that is alone', () => {
  test('is answered in this turn and this thread, through graphs and scans', async () => {
    const one = searcherThat(ended, { slices: new Slices({ monotonic: () => 0 }) })
    const [query, other] = [queries[0]!, queries[1]!]
    const isInTurn = !(await passesTurn(async () => {
      const scanned = searchColumn({ ...plain, query: other, graph: undefined, rowLimit: 2_000 })
      const found = await one.run([searchColumn({ ...plain, query }), scanned])
      expect(found.map(({ rows }) => rows.length)).toEqual([10, 10])
      expect(found.map(({ isExact }) => isExact)).toEqual([false, true])
    }))
    expect(isInTurn).toBe(true)
    await one.close()
  })

  test.each([
    ['graph with many rows in view', { effort: { ef: 500 }, limit: 3 }],
    ['scan of many rows', { effort: { exact: true }, limit: 3 }],
  ])('leaves a %s to a thread', async (_, asked) => {
    const large = graphOf(mixtureOf({ rows: 40_000, dimensions: 8, clusters: 10, sigma: 1, seed }), {
      insert: 'ef' in asked.effort ? 40_000 : 0,
      parameters: { m: 4, efConstruct: 8 },
    })
    const one = searcherThat(counting)
    const shape = {
      ...plain,
      column: large.column,
      graph: large.graph,
      rowLimit: 40_000,
      passingCount: 40_000,
    }
    const query = queries[0]!.slice(0, 8)
    // The thread says that it has found row 1.
    const { rows } = await runSearch(one, searchColumn({ ...shape, ...asked, query }))
    expect(rows[0]).toBe(1)
    await one.close()
    large[Symbol.dispose]()
  })

  test('lets the event loop turn once its share of a turn is used up, and goes on in this thread', async () => {
    const clock = { ms: 0 }
    const one = searcherThat(ended, { slices: new Slices({ monotonic: () => clock.ms }) })
    const search = () => runSearch(one, searchColumn({ ...plain, query: queries[0]! }))
    const turns: boolean[] = []
    for (let at = 0; at < 6; at++) {
      turns.push(await passesTurn(search))
      clock.ms += 0.6
    }
    expect(turns).toEqual([false, false, true, false, true, false])
    await one.close()
  })
})

test('queries that come in one turn go to a thread in one message', async () => {
  const one = searcherThat(counting)
  const found = await Promise.all(
    queries.slice(0, 4).map((query) => {
      const scanned = searchColumn({ ...plain, query, graph: undefined, rowLimit: 500 })
      return one.run([searchColumn({ ...plain, query, limit: 1 }), scanned])
    }),
  )
  for (const [first, second] of found) expect([first!.rows[0], second!.rows[0]]).toEqual([8, 8])
  // The next is alone again, and finds what is there.
  const alone = await runSearch(one, searchColumn({ ...plain, query: queries[0]! }))
  expect([...alone.rows]).toEqual([...(await exactly({ ...plain, query: queries[0]! })).rows])
  await one.close()
})

test('with no other thread all queries are answered in this turn, while it has time', async () => {
  const clock = { ms: 0 }
  const only = searcherThat(ended, { slices: new Slices({ monotonic: () => clock.ms }), threads: 1 })
  const all = () => Promise.all(queries.map((query) => runSearch(only, searchColumn({ ...plain, query }))))
  expect(await passesTurn(all)).toBe(false)
  clock.ms = 1.2
  expect(await passesTurn(all)).toBe(true)
  const found = await all()
  for (const [index, query] of queries.entries())
    expect([...found[index]!.rows]).toEqual([...(await exactly({ ...plain, query })).rows])
  await only.close()
})

test('queries that are under way when it is closed fail, and give back all memory', async () => {
  const { bytesInUse } = memory.stats()
  for (const turns of [0, 1, 3]) {
    const one = searcherThat('while (true) {}')
    const open = queries.map((query, index) => {
      const passing = sampledBits(rowCount, 0.5, index % 3)
      const filtered = { ...plain, query, passing, passingCount: countBits(passing), isKept: index % 2 === 0 }
      return one.run([searchColumn(filtered), searchColumn({ ...filtered, graph: undefined, rowLimit: 800 })])
    })
    const all = Promise.allSettled(open)
    for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    await one.close()
    for (const each of await all) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'database-closed' } })
    }
    expect(memory.stats().bytesInUse, `after ${turns} turns`).toBe(bytesInUse)
  }
})

const reference = new InlineSearcher()
const exactly = (query: ColumnQuery): Promise<FoundRows> => runSearch(reference, searchColumn(query))

test('one by one, in crowds and in the calling thread alone, queries find the same', async () => {
  const entry = new URL('../../../../test/support/search-worker.mjs', import.meta.url)
  const searcher = createSearcher(2, slices, { entry })
  const random = seededRandom(seed)
  // Rows that were deleted, and what filters leave of the others.
  const alive = sampledBits(rowCount, 0.97, seed)
  const asked = Array.from({ length: 120 }, (_, index): ColumnQuery => {
    const share = [1, 0.6, 0.3, 0.12, 0.05, 0.004][index % 6]!
    const filter = sampledBits(rowCount, share, seed + index)
    const passing = index % 7 === 0 ? alive : filter.map((word, at) => word & alive[at]!)
    const rowLimit = index % 5 === 0 ? 1 + Math.floor(random.next() * rowCount) : rowCount
    const effort = index % 11 === 0 ? { exact: true } : { ef: 16 + Math.floor(random.next() * 300) }
    const place = { ...plain, query: queries[index % queries.length]!, rowLimit, effort }
    return {
      ...place,
      limit: 1 + (index % 30),
      passing,
      passingCount: countBits(passing),
      isKept: passing === alive,
    }
  })
  const expected: FoundRows[] = []
  for (const query of asked) expected.push(await exactly(query))
  const context = `seed ${seed}`
  for (const [index, query] of asked.entries()) {
    expect(await runSearch(searcher, searchColumn(query)), `${context}, query ${index}`).toEqual(
      expected[index],
    )
  }
  const crowd = await Promise.all(asked.map((query) => runSearch(searcher, searchColumn(query))))
  expect(crowd, context).toEqual(expected)
  await searcher.close()
  await reference.close()
})
