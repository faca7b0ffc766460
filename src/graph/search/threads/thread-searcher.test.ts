import { countBits } from '../../../runtime/bits.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphOf, present } from '../../../../test/support/built-graph.ts'
import { busy, counting, ended, searcherThat } from '../../../../test/support/search-threads.ts'
import { mixtureOf, sampledBits } from '../../../../test/support/vector-mixture.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { seededRandom } from '../../../runtime/random.ts'
import { Slices } from '../../../runtime/slices.ts'
import { SpareTime } from '../../../runtime/spare-time.ts'
import type { HnswGraph } from '../../hnsw/hnsw-graph.ts'
import { VectorColumn } from '../../vector-column.ts'
import { VectorMemory } from '../../vector-memory.ts'
import { createSearcher } from '../create-searcher.ts'
import { InlineSearcher } from '../inline-searcher.ts'
import { ThreadSearcher } from './thread-searcher.ts'
import type { GraphTask, ScanTask, VectorSearcher } from '../vector-searcher.ts'

const seed = 51_288
const rowCount = 5_000
const all = mixtureOf({ rows: rowCount + 20, dimensions: 24, clusters: 50, sigma: 0.5, seed })
const rows = all.slice(0, rowCount)
const queries = all.slice(rowCount)

const slices = new Slices(systemClock)
/** A calling thread that has all the time there is: nothing takes any. */
const free = (): SpareTime => new SpareTime({ monotonic: () => 0 })
const searcherOf = (workers: number, spare = busy()): VectorSearcher => {
  const entry = new URL('../../../../test/support/search-worker.mjs', import.meta.url)
  return createSearcher(workers + 1, slices, { entry, spare })
}

/** How many tasks the message had with this one; 0: it was done here. */
const countOf = (keys: BigUint64Array | undefined): number =>
  keys?.length === 1 ? Number(keys[0]! & 0xffff_ffffn) : 0

describe('worker threads', () => {
  const memory = new VectorMemory()
  const built = graphOf(rows, { memory })
  const plain = {
    ...{ graph: built.graph, ef: 64, limit: 10, rowLimit: rowCount },
    ...{
      passing: undefined,
      isKept: false,
      passingCount: 0,
      way: 'links' as const,
      shareMin: 0,
      deviations: 0,
    },
  }
  const inline = new InlineSearcher()
  let searcher: VectorSearcher

  beforeAll(() => {
    searcher = searcherOf(2)
    // The largest of all, so that what scans of this thread need is there.
    built.column.search({ query: queries[0]!, metric: 'euclid', limit: rowCount })
  })
  afterAll(async () => {
    await searcher.close()
    await inline.close()
    built[Symbol.dispose]()
  })

  /** Both, with all tasks at once in the threads. */
  async function expectSame(tasks: readonly (GraphTask | ScanTask)[]): Promise<void> {
    const run = (by: VectorSearcher, task: GraphTask | ScanTask) =>
      'graph' in task ? by.graph(task) : by.scan(task)
    const found = await Promise.all(tasks.map((task) => run(searcher, task)))
    for (const [index, task] of tasks.entries()) {
      expect([...present(found[index])], `seed ${seed}, task ${index}`).toEqual([
        ...present(await run(inline, task)),
      ])
    }
  }

  test('graphs are searched with the same result as in this thread', async () => {
    expect(searcher).toBeInstanceOf(ThreadSearcher)
    const kept = sampledBits(rowCount, 0.95, seed)
    await expectSame(
      queries.flatMap((query) => [
        { ...plain, query },
        { ...plain, query, ef: 1_000, limit: 1_000 },
        { ...plain, query, rowLimit: 3_001, way: 'wide' as const },
        { ...plain, query, passing: kept, isKept: true, way: 'wide' as const, limit: 64 },
        { ...plain, query, passing: sampledBits(rowCount, 0.2, seed), ef: 200 },
      ]),
    )
  })

  test('codes are compared with the same result as in this thread', async () => {
    using coded = graphOf(rows, { memory: new VectorMemory(), parameters: { elements: 'int8' } })
    const codes = { ...plain, graph: coded.graph, way: 'codes' as const, ef: 46 }
    const passing = sampledBits(rowCount, 0.1, seed)
    await expectSame(
      queries.flatMap((query) => [
        { ...codes, query },
        { ...codes, query, passing, passingCount: rowCount / 10 },
        { ...codes, query, passing, passingCount: rowCount / 10, rowLimit: 3_001, limit: 46 },
      ]),
    )
  })

  test('what is more than a thread is given ahead is given when the thread has nothing to do', async () => {
    const own = searcherOf(1)
    const random = seededRandom(seed)
    const [query] = queries
    const scan = { column: built.column, query: query!, metric: 'euclid', limit: 10, firstRow: 0 } as const
    for (let round = 0; round < 50; round++) {
      // Of these several are under way at a time; the graph is dearer than all that a thread may have ahead.
      const scans = Array.from({ length: 7 }, () => {
        const rowLimit = 1 + Math.floor(random.next() * rowCount)
        return own.scan({ ...scan, rowLimit, passing: undefined, isKept: false, passingCount: rowLimit })
      })
      const found = await Promise.all([...scans, own.graph({ ...plain, query: query!, ef: 1_000 })])
      expect(present(found.at(-1))).toHaveLength(10)
    }
    await own.close()
  })

  test('scans give the same, of any rows and limits', async () => {
    const random = seededRandom(seed)
    const { column } = built
    await expectSame(
      Array.from({ length: 40 }, (_, index) => {
        const rowLimit = 1 + Math.floor(random.next() * rowCount)
        const passing = index % 3 === 0 ? undefined : sampledBits(rowLimit, random.next(), index)
        return {
          ...{ column, query: queries[index % 20]!, metric: 'euclid' as const, rowLimit, passing },
          ...{ firstRow: index % 2 === 0 ? 0 : Math.floor(random.next() * rowLimit) },
          ...{ limit: 1 + Math.floor(random.next() * 300), isKept: false },
          passingCount: passing === undefined ? rowLimit : countBits(passing),
        }
      }),
    )
  })

  test('columns in several memories, with rows that have no vector', async () => {
    const many = new VectorMemory({ arenaBytesMax: 24 * 2 ** 20 })
    const column = new VectorColumn(2_048, 0, many)
    const random = seededRandom(seed)
    const row = (): Float32Array => Float32Array.from({ length: 2_048 }, () => random.next())
    for (let count = 0; count < 2_000; count++) column.append(count % 7 === 3 ? undefined : row())
    expect(new Set(column.chunks().map(({ region }) => region.arena)).size).toBeGreaterThan(1)
    const scans = Array.from({ length: 5 }, (_, index) => {
      const passing = index === 0 ? undefined : sampledBits(2_000, 0.4, index)
      const passingCount = passing === undefined ? 2_000 : countBits(passing)
      const range = { firstRow: index * 100, rowLimit: 2_000 - index }
      return {
        column,
        query: row(),
        metric: 'cosine' as const,
        limit: 50,
        ...range,
        passing,
        passingCount,
        isKept: false,
      }
    })
    await expectSame(scans)
  })

  test('a thread that fails takes its searches with it, and another one takes its place', async () => {
    const { arena, capacityRows, parameters, column } = built.graph
    const broken = { arena, capacityRows, parameters, column, address: 0xffff_fff0 } as unknown as HnswGraph
    const one = searcherOf(1)
    const task = { ...plain, query: queries[0]! }
    const found = await Promise.allSettled([one.graph(task), one.graph({ ...task, graph: broken })])
    // Both were in one message.
    for (const each of found) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'internal' } })
    }
    const again = await Promise.all([one.graph(task), one.graph(task)])
    expect(again.map((keys) => keys?.length)).toEqual([10, 10])
    await one.close()
  })

  test('what is under way when it is closed fails, and all memory is given back', async () => {
    const { bytesInUse } = memory.stats()
    const one = searcherOf(1)
    const passing = sampledBits(rowCount, 0.5, seed)
    const tasks = queries.map((query) => ({ ...plain, query, passing, isKept: true }))
    await Promise.all(tasks.map((task) => one.graph(task)))
    expect(memory.stats().bytesInUse).toBeGreaterThan(bytesInUse)
    const open = Promise.allSettled(
      tasks.flatMap((task) => [one.graph(task), one.graph({ ...task, ef: 4_000 })]),
    )
    await Promise.resolve()
    await one.close()
    for (const each of await open) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'database-closed' } })
    }
    await expect(one.graph(tasks[0]!)).rejects.toThrow(expect.objectContaining({ code: 'database-closed' }))
    expect(memory.stats().bytesInUse).toBe(bytesInUse)
  })

  test('a thread that has been given searches when it is closed answers none of them', async () => {
    const { bytesInUse } = memory.stats()
    const one = searcherThat('while (true) {}')
    const open = Promise.allSettled(queries.map((query) => one.graph({ ...plain, query })))
    for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    await one.close()
    for (const each of await open) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'database-closed' } })
    }
    expect(memory.stats().bytesInUse).toBe(bytesInUse)
  })

  test('what is asked for in one turn is one message, or a few if it takes long', async () => {
    const one = searcherThat(counting)
    for (const [ef, tasks] of [
      [20, 8],
      [64, 4],
    ] as const) {
      const asked = queries.slice(0, 8).map((query) => one.graph({ ...plain, query, ef }))
      const found = await Promise.all(asked)
      expect(found.map((keys) => Number(present(keys)[0]! & 0xffff_ffffn))).toEqual(Array(8).fill(tasks))
    }
    await one.close()
  })

  test('who has messages to answer gets whole ones only, until little is left to it', async () => {
    // Answers nothing before the third message: each task with as many as there are in its message.
    const one = searcherThat(`
      globalThis.held ??= []
      let count = 0; for (let at = 0; at < words.length; at += words[at + 2]) count += 1
      held.push(count)
      if (held.length < 3) return
      for (const tasks of held.splice(0)) {
        const out = new Uint32Array(tasks * 4); for (let i = 0; i < tasks; i++) out.set([1, 0, tasks, 7], i * 4)
        parentPort.postMessage(out)
      }`)
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
    const asked: Promise<unknown>[] = []
    // Four of them are a whole message.
    for (const together of [2, 1, 1, 1, 1, 1]) {
      for (const query of queries.slice(0, together)) asked.push(one.graph({ ...plain, query }))
      for (let turns = 0; turns < 3; turns++) await turn()
    }
    const found = (await Promise.all(asked)) as BigUint64Array[]
    expect(found.map((keys) => Number(keys[0]! & 0xffff_ffffn))).toEqual([2, 2, 1, 4, 4, 4, 4])
    await one.close()
  })

  test('a search that is alone does not leave this thread', async () => {
    const one = searcherThat(ended)
    for (const query of queries) expect(await one.graph({ ...plain, query })).toHaveLength(10)
    await one.close()
  })

  test.each([
    // Two messages of equal size, and what is half as much.
    [2, [1, 0]],
    [3, [1, 1, 0]],
    [4, [1, 1, 0, 0]],
    [10, [4, 4, 4, 4, 4, 4, 4, 4, 0, 0]],
    [16, [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 0, 0, 0, 0]],
  ])('of %i that come in one turn some are done here, if there is time to spare', async (many, expected) => {
    const one = searcherThat(counting, { threads: 2, spare: free() })
    const found = await Promise.all(
      queries.slice(0, many).map((query) => one.graph({ ...plain, query, ef: 16 })),
    )
    expect(found.map(countOf)).toEqual(expected)
    await one.close()
  })

  test('several threads get as much as each other, two messages each', async () => {
    const one = searcherThat(counting, { threads: 3, spare: free() })
    const found = await Promise.all(
      queries.slice(0, 18).map((query) => one.graph({ ...plain, query, ef: 16 })),
    )
    expect(found.map(countOf)).toEqual([...Array<number>(16).fill(4), 0, 0])
    await one.close()
  })

  test('what is done here leaves the event loop its turns, and others what comes in them', async () => {
    // Each look at the clock is 0.02 ms later: two searches take more than 0.03.
    let ms = 0
    const spare = new SpareTime({ monotonic: () => (ms += 0.02) }, () => 0)
    const one = searcherThat(counting, { threads: 2, spare })
    let turns = 0
    let isOver = false
    const turn = (): void => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    const open = queries.map((query) => one.graph({ ...plain, query, ef: 16 }))
    setImmediate(turn)
    const found = await Promise.all(open)
    isOver = true
    const here = found.filter((keys) => countOf(keys) === 0).length
    expect(here).toBeGreaterThan(0)
    expect(turns).toBeGreaterThanOrEqual(Math.ceil(here / 2))
    await one.close()
  })

  test('the only thread does all that is short itself, and leaves what is long to another', async () => {
    const one = searcherThat(counting, { threads: 1, spare: busy() })
    const short = queries.map((query) => one.graph({ ...plain, query }))
    const long = [3_000, 4_000].map((ef) => one.graph({ ...plain, query: queries[0]!, ef }))
    expect((await Promise.all(short)).map(countOf)).toEqual(queries.map(() => 0))
    expect((await Promise.all(long)).map(countOf)).toEqual([1, 1])
    await one.close()
  })

  test('what is short does not wait for what is long, if there is time to spare', async () => {
    const one = searcherThat('', { threads: 2, spare: free() })
    const long = Promise.allSettled(
      [3_000, 4_000].map((ef) => one.graph({ ...plain, query: queries[0]!, ef })),
    )
    const short = queries.map((query) => one.graph({ ...plain, query }))
    expect((await Promise.all(short)).map((keys) => keys?.length)).toEqual(queries.map(() => 10))
    await one.close()
    for (const each of await long) expect(each.status).toBe('rejected')
  })

  test('shared between threads, searches find what they find here', async () => {
    for (const workers of [1, 2]) {
      const one = searcherOf(workers, free())
      const tasks = Array.from({ length: 200 }, (_, index) => {
        const share = [1, 0.5, 0.1][index % 3]!
        const passing = share === 1 ? undefined : sampledBits(rowCount, share, index)
        return {
          ...plain,
          query: queries[index % 20]!,
          ef: 16 + (index % 40),
          passing,
          isKept: index % 2 === 0,
        }
      })
      const found = await Promise.all(tasks.map((task) => one.graph(task)))
      for (const [index, task] of tasks.entries())
        expect([...present(found[index])]).toEqual([...present(await inline.graph(task))])
      await one.close()
    }
  })
})

test('without a built worker, searches stay in the calling thread', () => {
  expect(createSearcher(2, slices)).toBeInstanceOf(InlineSearcher)
})
