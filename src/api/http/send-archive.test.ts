import { expect, test } from 'vitest'
import { parseRange } from './send-archive.ts'

test('a range is the part of the file that there is', () => {
  expect(parseRange('bytes=0-99', 1_000)).toEqual({ offset: 0, length: 100 })
  expect(parseRange('bytes=100-', 1_000)).toEqual({ offset: 100, length: 900 })
  expect(parseRange('bytes=-50', 1_000)).toEqual({ offset: 950, length: 50 })
  expect(parseRange('bytes=-5000', 1_000)).toEqual({ offset: 0, length: 1_000 })
  expect(parseRange('bytes=999-5000', 1_000)).toEqual({ offset: 999, length: 1 })
  expect(parseRange('bytes=0-4,10-14', 1_000)).toEqual({ offset: 0, length: 5 })
})

test('what is no range within the file cannot be satisfied', () => {
  for (const header of [
    'bytes=1000-',
    'bytes=5-2',
    'bytes=-0',
    'bytes=-',
    'lines=0-4',
    'nonsense',
    'bytes=a-b',
  ]) {
    expect(parseRange(header, 1_000), header).toBe('unsatisfiable')
  }
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
})
