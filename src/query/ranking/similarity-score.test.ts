import { describe, expect, test } from 'vitest'
import {
  bestScore,
  contextScore,
  discoverScore,
  feedbackPairs,
  feedbackScore,
  squash,
  sumOfScores,
} from './similarity-score.ts'

const of = (...values: number[]): Float32Array => Float32Array.from(values)

describe('recommendations', () => {
  test('the best example decides, on whichever side it is', () => {
    expect(bestScore([of(1), of(3)], [of(2)], 0)).toBe(0.5 * (3 / 4 + 1))
    expect(bestScore([of(1)], [of(-5), of(2)], 0)).toBe(-0.5 * (2 / 3 + 1))
  })

  test('a draw goes to the negative side, and one side alone is enough', () => {
    expect(bestScore([of(1)], [of(1)], 0)).toBe(-0.75)
    expect(bestScore([of(-1)], [], 0)).toBe(0.25)
    expect(bestScore([], [of(-1)], 0)).toBe(-0.25)
  })

  test('sums take every example, row by row', () => {
    expect(sumOfScores([of(1, 10), of(2, 20)], [of(4, 40)], 0)).toBe(-1)
    expect(sumOfScores([of(1, 10), of(2, 20)], [of(4, 40)], 1)).toBe(-10)
  })
})

describe('pairs', () => {
  test('each pair that is right counts one, each that is wrong one less, and a draw nothing', () => {
    const target = of(0)
    expect(discoverScore(target, [of(2), of(3)], [of(1), of(1)], 0)).toBe(2.5)
    expect(discoverScore(target, [of(2), of(0)], [of(1), of(1)], 0)).toBe(0.5)
    expect(discoverScore(target, [of(1)], [of(1)], 0)).toBe(0.5)
  })

  test('the target decides between points with the same pairs, but never against a pair', () => {
    const near = discoverScore(of(1e9), [of(0)], [of(1)], 0)
    const far = discoverScore(of(-1e9), [of(1)], [of(0)], 0)
    expect(far).toBeGreaterThan(near)
  })

  test('a context punishes by how much a pair is wrong', () => {
    expect(contextScore([of(5)], [of(1)], 0)).toBe(0)
    expect(contextScore([of(1)], [of(5)], 0)).toBeCloseTo(squash(-4), 6)
    expect(contextScore([of(1), of(1)], [of(5), of(0)], 0)).toBeCloseTo(squash(-4), 6)
    expect(contextScore([], [], 0)).toBe(0)
  })

  test('sides that are equally close are not yet right', () => {
    expect(contextScore([of(1)], [of(1)], 0)).toBeLessThan(0)
  })
})

describe('feedback', () => {
  const weights = { a: 2, b: 2, c: 3 }

  test('two examples are a pair if they were judged differently', () => {
    expect(feedbackPairs([1, 1], weights)).toEqual([])
    expect(feedbackPairs([0.25, 0.75], weights)).toEqual([{ better: 1, worse: 0, weight: 0.75 }])
    expect(feedbackPairs([3, 1, 2], weights)).toHaveLength(3)
  })

  test('without pairs only the target counts', () => {
    expect(feedbackScore(of(0.5), [of(9)], [], weights, 0)).toBe(1)
  })

  test('a row gains by what is closer to the better example', () => {
    const pairs = feedbackPairs([0.75, 0.25], weights)
    expect(feedbackScore(of(0.5), [of(1), of(0.5)], pairs, weights, 0)).toBe(1 + 0.75 * 0.5)
    expect(feedbackScore(of(0.5), [of(0.5), of(1)], pairs, weights, 0)).toBe(1 - 0.75 * 0.5)
  })
})
