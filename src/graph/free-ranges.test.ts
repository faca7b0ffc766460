import { expect, test } from 'vitest'
import { InvariantViolation } from '../runtime/assert.ts'
import { seededRandom } from '../runtime/random.ts'
import { FreeRanges } from './free-ranges.ts'

test('neighbours are joined, whichever is added last', () => {
  const ranges = new FreeRanges()
  ranges.add(0, 10)
  ranges.add(20, 10)
  expect(ranges.count).toBe(2)
  ranges.add(10, 10)
  expect(ranges.count).toBe(1)
  expect(ranges.lengthBefore(30)).toBe(30)
  expect(ranges.take(31)).toBeUndefined()
  expect(ranges.take(30)).toBe(0)
  expect(ranges.count).toBe(0)
})

test('what is left of a range stays free', () => {
  const ranges = new FreeRanges()
  ranges.add(100, 50)
  expect(ranges.take(20)).toBe(100)
  expect(ranges.take(30)).toBe(120)
  expect(ranges.take(1)).toBeUndefined()
})

test('a range that fits is found among many of its class that do not', () => {
  const ranges = new FreeRanges()
  for (let i = 0; i < 100; i++) ranges.add(i * 1_000, 64)
  ranges.add(500_000, 127)
  expect(ranges.take(100)).toBe(500_000)
})

test('an empty range is a mistake', () => {
  expect(() => new FreeRanges().add(0, 0)).toThrow(InvariantViolation)
})

test('free ranges agree with a plain map of bytes', () => {
  const seed = 20_481
  const random = seededRandom(seed)
  const size = 400
  const isFree = new Array<boolean>(size).fill(false)
  const taken: { start: number; length: number }[] = [{ start: 0, length: size }]
  const ranges = new FreeRanges()
  for (let step = 0; step < 5_000; step++) {
    const context = `seed ${seed}, step ${step}`
    if (random.next() < 0.5 && taken.length > 0) {
      // Gives back a part of something taken, so that all kinds of neighbours come up.
      const [block] = taken.splice(Math.floor(random.next() * taken.length), 1)
      const { start, length } = block!
      const given = 1 + Math.floor(random.next() * length)
      ranges.add(start, given)
      isFree.fill(true, start, start + given)
      if (given < length) taken.push({ start: start + given, length: length - given })
    } else {
      const length = 1 + Math.floor(random.next() ** 3 * 60)
      const start = ranges.take(length)
      expect(start !== undefined, context).toBe(longestRun(isFree) >= length)
      if (start !== undefined) {
        expect(isFree.slice(start, start + length).every(Boolean), context).toBe(true)
        isFree.fill(false, start, start + length)
        taken.push({ start, length })
      }
    }
    expect(ranges.count, context).toBe(runs(isFree).length)
  }
})

function runs(isFree: readonly boolean[]): number[] {
  const lengths: number[] = []
  isFree.forEach((free, index) => {
    if (free && !isFree[index - 1]) lengths.push(1)
    else if (free) lengths[lengths.length - 1]! += 1
  })
  return lengths
}

function longestRun(isFree: readonly boolean[]): number {
  return Math.max(0, ...runs(isFree))
}
