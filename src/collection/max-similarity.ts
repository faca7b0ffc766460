import type { Metric } from '../graph/vector-hits.ts'
import type { MultiVector } from '../graph/vector-value.ts'
import type { PackedColumn } from '../segment/packed-column.ts'
import type { Distance } from './types.ts'

type Similarity = (a: Float32Array, aAt: number, b: Float32Array, bAt: number, dimensions: number) => number

/**
 * For each row the sum, over the query's vectors, of the most similar vector of the row; NaN for a row without vectors.
 * Distances are summed as what they are best at being low: squared for Euclid, with the root of the sum as the score.
 */
export function maxSimilarities(
  column: PackedColumn,
  query: MultiVector,
  metric: Metric,
  list: Uint32Array,
): Float32Array {
  const similarity = similarities[metric]
  const scores = new Float32Array(list.length)
  for (let i = 0; i < list.length; i++) {
    const vectors = column.floatsAt(list[i]!)
    scores[i] = vectors.length === 0 ? Number.NaN : scoreOf(sumOfBest(query, vectors, similarity), metric)
  }
  return scores
}

/**
 * For each of several vectors the score against a single one, as it is for rows: greater is better for Cosine and Dot, smaller
 * otherwise. Cosine is that of vectors of any length.
 */
export function scoresOfEach(
  query: Float32Array,
  { dimensions, values }: MultiVector,
  distance: Distance,
): Float32Array {
  const metric = metrics[distance]
  const similarity = similarities[metric]
  const scores = new Float32Array(values.length / dimensions)
  for (let i = 0; i < scores.length; i++)
    scores[i] = scoreOf(Math.fround(similarity(query, 0, values, i * dimensions, dimensions)), metric)
  return scores
}

const metrics: Readonly<Record<Distance, Metric>> = {
  Cosine: 'cosine',
  Dot: 'dot',
  Euclid: 'euclid',
  Manhattan: 'manhattan',
  Jaccard: 'jaccard',
}

function sumOfBest(
  { dimensions, values }: MultiVector,
  vectors: Float32Array,
  similarity: Similarity,
): number {
  let sum = 0
  for (let at = 0; at < values.length; at += dimensions) {
    let best = -Infinity
    for (let other = 0; other < vectors.length; other += dimensions) {
      const score = similarity(values, at, vectors, other, dimensions)
      if (score > best) best = score
    }
    sum = Math.fround(sum + best)
  }
  return sum
}

function scoreOf(sum: number, metric: Metric): number {
  switch (metric) {
    case 'cosine':
    case 'dot':
      return sum
    case 'euclid':
      return Math.sqrt(Math.abs(sum))
    case 'manhattan':
    case 'jaccard':
      return Math.abs(sum)
  }
}

const dot: Similarity = (a, aAt, b, bAt, dimensions) => {
  let sum = 0
  for (let i = 0; i < dimensions; i++) sum += a[aAt + i]! * b[bAt + i]!
  return Math.fround(sum)
}

const similarities: Readonly<Record<Metric, Similarity>> = {
  dot,
  cosine: (a, aAt, b, bAt, dimensions) => {
    let [sum, first, second] = [0, 0, 0]
    for (let i = 0; i < dimensions; i++) {
      const [x, y] = [a[aAt + i]!, b[bAt + i]!]
      sum += x * y
      first += x * x
      second += y * y
    }
    return first === 0 || second === 0 ? 0 : Math.fround(sum / (Math.sqrt(first) * Math.sqrt(second)))
  },
  jaccard: (a, aAt, b, bAt, dimensions) => {
    let [sum, squared] = [0, 0]
    for (let i = 0; i < dimensions; i++) {
      const [x, y] = [a[aAt + i]!, b[bAt + i]!]
      sum += x * y
      squared += (x - y) * (x - y)
    }
    // Two empty sets have no quotient.
    return squared === 0 ? 0 : -Math.fround(squared / (squared + sum))
  },
  euclid: (a, aAt, b, bAt, dimensions) => {
    let sum = 0
    for (let i = 0; i < dimensions; i++) {
      const difference = a[aAt + i]! - b[bAt + i]!
      sum += difference * difference
    }
    return -Math.fround(sum)
  },
  manhattan: (a, aAt, b, bAt, dimensions) => {
    let sum = 0
    for (let i = 0; i < dimensions; i++) sum += Math.abs(a[aAt + i]! - b[bAt + i]!)
    return -Math.fround(sum)
  },
}
