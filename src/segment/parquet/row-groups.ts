import type { RowSetImage } from '../row-set.ts'

// Readers take a row group as one piece of work, and some hold one in memory.
const groupRowsMax = 50_000
const groupBytesMax = 16 * 2 ** 20

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
  const ranges: RowRange[] = []
  let start = 0
  let bytes = 0
  for (let row = 0; row < rows.rowCount; row++) {
    let rowBytes = 32 + dense + rows.payloads.places[row * 3 + 2]!
    for (const places of packed) rowBytes += places[row * 3 + 2]!
    if (row > start && (row - start === groupRowsMax || bytes + rowBytes > groupBytesMax)) {
      ranges.push({ start, end: row })
      start = row
      bytes = 0
    }
    bytes += rowBytes
  }
  if (start < rows.rowCount) ranges.push({ start, end: rows.rowCount })
  return ranges
}
