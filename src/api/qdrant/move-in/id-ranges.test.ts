import { expect, test } from 'vitest'
import { compareIds } from './id-ranges.ts'

test('ids are in the order of both servers: numbers by value, then UUIDs by their bytes', () => {
  const low = '00000000-0000-4000-8000-0000000000ff'
  const high = 'F0000000-0000-4000-8000-000000000000'
  const sorted = [0, 9, 10, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, low, high]
  for (const [i, a] of sorted.entries())
    for (const [j, b] of sorted.entries()) expect(Math.sign(compareIds(a, b))).toBe(Math.sign(i - j))
  expect(compareIds(high, high.toLowerCase().replaceAll('-', ''))).toBe(0)
})
