import { expect, test } from 'vitest'
import { toVector } from './vector-input.ts'

const cosine = { size: 3, distance: 'Cosine' } as const

test('a vector that is at length one already stays bit for bit what it was', () => {
  for (let i = 1; i < 2_000; i++) {
    const once = toVector('', cosine, [i, Math.sin(i), i % 7]) as Float32Array
    expect(toVector('', cosine, once)).toEqual(once)
  }
})

test('others are brought to length one', () => {
  const vector = toVector('', cosine, [3, 0, 4]) as Float32Array
  expect([...vector]).toEqual([Math.fround(0.6), 0, Math.fround(0.8)])
  expect(toVector('', cosine, [0.99, 0, 0])).toEqual(Float32Array.of(1, 0, 0))
})
