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
  distance: Distance,
  list: Uint32Array,
): Float32Array {
  const similarity = similarities[distance]
  const scores = new Float32Array(list.length)
  for (let i = 0; i < list.length; i++) {
    const vectors = column.floatsAt(list[i]!)
    scores[i] = vectors.length === 0 ? Number.NaN : scoreOf(sumOfBest(query, vectors, similarity), distance)
  }
  return scores
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

function scoreOf(sum: number, distance: Distance): number {
  switch (distance) {
    case 'Cosine':
    case 'Dot':
      return sum
    case 'Euclid':
      return Math.sqrt(Math.abs(sum))
    case 'Manhattan':
      return Math.abs(sum)
  }
}

const dot: Similarity = (a, aAt, b, bAt, dimensions) => {
  let sum = 0
  for (let i = 0; i < dimensions; i++) sum += a[aAt + i]! * b[bAt + i]!
  return Math.fround(sum)
}

const similarities: Readonly<Record<Distance, Similarity>> = {
  Dot: dot,
  Cosine: dot,
  Euclid: (a, aAt, b, bAt, dimensions) => {
    let sum = 0
    for (let i = 0; i < dimensions; i++) {
      const difference = a[aAt + i]! - b[bAt + i]!
      sum += difference * difference
    }
    return -Math.fround(sum)
  },
  Manhattan: (a, aAt, b, bAt, dimensions) => {
    let sum = 0
    for (let i = 0; i < dimensions; i++) sum += Math.abs(a[aAt + i]! - b[bAt + i]!)
    return -Math.fround(sum)
  },
}
