import { expect, test } from 'vitest'
import { freeMemory, KeptMemory, Loan } from './kept-memory.ts'

const mebibyte = 2 ** 20

class HandClock {
  readonly #timers: { delayMs: number; callback: () => void }[] = []

  after(delayMs: number, callback: () => void) {
    this.#timers.push({ delayMs, callback })
    return { cancel: () => undefined }
  }

  /** Lets everything that waits now happen, and gives how long it waited. */
  pass(): number[] {
    return this.#timers.splice(0).map(({ delayMs, callback }) => {
      callback()
      return delayMs
    })
  }
}

test('what is given back is used again, for what is nearly as large, too', () => {
  const memory = new KeptMemory({ clock: new HandClock() })
  const first = memory.take(10 * mebibyte)
  expect(first.byteLength).toBe(10 * mebibyte)
  new Uint8Array(first).fill(7)
  memory.give(first)
  expect(memory.bytes).toBe(10 * mebibyte)
  // Nobody cleared it: it is the same memory.
  const second = memory.take(9.5 * mebibyte)
  expect([second.byteLength, new Uint8Array(second)[5]]).toEqual([10 * mebibyte, 7])
  expect(memory.bytes).toBe(0)
})

test('a buffer has no more than an eighth beyond what was asked for', () => {
  const memory = new KeptMemory({ clock: new HandClock() })
  for (let bytes = mebibyte; bytes <= 4 * mebibyte; bytes += 77_777) {
    const { byteLength } = memory.take(bytes)
    expect(byteLength).toBeGreaterThanOrEqual(bytes)
    expect(byteLength).toBeLessThanOrEqual(bytes * 1.125)
  }
})

test('only what was taken can be given, and once', () => {
  const memory = new KeptMemory({ clock: new HandClock() })
  const foreign = Buffer.alloc(mebibyte, 1)
  memory.give(foreign.buffer)
  memory.give(new SharedArrayBuffer(mebibyte))
  expect([foreign.length, memory.bytes]).toEqual([mebibyte, 0])
  const own = memory.take(mebibyte)
  memory.give(own)
  memory.give(own)
  expect(memory.bytes).toBe(mebibyte)
})

test('small buffers are none of it', () => {
  const memory = new KeptMemory({ clock: new HandClock() })
  const small = memory.take(1_000)
  expect(small.byteLength).toBe(1_000)
  memory.give(small)
  expect([small.byteLength, memory.bytes]).toEqual([1_000, 0])
})

test('not more is kept than the bound says', () => {
  const memory = new KeptMemory({ clock: new HandClock(), bytesMax: 2 * mebibyte })
  const loan = new Loan(memory)
  const buffers = Array.from({ length: 3 }, () => loan.take(mebibyte))
  loan.end()
  expect(memory.bytes).toBe(2 * mebibyte)
  // The third is free, not merely forgotten.
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([mebibyte, mebibyte, 0])
})

test('when nobody takes any for ten seconds, all is freed', () => {
  const clock = new HandClock()
  const memory = new KeptMemory({ clock })
  memory.give(memory.take(mebibyte))
  memory.give(memory.take(mebibyte))
  expect(clock.pass()).toEqual([10_000])
  // Somebody did meanwhile.
  expect(memory.bytes).toBe(mebibyte)
  expect(clock.pass()).toEqual([10_000])
  expect(memory.bytes).toBe(0)
  expect(clock.pass()).toEqual([])
  memory.give(memory.take(mebibyte))
  expect(clock.pass()).toEqual([10_000])
})

test('freed memory is there for others at once', () => {
  const buffer = new ArrayBuffer(64 * mebibyte)
  const before = process.memoryUsage().arrayBuffers
  freeMemory(buffer)
  expect(buffer.byteLength).toBe(0)
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(60 * mebibyte)
})
