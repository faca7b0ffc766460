import { expect, it } from 'vitest'
import { limit } from '../data/truth.ts'
import { measureRecall } from './measure-recall.ts'

const count = 40
const truth = Uint32Array.from({ length: count * limit }, (_, i) => i)
const { signal } = new AbortController()

/** Finds the true rows of a query but `missed` of them, after some turns of the event loop. */
function searcher(missed: number) {
  return {
    run: () => undefined,
    async rows(query: number) {
      for (let turn = 0; turn < query % 3; turn++) await new Promise((resolve) => setImmediate(resolve))
      return truth.subarray(query * limit, (query + 1) * limit - missed)
    },
  }
}

it('nothing is lost where several searchers answer at once', async () => {
  expect(
    await measureRecall([searcher(0), searcher(0), searcher(0), searcher(0)], { truth, count }, signal),
  ).toBe(1)
  expect(await measureRecall([searcher(2), searcher(2)], { truth, count }, signal)).toBeCloseTo(0.8)
})

it('one searcher finds as much as several', async () => {
  expect(await measureRecall([searcher(1)], { truth, count }, signal)).toBeCloseTo(0.9)
})

it('stops when it is told to', async () => {
  const stopped = AbortSignal.abort(new Error('enough'))
  await expect(measureRecall([searcher(0)], { truth, count }, stopped)).rejects.toThrow('enough')
})
