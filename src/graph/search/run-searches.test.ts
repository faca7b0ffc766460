import { expect, test } from 'vitest'
import { later, runSearches, type DoNow } from './run-searches.ts'
import type { FoundKeys, Searching, SearchTask, VectorSearcher } from './vector-searcher.ts'

const task = { kind: 'graph', task: {} } as SearchTask
const keys = (value: number): BigUint64Array => BigUint64Array.of(BigInt(value))

/** Asks so many times; gives what it has been answered. */
function* asking(times: number, onEnd: () => void = () => undefined): Searching<number[]> {
  const answers: number[] = []
  try {
    for (let turn = 0; turn < times; turn++) answers.push(Number((yield task)?.[0] ?? -1))
    return answers
  } finally {
    onEnd()
  }
}

function searcherThat(graph: () => Promise<FoundKeys>): Pick<VectorSearcher, 'graph' | 'scan' | 'stored'> {
  const none = () => Promise.reject(new Error('nobody asks for it'))
  return { graph, scan: none, stored: none }
}

const notNow: DoNow = () => later
const noThreads = searcherThat(() => Promise.reject(new Error('nothing is left for threads')))

test('searches whose tasks are done at once end one after the other, and nothing is left for others', async () => {
  let done = 0
  const found = await runSearches(noThreads, [asking(2), asking(0), asking(3)], () => keys(++done))
  expect(found).toEqual([[1, 2], [], [3, 4, 5]])
})

test('from the first task on that is not done now, the searcher does it and all that follows', async () => {
  let [here, there] = [0, 100]
  const searcher = searcherThat(() => Promise.resolve(keys(++there)))
  const doNow = () => (here < 3 ? keys(++here) : later)
  const found = await runSearches(searcher, [asking(2), asking(2), asking(1)], doNow)
  expect(found[0]).toEqual([1, 2])
  expect(found[1]![0]).toBe(3)
  expect([found[1]![1], found[2]![0]].sort()).toEqual([101, 102])
})

test('what is left of all searches is asked for together, where the searcher does that', async () => {
  const asked: number[] = []
  const together = (tasks: readonly SearchTask[]) => {
    asked.push(tasks.length)
    return Promise.resolve(tasks.map((_, index) => keys(asked.length * 10 + index)))
  }
  let here = 0
  const doNow = () => (here < 1 ? keys(++here) : later)
  const searches = [asking(1), asking(3), asking(2)]
  const found = await runSearches({ ...noThreads, together }, searches, doNow)
  expect(found).toEqual([[1], [10, 20, 30], [11, 21]])
  expect(asked).toEqual([2, 2, 1])
})

test('whatever fails, all searches of the query give back what they hold', async () => {
  const failing = () => Promise.reject(new Error('the thread has ended'))
  const searchers = [
    { searcher: noThreads, doNow: failsAtOnce(2), error: 'no memory' },
    { searcher: searcherThat(failing), doNow: notNow, error: 'the thread has ended' },
    { searcher: { ...noThreads, together: failing }, doNow: notNow, error: 'the thread has ended' },
  ] as const
  for (const { searcher, doNow, error } of searchers) {
    const ended: string[] = []
    const searches = ['a', 'b'].map((name) => asking(2, () => ended.push(name)))
    await expect(runSearches(searcher, searches, doNow)).rejects.toThrow(error)
    expect(ended.sort()).toEqual(['a', 'b'])
  }
})

/** The first search waits for threads; the second one's task fails. */
function failsAtOnce(which: number): DoNow {
  let asked = 0
  return () => {
    asked += 1
    if (asked === which) throw new Error('no memory')
    return later
  }
}

test('a task that fails later does so once the other searches have ended', async () => {
  const events: string[] = []
  const answers = [
    () => Promise.reject(new Error('the thread has ended')),
    async () => {
      for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
      return keys(1)
    },
  ]
  const searcher = searcherThat(() => answers.shift()!())
  const searches = ['first', 'second'].map((name) => asking(1, () => events.push(name)))
  await expect(runSearches(searcher, searches, notNow)).rejects.toThrow('the thread has ended')
  expect(events).toEqual(['second', 'first'])
})
