import { describe, expect, test } from 'vitest'
import { fusedShares, rankScore } from './fusion.ts'

describe('reciprocal ranks', () => {
  test('the first place counts 1 / k', () => {
    expect(rankScore(1, 1)).toBe(0.5)
    expect(rankScore(1, 1, 1)).toBe(1)
    expect(rankScore(3, 1, 60)).toBe(Math.fround(1 / 62))
  })

  test('a weight moves places together, and none or less than none counts nothing', () => {
    expect(rankScore(4, 2, 7)).toBe(rankScore(2, 1, 7))
    expect(rankScore(1, 0)).toBe(0)
    expect(rankScore(1, -2)).toBe(0)
  })

  test('lists have the weights of their places', () => {
    const method = { method: 'rrf', weights: [1, 3] } as const
    expect([...fusedShares(method, [9, 8], 0)]).toEqual([rankScore(1, 1), rankScore(2, 1)])
    expect([...fusedShares(method, [9, 8], 1)]).toEqual([rankScore(1, 3), rankScore(2, 3)])
  })
})

describe('distributions', () => {
  const spread = (scores: number[]): number[] => [...fusedShares({ method: 'dbsf' }, scores, 0)]

  test('the mean is in the middle, three deviations above it is 1', () => {
    // Mean 2, deviation 1.
    expect(spread([1, 2, 3])).toEqual([2 / 6, 0.5, 4 / 6].map(Math.fround))
  })

  test('without a deviation every score is in the middle', () => {
    expect(spread([7])).toEqual([0.5])
    expect(spread([7, 7, 7])).toEqual([0.5, 0.5, 0.5])
    expect(spread([])).toEqual([])
  })

  test('what all scores are shifted or stretched by makes no difference', () => {
    const plain = spread([0.1, 0.4, 0.9, 0.2])
    spread([10, 40, 90, 20].map((score) => score - 500)).forEach((share, i) =>
      expect(share).toBeCloseTo(plain[i]!, 5),
    )
  })
})
