import type { SequenceNumber } from '../ids/brands.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { IdWords } from '../ids/point-id.ts'
import type { VectorMemory } from '../graph/vector-memory.ts'
import { RowSet, type DeclaredVectors } from '../segment/row-set.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import type { CollectionState } from './collection-state.ts'
import { Deletions } from './deletions.ts'
import { rowsOf } from './matching.ts'
import type { SegmentHandle } from './segment-handle.ts'
import type { Shard } from './shard.ts'
import { columnValues } from './vector-columns.ts'
import { aliveBits, visibleBits, visibleCount, type View, type ViewEntry } from './view.ts'

const tierSegments = 4
const vacuumRows = 1_000
const vacuumDeadShare = 0.2
const mergedRowsMax = 4_000_000
// A file of a segment is read whole, and a buffer ends at 4 GiB.
const mergedBytesMax = 3 * 2 ** 30
/** Vectors that stay in files: while they are merged they are in memory. */
const storedBytesMax = 2 ** 30
// Rows copied between two looks at the event loop: about a millisecond.
const sliceRows = 500

/** Segments of one shard that are worth one merge. */
export interface MergePlan {
  readonly shardIndex: number
  readonly sources: readonly ViewEntry[]
}

/**
 * What the optimizer would do next: merge four segments of a size, or rewrite one of which a fifth is dead.
 * Only segments that have files take part, so that a memtable is never written twice. `accepts` may turn sources down.
 */
export function planMerge(
  view: View,
  accepts: (sources: readonly ViewEntry[]) => boolean = () => true,
): MergePlan | undefined {
  for (const [shardIndex, entries] of view.shards.entries()) {
    const written = entries.filter((entry) => entry.handle.info !== undefined)
    const tiers = new Map<number, ViewEntry[]>()
    for (const entry of written) {
      const visible = visibleCount(entry)
      const dead = entry.handle.rows.rowCount - visible
      const isSparse = dead > vacuumDeadShare * entry.handle.rows.rowCount && dead >= vacuumRows
      if (visible === 0 || (isSparse && accepts([entry]))) return { shardIndex, sources: [entry] }
      const tier = Math.floor(Math.log(visible + 1) / Math.log(4))
      const list = tiers.get(tier) ?? []
      list.push(entry)
      tiers.set(tier, list)
    }
    for (const list of tiers.values()) {
      const sources = list.slice(0, 2 * tierSegments)
      const rows = sources.reduce((sum, entry) => sum + visibleCount(entry), 0)
      const bytes = sources.reduce((sum, entry) => sum + entry.handle.rows.bytes, 0)
      const stored = sources.reduce((sum, entry) => sum + entry.handle.rows.storedBytes, 0)
      const isSmall = rows <= mergedRowsMax && bytes <= mergedBytesMax && stored <= storedBytesMax
      if (sources.length >= tierSegments && isSmall && accepts(sources)) return { shardIndex, sources }
    }
  }
  return undefined
}

export interface MergedRows {
  readonly rows: RowSet
  /** For each source, the new row of each of its rows, or -1. */
  readonly newRows: readonly Int32Array[]
}

export interface MergeOptions {
  /** The columns of the merged rows. */
  readonly vectors: DeclaredVectors
  readonly signal?: AbortSignal
  /** For vectors that stay in files: they leave memory when the segment is written. */
  readonly passing?: VectorMemory
}

/** Copies the visible rows of the sources into one set, in slices. @throws cancelled */
export async function mergeRows(
  view: View,
  sources: readonly ViewEntry[],
  { vectors, signal, passing }: MergeOptions,
): Promise<MergedRows> {
  const rowCount = sources.reduce((sum, entry) => sum + visibleCount(entry), 0)
  const merged = new RowSet(vectors, undefined, rowCount, passing)
  const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  const newRows: Int32Array[] = []
  try {
    let copied = 0
    for (const entry of sources) {
      const rows = entry.handle.rows
      const moved = new Int32Array(rows.rowCount).fill(-1)
      newRows.push(moved)
      for (const row of rowsOf(visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0)))) {
        rows.idAt(row, id)
        moved[row] = merged.append({
          id,
          written: rows.writtenAt(row),
          payload: rows.payloadAt(row),
          vectors: columnValues(rows, row, view.config.vectors),
        })
        copied += 1
        if (copied % sliceRows === 0) {
          await yieldToEventLoop()
          if (signal?.aborted === true)
            throw new DatabaseError('cancelled', 'Cannot go on with the merge: it was cancelled')
        }
      }
    }
    return { rows: merged, newRows }
  } catch (error) {
    merged.release()
    throw error
  }
}

/**
 * Puts the merged segment in the place of its sources, in one tick. Deletions that came while the merge ran are
 * carried over with their numbers. `onInstall` runs just before, if it comes to that.
 */
export function installMerge(
  state: CollectionState,
  plan: MergePlan,
  merged: MergedRows,
  handle: SegmentHandle | undefined,
  onInstall: () => void,
): boolean {
  const shard: Shard | undefined = state.shards[plan.shardIndex]
  const present = new Set(shard?.entries.map((entry) => entry.deletions))
  // A rollback or restore may have replaced the entries meanwhile: then the merge was for nothing.
  if (shard === undefined || plan.sources.some((source) => !present.has(source.deletions))) return false
  const late: { row: number; seq: SequenceNumber }[] = []
  plan.sources.forEach((source, index) => {
    for (const { row, seq } of source.deletions.ownFrom(source.deletionCount)) {
      const moved = merged.newRows[index]![row]!
      if (moved >= 0) late.push({ row: moved, seq })
    }
  })
  late.sort((a, b) => a.seq - b.seq)
  const deletions = new Deletions(state.id)
  for (const { row, seq } of late) deletions.mark(row, seq)
  onInstall()
  shard.replace(
    plan.sources.map((source) => source.handle),
    handle === undefined ? undefined : { handle, deletions },
  )
  state.changeCount += 1
  return true
}
