import { PackedColumn } from '../segment/packed-column.ts'
import { visibleCount, type View } from './view.ts'

export interface StoredSizes {
  readonly pointCount: number
  /** Of the vectors of points that are there, about. */
  readonly vectorBytes: number
  /** Of all payloads that lie in its segments: those of rows that were replaced or removed, too, until a merge drops them. */
  readonly payloadBytes: number
  /** Rows that these payloads belong to. */
  readonly storedRows: number
}

const bytesPerComponent = 4

export function storedSizesOf(view: View): StoredSizes {
  let [pointCount, vectorBytes, payloadBytes, storedRows] = [0, 0, 0, 0]
  for (const entry of view.entries()) {
    const { rows } = entry.handle
    if (rows.rowCount === 0) continue
    const visible = visibleCount(entry)
    // Of a segment that several collections or shards share, each counts its part.
    const part = entry.rowLimit / rows.rowCount
    pointCount += visible
    payloadBytes += Math.round(rows.payloadBytes * part)
    storedRows += entry.rowLimit
    for (const column of rows.vectors.values()) {
      const stored =
        column instanceof PackedColumn
          ? column.vectorBytes
          : column.presentCount * column.dimensions * bytesPerComponent
      vectorBytes += Math.round((stored * visible) / rows.rowCount)
    }
  }
  return { pointCount, vectorBytes, payloadBytes, storedRows }
}
