import type { VectorColumn } from '../vector-column.ts'
import type { Region } from '../vector-memory.ts'

const centreRows = 512

/** Writes the middle of the vectors, a row of floats with its padding. */
export function putCentre(column: VectorColumn, region: Region): void {
  const floats = region.arena.floats(region.offset, region.bytes / 4)
  floats.fill(0)
  floats.set(centreOf(sampleOf(column, centreRows), column.dimensions))
}

/** The median of each component: a few huge values, or some that are no numbers, change little. */
export function centreOf(sample: readonly ArrayLike<number>[], dimensions: number): Float32Array {
  const centre = new Float32Array(dimensions)
  const values = new Float32Array(sample.length)
  for (let at = 0; at < dimensions && sample.length > 0; at++) {
    sample.forEach((vector, index) => (values[index] = vector[at]!))
    values.sort()
    const middle = values[values.length >>> 1]!
    centre[at] = Number.isFinite(middle) ? middle : 0
  }
  return centre
}

/** Up to `count` vectors from all over the column. */
export function sampleOf(column: VectorColumn, count: number): Float32Array[] {
  const { rowCount } = column
  const rows = Math.min(count, rowCount)
  return Array.from({ length: rows }, (_, index) => column.get(Math.floor((index * rowCount) / rows))).filter(
    (vector) => vector !== undefined,
  )
}
