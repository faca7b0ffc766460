import { expect, test } from 'vitest'
import { SpareTime } from './spare-time.ts'

test('there is time to spare unless other work takes more than 0.8 of it', () => {
  const clock = { ms: 1_000 }
  let use = 0
  const spare = new SpareTime({ monotonic: () => clock.ms }, () => use)
  const after = (ms: number, used: number, spent = 0): boolean => {
    use = used
    expect(spare.spend(() => (clock.ms += spent))).toBe(spent)
    clock.ms += ms - spent
    return spare.isThere
  }
  expect(spare.isThere).toBe(true)
  expect(after(50, 0.79)).toBe(true)
  expect(after(50, 0.81)).toBe(false)
  // It is looked at every 50 ms.
  expect(after(49, 0)).toBe(false)
  expect(after(1, 0)).toBe(true)
  // What it spends is no other work: 0.95 less 0.2, and less 0.1.
  expect(after(100, 0.95, 20)).toBe(true)
  expect(after(100, 0.95, 10)).toBe(false)
  expect(after(10_000, 0.5)).toBe(true)
})
