import type { VectorColumn } from '../vector-column.ts'
import type { Region } from '../vector-memory.ts'

const sampleRows = 512

/**
 * Writes the middle of the vectors, a row of floats with its padding: the median of each component over a sample, of which a
 * few huge values, or none that are numbers, change little.
 */
export function putCentre(column: VectorColumn, region: Region): void {
  const { dimensions } = column
  const floats = region.arena.floats(region.offset, region.bytes / 4)
  floats.fill(0)
  const sample = sampleOf(column)
  const values = new Float32Array(sample.length)
  for (let at = 0; at < dimensions && sample.length > 0; at++) {
    sample.forEach((vector, index) => (values[index] = vector[at]!))
    values.sort()
    const middle = values[values.length >>> 1]!
    floats[at] = Number.isFinite(middle) ? middle : 0
  }
}

/** Vectors from all over the column. */
function sampleOf(column: VectorColumn): Float32Array[] {
  const { rowCount } = column
  const count = Math.min(sampleRows, rowCount)
  return Array.from({ length: count }, (_, index) =>
    column.get(Math.floor((index * rowCount) / count)),
  ).filter((vector) => vector !== undefined)
}
