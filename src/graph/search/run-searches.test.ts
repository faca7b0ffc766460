import { expect, test } from 'vitest'
import { later, runSearches } from './run-searches.ts'
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

test('a task that fails at once ends its search, which gives back what it holds', async () => {
  let ended = 0
  const failing = runSearches(noThreads, [asking(1, () => (ended += 1)), asking(1)], () => {
    throw new Error('no memory')
  })
  await expect(failing).rejects.toThrow('no memory')
  expect(ended).toBe(1)
})

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
  await expect(runSearches(searcher, searches, () => later)).rejects.toThrow('the thread has ended')
  expect(events).toEqual(['first', 'second'])
})
