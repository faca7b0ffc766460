import { IdTable, type IdTableImage } from '../ids/id-table.ts'
import { IdColumn, type IdColumnImage } from './id-column.ts'

/** What a set of rows knows of all its rows together, as another thread makes it. */
export interface RowIndexImage extends IdTableImage {
  /** row + 1 of the next older row with the same id; undefined if no two rows have one. */
  readonly older: Uint32Array | undefined
  /** Infinity and 0 without rows. */
  readonly minWritten: number
  readonly maxWritten: number
  readonly isInWrittenOrder: boolean
}

// The table takes so many rows at a time: sorting them by their slots needs memory for each.
const sliceRows = 200_000

/** Looks at all rows. @throws nothing: any ids and numbers are fine */
export function indexRows(image: IdColumnImage, written: Float64Array): RowIndexImage {
  const ids = IdColumn.adopt(image)
  const rowCount = ids.rowCount
  const table = new IdTable(ids, rowCount)
  let older: Uint32Array | undefined
  const onOlder = (row: number, before: number): void => {
    older ??= new Uint32Array(rowCount)
    older[row] = before + 1
  }
  for (let start = 0; start < rowCount; start += sliceRows)
    table.insertAll(start, Math.min(start + sliceRows, rowCount), onOlder)
  let minWritten = Infinity
  let maxWritten = 0
  let isInWrittenOrder = true
  for (let row = 0; row < rowCount; row++) {
    const number = written[row]!
    if (number < maxWritten) isInWrittenOrder = false
    if (number > maxWritten) maxWritten = number
    if (number < minWritten) minWritten = number
  }
  return { ...table.image(), older, minWritten, maxWritten, isInWrittenOrder }
}
