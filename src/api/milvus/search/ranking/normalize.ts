import type { Metric } from '../finding/metrics.ts'

/** Scores of a metric between 0 and 1, greater ones being better. */
export function normalized({ name, single, isDistance }: Metric, score: number): number {
  // Those of lists are sums, which have no bound.
  switch (name === single || isDistance ? name : 'IP') {
    case 'COSINE':
      return (1 + score) / 2
    case 'IP':
      return 0.5 + Math.atan(score) / Math.PI
    case 'BM25':
      return (2 * Math.atan(score)) / Math.PI
    default:
      return 1 - (2 * Math.atan(score)) / Math.PI
  }
}

/** Scores as they are where greater ones are better; distances between 0 and 1, turned round. */
export const similarity = (metric: Metric, score: number): number =>
  metric.isDistance ? normalized(metric, score) : score
