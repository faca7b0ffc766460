import { runToEnd, type Steps } from '../../runtime/steps.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import { hasCodes, isMovable } from './elements.ts'
import { centreOf, sampleOf } from './centre.ts'

const sampleRows = 64
/** Vectors of the sample that are compared with all before them in one step: some hundred microseconds. */
const stepRows = 8
/** Steps of a code per distance to the nearest of the sample: an error of a hundredth of it. */
const coarseness = 0.02

/**
 * Whether codes of a byte tell the vectors apart well enough to build a graph by: what lies between two codes is small beside
 * what lies between a vector and its nearest, in a sample. It is not where a few components are hundreds of times larger than
 * the others.
 */
export function hasFineCodes(column: VectorColumn, metric: Metric): boolean {
  return runToEnd(fineCodesSteps(column, metric))
}

/** The same in steps. The column is looked at in the first one only. */
export function fineCodesSteps(column: VectorColumn, metric: Metric): Steps<boolean> {
  return stepsFor(sampleOf(column, sampleRows), column.dimensions, metric)
}

/** The same by a sample of the vectors. */
export function isFineFor(sample: readonly Float32Array[], dimensions: number, metric: Metric): boolean {
  return runToEnd(stepsFor(sample, dimensions, metric))
}

function* stepsFor(
  vectorsOfSample: readonly Float32Array[],
  dimensions: number,
  metric: Metric,
): Steps<boolean> {
  if (!hasCodes('int8', dimensions)) return false
  const sample = vectorsOfSample.map((vector) => Float64Array.from(vector))
  yield
  const moved = isMovable(metric) ? lessCentre(sample, centreOf(sample, dimensions)) : sample
  const vectors = metric === 'cosine' ? moved.map(unit) : moved
  const nearest = new Float64Array(vectors.length).fill(Infinity)
  for (let at = 0; at < vectors.length; at++) {
    if (at % stepRows === 0) yield
    for (let other = 0; other < at; other++) {
      const away = distance(vectors[at]!, vectors[other]!)
      nearest[at] = Math.min(nearest[at]!, away)
      nearest[other] = Math.min(nearest[other]!, away)
    }
  }
  const steps = vectors.map((vector, at) => largest(vector) / 127 / nearest[at]!)
  // Equal vectors, or one alone, say nothing.
  const usual = steps.filter((step) => Number.isFinite(step) && step > 0).sort((a, b) => a - b)
  return usual.length === 0 || usual[usual.length >>> 1]! <= coarseness
}

function largest(vector: Float64Array): number {
  return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
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
