import { expect, test } from 'vitest'
import { roundToDatatype } from '../../../collection/datatypes.ts'
import { atLengthOne } from './unit-halves.ts'

test('what was at length one before it was rounded is so again, and rounds to the same halves', () => {
  for (let place = 0; place < 2_000; place++) {
    const size = 2 + (place % 300)
    const values = Float32Array.from({ length: size }, (_, i) => Math.sin(place * 3.7 + i * i * 1.1))
    const length = Math.hypot(...values)
    const halves = values.map((value) => value / length)
    roundToDatatype(halves, 'float16')
    const moved = atLengthOne(halves)
    const squared = moved.reduce((sum, value) => sum + value * value, 0)
    expect(Math.abs(squared - 1), `vector ${place}`).toBeLessThanOrEqual(1e-6)
    const again = moved.slice()
    roundToDatatype(again, 'float16')
    expect(again, `vector ${place}`).toEqual(halves)
  }
})

test('tiny vectors, which are stored as they are given, stay what they are', () => {
  const tiny = Float32Array.of(1e-4, 0)
  expect(atLengthOne(tiny)).toBe(tiny)
})
