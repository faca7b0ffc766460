import { expect, test } from 'vitest'
import type { Clock } from '../../runtime/clock.ts'
import { Pace } from './pace.ts'

/** Time passes only while somebody waits for it. */
class WaitingClock implements Clock {
  time = 0
  readonly #waiting: { readonly at: number; readonly callback: () => void }[] = []
  now(): number {
    return this.time
  }
  monotonic(): number {
    return this.time
  }
  after(delayMs: number, callback: () => void): { cancel(): void } {
    const entry = { at: this.time + delayMs, callback }
    this.#waiting.push(entry)
    return {
      cancel: () => {
        const at = this.#waiting.indexOf(entry)
        if (at >= 0) this.#waiting.splice(at, 1)
      },
    }
  }
  get waiting(): number {
    return this.#waiting.length
  }
  next(): void {
    const entry = this.#waiting.shift()!
    this.time = entry.at
    entry.callback()
  }
}

async function drive<T>(clock: WaitingClock, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = work.finally(() => (isDone = true))
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve))
    if (isDone) return done
    if (clock.waiting > 0) clock.next()
  }
}

test('bytes take the time that the rate gives them', async () => {
  const clock = new WaitingClock()
  const pace = new Pace(clock, 1000)
  const read = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await pace.take(100, undefined)
  }
  await drive(clock, read())
  // 10,000 bytes at 1,000 a second, less the small credit that a late start leaves.
  expect(clock.time).toBeGreaterThanOrEqual(9_940)
  expect(clock.time).toBeLessThanOrEqual(10_000)
})

test('time that was not used is not saved up', async () => {
  const clock = new WaitingClock()
  const pace = new Pace(clock, 1000)
  clock.time = 1_000_000
  await drive(clock, pace.take(1000, undefined))
  expect(clock.time).toBeGreaterThanOrEqual(1_000_940)
})

test('many small reads wait together, not one by one', async () => {
  const clock = new WaitingClock()
  const pace = new Pace(clock, 100_000)
  let waits = 0
  const after = clock.after.bind(clock)
  clock.after = (delayMs, callback) => {
    waits += 1
    return after(delayMs, callback)
  }
  const read = async (): Promise<void> => {
    for (let i = 0; i < 10_000; i++) await pace.take(10, undefined)
  }
  await drive(clock, read())
  expect(clock.time).toBeGreaterThanOrEqual(930)
  expect(waits).toBeLessThanOrEqual(100)
})

test('a wait ends when the signal aborts, and leaves no timer', async () => {
  const clock = new WaitingClock()
  const pace = new Pace(clock, 1)
  const controller = new AbortController()
  const wait = pace.take(1_000_000, controller.signal)
  expect(clock.waiting).toBe(1)
  controller.abort()
  await wait
  expect(clock.waiting).toBe(0)
  expect(clock.time).toBe(0)
})

test('without a rate nothing waits', async () => {
  const clock = new WaitingClock()
  await new Pace(clock, undefined).take(2 ** 40, undefined)
  expect(clock.waiting).toBe(0)
})

for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a rate of ${wrong} is refused`, () => {
    expect(() => new Pace(new WaitingClock(), wrong)).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    )
  })
}
