import { expect, test } from 'vitest'
import { Slices } from './slices.ts'
import { yieldToEventLoop } from './yield.ts'

function slicesBy(clock: { ms: number }): Slices {
  return new Slices({ monotonic: () => clock.ms })
}

test('a slice is over after some milliseconds, and the next begins in a later turn', async () => {
  const clock = { ms: 0 }
  const slices = slicesBy(clock)
  expect(slices.isDue()).toBe(false)
  clock.ms = 3
  expect(slices.isDue()).toBe(false)
  clock.ms = 5
  expect(slices.isDue()).toBe(true)
  let turns = 0
  setImmediate(() => (turns += 1))
  await slices.pause()
  expect(slices.isDue()).toBe(false)
  await yieldToEventLoop()
  expect(turns).toBe(1)
})

test('all who work share the time of a turn, and one of them goes on in each', async () => {
  const clock = { ms: 0 }
  const slices = slicesBy(clock)
  const order: string[] = []
  const work = async (name: string): Promise<void> => {
    for (let step = 0; step < 2; step++) {
      clock.ms += 5
      order.push(name)
      if (slices.isDue()) await slices.pause()
    }
  }
  slices.isDue()
  const between: number[] = []
  const done = Promise.all([work('a'), work('b'), work('c')])
  for (let turn = 0; turn < 8; turn++) {
    await yieldToEventLoop()
    between.push(order.length)
  }
  await done
  expect(order.join('')).toBe('abcabc')
  // Never two in one turn.
  expect(between.every((length, index) => index === 0 || length - between[index - 1]! <= 1)).toBe(true)
})
