import { expect, test } from 'vitest'
import { asBuffer, readU64, writeU64 } from './binary.ts'

test('numbers up to 2^53 - 1 come back, least significant byte first', () => {
  const buffer = Buffer.alloc(16)
  for (const value of [0, 1, 255, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]) {
    writeU64(buffer, value, 3)
    expect(readU64(buffer, 3)).toBe(value)
    expect(buffer.readBigUInt64LE(3)).toBe(BigInt(value))
  }
})

test('a value beyond 2^53 is told by isSafeInteger', () => {
  const buffer = Buffer.alloc(8, 0xff)
  expect(Number.isSafeInteger(readU64(buffer, 0))).toBe(false)
})

test('asBuffer shares the memory', () => {
  const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
  const buffer = asBuffer(bytes)
  buffer[0] = 9
  expect([...bytes]).toEqual([9, 3])
})
