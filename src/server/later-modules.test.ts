import { expect, test } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { loadLater } from './later-modules.ts'

/** A clock whose timers are rung by hand. */
function handClock() {
  const timers: (() => void)[] = []
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: (_delayMs, callback) => {
      timers.push(callback)
      return { cancel: () => void timers.splice(timers.indexOf(callback), 1) }
    },
  }
  return { clock, timers }
}

const idle = (): number => 0

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test.each([
  ['everything is in memory', () => Promise.resolve()],
  ['something cannot be loaded', () => Promise.reject(new Error('damaged'))],
])('one after the other is loaded a while after %s', async (_, loaded) => {
  const { clock, timers } = handClock()
  const events: string[] = []
  const load = (name: string) => async () => {
    events.push(`${name} begins`)
    await settle()
    events.push(`${name} ends`)
  }
  loadLater([load('a'), load('b')], loaded(), clock, (error) => events.push(String(error)), idle)
  await settle()
  expect(events).toEqual([])
  expect(timers).toHaveLength(1)
  timers[0]!()
  await settle()
  await settle()
  await settle()
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('a server that stops loads nothing more', async () => {
  const { clock, timers } = handClock()
  let loads = 0
  const begin = (loaded: Promise<unknown>) =>
    loadLater([async () => void (loads += 1)], loaded, clock, () => undefined, idle)
  begin(new Promise(() => undefined)).cancel()
  const early = begin(settle())
  early.cancel()
  await settle()
  await settle()
  expect(timers).toHaveLength(0)
  const late = begin(Promise.resolve())
  await settle()
  expect(timers).toHaveLength(1)
  late.cancel()
  expect(timers).toHaveLength(0)
  expect(loads).toBe(0)
})

test('what cannot be loaded is a fault of the program', async () => {
  const { clock, timers } = handClock()
  const faults: unknown[] = []
  const broken = new Error('no such module')
  loadLater([() => Promise.reject(broken)], Promise.resolve(), clock, (error) => faults.push(error), idle)
  await settle()
  timers[0]!()
  await settle()
  expect(faults).toEqual([broken])
})

test('a thread that is at work loads them when it no longer is, or after a minute', async () => {
  for (const [uses, expected] of [
    [[1, 0.9, 0.6, 0.4], 3],
    [new Array<number>(100).fill(1), 60],
  ] as const) {
    const { clock, timers } = handClock()
    const left = [...uses]
    let loads = 0
    const load = async (): Promise<void> => void (loads += 1)
    loadLater(
      [load],
      Promise.resolve(),
      clock,
      () => undefined,
      () => left.shift() ?? 0,
    )
    await settle()
    let rung = 0
    while (timers.length > 0) {
      expect(loads).toBe(0)
      timers.shift()!()
      rung += 1
    }
    await settle()
    expect([rung, loads]).toEqual([expected, 1])
  }
})
