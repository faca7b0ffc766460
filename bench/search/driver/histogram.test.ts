import { expect, it } from 'vitest'
import { seededRandom } from '../../../src/runtime/random.ts'
import { Histogram } from './histogram.ts'

it('gives quantiles that are exact to two percent', () => {
  const random = seededRandom(5)
  const values = Array.from({ length: 10_000 }, () => 10 ** (random.next() * 6 - 2))
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  values.sort((a, b) => a - b)
  for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
    const exact = values[Math.ceil(values.length * share) - 1]!
    expect(histogram.quantile(share) / exact).toBeGreaterThanOrEqual(0.9999)
    expect(histogram.quantile(share) / exact).toBeLessThan(1.0201)
  }
})

it('keeps what is quicker or slower than all of its buckets', () => {
  const histogram = new Histogram()
  histogram.record(0)
  histogram.record(1e12)
  expect(histogram.quantile(0.5)).toBeCloseTo(0.001)
  expect(histogram.quantile(1)).toBeGreaterThan(1e6)
})

it('has no quantile of nothing', () => {
  expect(new Histogram().quantile(0.5)).toBeNaN()
})
