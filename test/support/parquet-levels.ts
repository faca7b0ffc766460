import { expect } from 'vitest'

/**
 * The levels of a page, with their length (u32) before them, as the format describes them: runs, and groups of eight that are
 * packed. Expects that they are as many as there should be.
 */
export function decodeLevels(encoded: Uint8Array, max: number, count: number): number[] {
  const bits = max > 1 ? 2 : 1
  const length = Buffer.from(encoded.buffer, encoded.byteOffset, 4).readUInt32LE()
  expect(encoded.length).toBe(4 + length)
  const values: number[] = []
  let at = 4
  while (at < encoded.length) {
    let head = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = encoded[at++]!
      head += (byte & 127) * factor
      if (byte < 128) break
    }
    expect(head).toBeGreaterThan(1)
    if (head % 2 === 0) {
      const value = encoded[at++]!
      for (let i = 0; i < head / 2; i++) values.push(value)
    } else {
      for (let i = 0; i < ((head - 1) / 2) * 8; i++) {
        const bit = i * bits
        values.push((encoded[at + (bit >>> 3)]! >>> (bit & 7)) & (2 ** bits - 1))
      }
      at += ((head - 1) / 2) * bits
    }
  }
  expect(at).toBe(encoded.length)
  // Only the last packed group has more values than there are, and these are 0.
  expect(values.length - count).toBeGreaterThanOrEqual(0)
  expect(values.length - count).toBeLessThan(8)
  expect(values.slice(count).every((value) => value === 0)).toBe(true)
  return values.slice(0, count)
}
