import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import { hasCodes, isMovable } from './elements.ts'
import { centreOf, sampleOf } from './centre.ts'

const sampleRows = 64
/** Steps of a code per distance to the nearest of the sample: an error of a hundredth of it. */
const coarseness = 0.02

/**
 * Whether codes of a byte tell the vectors apart well enough to build a graph by: what lies between two codes is small beside
 * what lies between a vector and its nearest, in a sample. It is not where a few components are hundreds of times larger than
 * the others.
 */
export function hasFineCodes(column: VectorColumn, metric: Metric): boolean {
  return isFineFor(sampleOf(column, sampleRows), column.dimensions, metric)
}

/** The same by a sample of the vectors. */
export function isFineFor(
  vectorsOfSample: readonly Float32Array[],
  dimensions: number,
  metric: Metric,
): boolean {
  if (!hasCodes('int8', dimensions)) return false
  const sample = vectorsOfSample.map((vector) => Float64Array.from(vector))
  const vectors = isMovable(metric) ? lessCentre(sample, centreOf(sample, dimensions)) : sample
  const steps = (metric === 'cosine' ? vectors.map(unit) : vectors).map((vector, at, all) => {
    const nearest = Math.min(
      ...all.map((other, index) => (index === at ? Infinity : distance(vector, other))),
    )
    return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127 / nearest
  })
  // Equal vectors, or one alone, say nothing.
  const usual = steps.filter((step) => Number.isFinite(step) && step > 0).sort((a, b) => a - b)
  return usual.length === 0 || usual[usual.length >>> 1]! <= coarseness
}

function lessCentre(vectors: readonly Float64Array[], centre: Float32Array): Float64Array[] {
  return vectors.map((vector) => vector.map((value, at) => value - centre[at]!))
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at]! - b[at]!) ** 2
  return sum === 0 ? Infinity : Math.sqrt(sum)
}
