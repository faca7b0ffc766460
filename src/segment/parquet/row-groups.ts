import type { RowSetImage } from '../row-set.ts'

// Readers take a row group as one piece of work, and some hold one in memory.
const groupRowsMax = 50_000
const groupBytesMax = 16 * 2 ** 20
/** Of a row: about what its id and number take. */
const fixedBytes = 32

/** Rows `start` to `end`. */
export interface RowRange {
  readonly start: number
  readonly end: number
}

/** Consecutive ranges that are a row group each; none if there are no rows. */
export function rowGroups(rows: RowSetImage): RowRange[] {
  const dense = rows.vectors.reduce(
    (sum, { column }) => sum + ('kind' in column ? 0 : column.dimensions * 4),
    0,
  )
  const packed = rows.vectors.flatMap(({ column }) => ('kind' in column ? [column.rows.places] : []))
  const lengths = [rows.payloads.places, ...packed]
  const ranges: RowRange[] = []
  for (let start = 0; start < rows.rowCount;) {
    const end = groupEnd(start, rows.rowCount, fixedBytes + dense, lengths)
    ranges.push({ start, end })
    start = end
  }
  return ranges
}

/** At least one row. `places` have the length of each row at its third place. */
function groupEnd(start: number, rowCount: number, rowBytes: number, places: readonly Uint32Array[]): number {
  const last = Math.min(rowCount, start + groupRowsMax)
  let bytes = 0
  for (let row = start; row < last; row++) {
    bytes += rowBytes
    for (const column of places) bytes += column[row * 3 + 2]!
    if (row > start && bytes > groupBytesMax) return row
  }
  return last
}
