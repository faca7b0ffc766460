import { expect, it } from 'vitest'
import { byTurns } from './by-turns.ts'

const { signal } = new AbortController()

it('either is first in every other pair, and each is measured once in a pair', async () => {
  const order: string[] = []
  const measure = (name: string) => async () => {
    await Promise.resolve()
    return `${name} ${order.push(name)}`
  }
  const pairs = await byTurns(measure('one'), measure('two'), { pairs: 3, signal })
  expect(order).toEqual(['one', 'two', 'two', 'one', 'one', 'two'])
  expect(pairs).toEqual([
    { one: 'one 1', two: 'two 2' },
    { one: 'one 4', two: 'two 3' },
    { one: 'one 5', two: 'two 6' },
  ])
})

it('goes on until as many pairs count as are wanted, and not for ever', async () => {
  let measured = 0
  const measure = async () => ++measured
  const some = await byTurns(measure, measure, { pairs: 2, signal, counts: ({ one }) => one > 4 })
  expect(some).toEqual([
    { one: 1, two: 2 },
    { two: 3, one: 4 },
    { one: 5, two: 6 },
    { two: 7, one: 8 },
  ])
  expect(await byTurns(measure, measure, { pairs: 2, signal, counts: () => false })).toHaveLength(8)
})

it('stops when it is told to, between pairs', async () => {
  const stopping = new AbortController()
  let measured = 0
  const measure = async () => {
    if (++measured === 4) stopping.abort(new Error('enough'))
  }
  await expect(byTurns(measure, measure, { pairs: 9, signal: stopping.signal })).rejects.toThrow('enough')
  expect(measured).toBe(4)
})
