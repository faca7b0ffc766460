import { countBits } from '../runtime/bits.ts'
import type { SegmentId } from '../ids/brands.ts'
import type { RowVectors } from '../segment/row-set.ts'
import { rowsOf } from './matching.ts'
import { columnOf } from './vector-columns.ts'
import { visibleBits, type View, type ViewEntry } from './view.ts'

/** A segment as far as one collection sees it: segments are shared between collections, clones and snapshots. */
export interface SegmentReport {
  readonly id: SegmentId
  readonly shard: number
  /** False while it still grows, in memory and the log only. */
  readonly isWritten: boolean
  readonly pointCount: number
  /** Rows that were deleted or replaced. */
  readonly deletedCount: number
  /** Memory of the whole segment, whoever sees it. */
  readonly memoryBytes: number
  readonly payloadBytes: number
  /** Of its files; 0 while there are none. */
  readonly diskBytes: number
  readonly vectors: Readonly<Record<string, VectorReport>>
}

export interface VectorReport {
  /** Points that have it. */
  readonly count: number
  /** Memory of the column. */
  readonly bytes: number
}

export function reportSegments(view: View): SegmentReport[] {
  return view.shards.flatMap((entries, shard) => entries.map((entry) => reportOf(entry, shard, view)))
}

/** How many of the rows that the view sees have a vector in the column. */
export function countPresent(entry: ViewEntry, column: RowVectors): number {
  const bits = visibleBits(entry)
  if (bits === undefined) return column.presentCount
  if (column.presentCount === column.rowCount) return countBits(bits)
  let count = 0
  for (const row of rowsOf(bits)) if (column.has(row)) count += 1
  return count
}

function reportOf(entry: ViewEntry, shard: number, { config }: View): SegmentReport {
  const { rows, info, id } = entry.handle
  const bits = visibleBits(entry)
  const pointCount = bits === undefined ? rows.rowCount : countBits(bits)
  const vectors = Object.keys(config.vectors).map((name): [string, VectorReport] => {
    const column = columnOf(rows, config.vectors, name)
    if (column === undefined) return [name, { count: 0, bytes: 0 }]
    return [name, { count: countPresent(entry, column), bytes: column.bytes }]
  })
  return {
    id,
    shard,
    isWritten: info !== undefined,
    pointCount,
    deletedCount: rows.rowCount - pointCount,
    memoryBytes: rows.bytes,
    payloadBytes: rows.payloadBytes,
    diskBytes: info?.files.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0,
    vectors: Object.fromEntries(vectors),
  }
}
