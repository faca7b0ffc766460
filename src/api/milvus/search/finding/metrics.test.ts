import { expect, test } from 'vitest'
import { metricNamed, roundScore, scoreOf, thresholdOf } from './metrics.ts'

const l2 = metricNamed('L2')

test('L2 is the square, and whole where the distance comes of a whole square', () => {
  for (const square of [0, 1, 2, 3, 5, 18, 50, 648, 4_194_303])
    expect(scoreOf(l2, Math.fround(Math.sqrt(square)))).toBe(square)
  expect(scoreOf(l2, Math.fround(Math.sqrt(6.1551)))).toBeCloseTo(6.1551, 5)
})

test('squares come in the order of their roots', () => {
  let root = Math.fround(1.9999)
  for (let i = 0; i < 3_000; i++) {
    const next = Math.fround(root * (1 + 2 ** -23))
    expect(scoreOf(l2, next)).toBeGreaterThanOrEqual(scoreOf(l2, root))
    root = next
  }
})

test('other scores are as they are', () => {
  expect(scoreOf(metricNamed('IP'), -1.25)).toBe(-1.25)
  expect(scoreOf(metricNamed('HAMMING'), 3)).toBe(3)
})

test('only products and the like grow with likeness', () => {
  expect(['IP', 'cosine', 'BM25'].map((name) => metricNamed(name).isDistance)).toEqual([false, false, false])
  expect(['L2', 'HAMMING', 'JACCARD'].map((name) => metricNamed(name).isDistance)).toEqual([true, true, true])
})

test('a threshold lets through what is better than a radius', () => {
  for (const radius of [0.001, 1, 2, 40, 1e9]) {
    const root = Math.fround(Math.sqrt(radius * (1 - 2 ** -22)))
    expect(root).toBeLessThan(thresholdOf(l2, radius)!)
  }
  expect(thresholdOf(metricNamed('IP'), 2)).toBeLessThan(2)
  expect(thresholdOf(metricNamed('IP'), -2)).toBeLessThan(-2)
  expect(thresholdOf(l2, -1)).toBe(0)
})

test('scores are rounded half up', () => {
  expect(roundScore(6.1551, 2)).toBe(6.16)
  expect(roundScore(0.25, 1)).toBe(0.3)
  expect(roundScore(20.52, 0)).toBe(21)
  expect(roundScore(0.123, -1)).toBe(0.123)
})
