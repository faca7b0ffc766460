import { expect, test } from 'vitest'
import type { CollectionReader, Database } from '../../index.ts'
import type { Clock } from '../../runtime/clock.ts'
import { Moments } from './moments.ts'

const minutes = 60_000
const collection = { name: 'c', id: 'one' } as CollectionReader

/** Moments over readers that only count how many are open, and a clock that is turned by hand. */
function moments() {
  const state = { now: 0, open: 0, alarms: [] as { at: number; ring: () => void }[] }
  const clock: Clock = {
    now: () => state.now,
    monotonic: () => state.now,
    after(delayMs, ring) {
      state.alarms.push({ at: state.now + delayMs, ring })
      return { cancel: () => undefined }
    },
  }
  const openReader = () => {
    state.open += 1
    return Promise.resolve({ close: () => (state.open -= 1) })
  }
  const wait = (milliseconds: number): void => {
    const end = state.now + milliseconds
    for (;;) {
      const next = state.alarms.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      state.alarms.splice(state.alarms.indexOf(next), 1)
      state.now = next.at
      next.ring()
    }
    state.now = end
  }
  const kept = new Moments({ openReader } as unknown as Database, clock)
  return { kept, wait, open: () => state.open, alarms: () => state.alarms.length }
}

test('a moment that nobody asks for is let go, also when nothing else is asked', async () => {
  const { kept, wait, open, alarms } = moments()
  await kept.keep(1n, collection)
  wait(6 * minutes)
  await kept.keep(2n, collection)
  expect(kept.find(1n, collection)).toBeDefined()
  wait(9 * minutes)
  expect(open()).toBe(2)
  wait(2 * minutes)
  expect(open()).toBe(0)
  expect(alarms()).toBe(0)
  expect(kept.find(1n, collection)).toBeUndefined()
})

test('no more than 256 are kept, and each for its collection', async () => {
  const { kept, open } = moments()
  for (let at = 1n; at <= 300n; at++) await kept.keep(at, collection)
  expect(open()).toBe(256)
  expect(kept.find(44n, collection)).toBeUndefined()
  expect(kept.find(45n, collection)).toBeDefined()
  expect(kept.find(300n, { ...collection, id: 'other' } as CollectionReader)).toBeUndefined()
})
