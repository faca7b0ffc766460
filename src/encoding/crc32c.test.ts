import { describe, expect, test } from 'vitest'
import { seededRandom } from '../runtime/random.ts'
import { crc32c } from './crc32c.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('crc32c', () => {
  test('gives the published check values', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(new Uint8Array(0))).toBe(0)
  })

  test('is the same however the bytes are split, on both sides of the native threshold', () => {
    const random = seededRandom(1)
    const bytes = Uint8Array.from({ length: 500 }, () => Math.floor(random.next() * 256))
    const whole = crc32c(bytes)
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(whole)
    }
  })
})
