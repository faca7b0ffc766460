import { expect, it } from 'vitest'
import { closedLoop } from './load.ts'

it('every client waits for its answer before it asks again, and queries are taken in turn', async () => {
  const asked: number[] = []
  let atOnce = 0
  let most = 0
  const searcher = {
    async run(query: number) {
      asked.push(query)
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => setImmediate(resolve))
      atOnce--
    },
    rows: async () => [],
  }
  const { queries } = await closedLoop([searcher, searcher, searcher], 4, 20)
  expect(most).toBe(3)
  expect(queries).toBe(asked.length)
  expect(asked).toEqual(asked.map((_, i) => i % 4))
})

it('a query that fails ends the load', async () => {
  const failing = { run: () => Promise.reject(new Error('refused')), rows: async () => [] }
  await expect(closedLoop([failing], 4, 20)).rejects.toThrow('refused')
})
