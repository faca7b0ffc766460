import { expect, test } from 'vitest'
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat, shortestFloat } from './small-floats.ts'

test('every half reads back from its number', () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = halfToFloat(half)
    if (Number.isNaN(value)) expect(halfToFloat(floatToHalf(value))).toBeNaN()
    else if (floatToHalf(value) !== half) expect([half, floatToHalf(value)]).toEqual([half, half])
  }
})

test('halves are rounded to the nearest, ties to the even one', () => {
  expect(halfToFloat(floatToHalf(1 + 2 ** -11))).toBe(1)
  expect(halfToFloat(floatToHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9)
  expect(halfToFloat(floatToHalf(2047.6))).toBe(2048)
  expect(halfToFloat(floatToHalf(65_519))).toBe(65_504)
  expect(halfToFloat(floatToHalf(65_520))).toBe(Infinity)
  expect(halfToFloat(floatToHalf(2 ** -25))).toBe(0)
  expect(halfToFloat(floatToHalf(-3 * 2 ** -25))).toBe(-(2 ** -23))
})

test('every bfloat reads back from its number', () => {
  for (let bfloat = 0; bfloat < 0x10000; bfloat++) {
    const value = bfloatToFloat(bfloat)
    if (Number.isNaN(value)) expect(bfloatToFloat(floatToBfloat(value))).toBeNaN()
    else if (floatToBfloat(value) !== bfloat) expect([bfloat, floatToBfloat(value)]).toEqual([bfloat, bfloat])
  }
  expect(bfloatToFloat(floatToBfloat(1 + 2 ** -8))).toBe(1)
  expect(bfloatToFloat(floatToBfloat(1 + 3 * 2 ** -8))).toBe(1 + 2 ** -6)
})

test('a number of 32 bits is written with no more digits than it needs', () => {
  expect(
    [0.1, 1 / 3, 16_777_216, 3.4e38, 1e-45, -2.5].map((value) => shortestFloat(Math.fround(value))),
  ).toEqual([0.1, 0.333_333_34, 16_777_216, 3.4e38, 1e-45, -2.5])
  let bits = 1
  const word = new Uint32Array(1)
  const float = new Float32Array(word.buffer)
  for (let round = 0; round < 20_000; round++) {
    bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0
    word[0] = bits
    const value = float[0]!
    if (Number.isFinite(value) && Math.fround(shortestFloat(value)) !== value)
      expect([value, shortestFloat(value)]).toEqual([value, value])
  }
})
