import { expect, test } from 'vitest'
import { toVector } from './vector-input.ts'

const cosine = { size: 3, distance: 'Cosine' } as const

test('a vector that is at length one already stays bit for bit what it was', () => {
  for (let i = 1; i < 2_000; i++) {
    const once = toVector('', cosine, [i, Math.sin(i), i % 7]) as Float32Array
    expect(toVector('', cosine, once)).toEqual(once)
  }
})

test('one that was rounded to halves since stays what it was, too, and no other does', () => {
  const halves = { ...cosine, datatype: 'float16' } as const
  let moved = 0
  for (let i = 1; i < 2_000; i++) {
    const once = toVector('', halves, [i, 700 * Math.sin(i), i % 7]) as Float32Array
    expect(toVector('', halves, once)).toEqual(once)
    // As if it were any other vector.
    const length = Math.hypot(...once)
    const scaled = once.map((value) => value / length)
    const again = toVector('', { ...halves, distance: 'Dot' }, scaled) as Float32Array
    if (again.some((value, at) => value !== once[at])) moved++
  }
  expect(moved).toBeGreaterThan(10)
  // Nearly at length one, but no halves.
  expect(toVector('', halves, [0.6001, 0, 0.8001])).toEqual(toVector('', halves, [0.6, 0, 0.8]))
})

test('others are brought to length one', () => {
  const vector = toVector('', cosine, [3, 0, 4]) as Float32Array
  expect([...vector]).toEqual([Math.fround(0.6), 0, Math.fround(0.8)])
  expect(toVector('', cosine, [0.99, 0, 0])).toEqual(Float32Array.of(1, 0, 0))
})
