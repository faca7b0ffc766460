import { runToEnd, type Steps } from '../../runtime/steps.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Region } from '../vector-memory.ts'

const centreRows = 512

/** Components in one step: a millisecond. */
const stepComponents = 64

/** Writes the middle of the vectors, a row of floats with its padding. `centre`: what `centreSteps` gave for them. */
export function putCentre(
  column: VectorColumn,
  region: Region,
  centre = runToEnd(centreSteps(column)),
): void {
  const floats = region.arena.floats(region.offset, region.bytes / 4)
  floats.fill(0)
  floats.set(centre)
}

/** The middle of the vectors. */
export function centreSteps(column: VectorColumn): Steps<Float32Array> {
  return medianSteps(sampleOf(column, centreRows), column.dimensions)
}

/** The median of each component: a few huge values, or some that are no numbers, change little. */
export function centreOf(sample: readonly ArrayLike<number>[], dimensions: number): Float32Array {
  return runToEnd(medianSteps(sample, dimensions))
}

function* medianSteps(sample: readonly ArrayLike<number>[], dimensions: number): Steps<Float32Array> {
  const centre = new Float32Array(dimensions)
  const values = new Float32Array(sample.length)
  for (let at = 0; at < dimensions && sample.length > 0; at++) {
    if (at % stepComponents === 0) yield
    let count = 0
    for (const vector of sample) {
      const value = vector[at]!
      if (!Number.isNaN(value)) values[count++] = value
    }
    // What is no number stands behind all others.
    const middle = sample.length >>> 1
    const median = middle < count ? nthOf(values, count, middle) : 0
    centre[at] = Number.isFinite(median) ? median : 0
  }
  return centre
}

/**
 * The value that would stand at place n if the first `count` were sorted; they are moved about. Sorting them takes more than twice as
 * long.
 */
function nthOf(values: Float32Array, count: number, n: number): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const pivot = values[(low + high) >>> 1]!
    let left = low
    let right = high
    while (left <= right) {
      while (values[left]! < pivot) left++
      while (values[right]! > pivot) right--
      if (left > right) break
      const value = values[left]!
      values[left++] = values[right]!
      values[right--] = value
    }
    if (n <= right) high = right
    else if (n >= left) low = left
    else break
  }
  return values[n]!
}

/** Up to `count` vectors from all over the column. */
export function sampleOf(column: VectorColumn, count: number): Float32Array[] {
  const { rowCount } = column
  const rows = Math.min(count, rowCount)
  return Array.from({ length: rows }, (_, index) => column.get(Math.floor((index * rowCount) / rows))).filter(
    (vector) => vector !== undefined,
  )
}
