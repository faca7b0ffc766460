import { bitCount } from '../runtime/bits.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import type { ManifestEntry } from '../manifest/format.ts'
import { assert } from '../runtime/assert.ts'
import type { RowSet } from '../segment/row-set.ts'
import type { Deletions } from './deletions.ts'
import type { SegmentHandle } from './segment-handle.ts'
import type { CollectionConfig } from './types.ts'

export type FullConfig = CollectionConfig & {
  readonly shardNumber: number
  readonly payloadIndexes: NonNullable<CollectionConfig['payloadIndexes']>
}

/** What one shard saw of one segment at a moment: a row prefix less the first `deletionCount` deletions. */
export interface ViewEntry {
  readonly handle: SegmentHandle
  readonly rowLimit: number
  readonly rowsUpTo: SequenceNumber | null
  readonly foreign: boolean
  readonly deletions: Deletions
  readonly deletionCount: number
}

/**
 * A collection at one sequence number. It refers to rows and deletions that only ever grow at their ends, so it
 * costs nothing to take and never changes. The segments are retained until `release`.
 */
export class View {
  readonly seq: SequenceNumber
  readonly config: FullConfig
  readonly shards: readonly (readonly ViewEntry[])[]
  #isReleased = false

  constructor(seq: SequenceNumber, config: FullConfig, shards: readonly (readonly ViewEntry[])[]) {
    this.seq = seq
    this.config = config
    this.shards = shards
    for (const entries of shards) for (const { handle } of entries) handle.retain()
  }

  *entries(): Iterable<ViewEntry> {
    for (const shard of this.shards) yield* shard
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const entries of this.shards) for (const { handle } of entries) handle.release()
  }

  /** The same view with a retention of its own. */
  copy(): View {
    return new View(this.seq, this.config, this.shards)
  }

  /** What was there at an earlier moment: later rows and deletions are left out. `seq` is not above the view's. */
  at(seq: SequenceNumber): View {
    assert(seq <= this.seq, 'a view does not hold what came after it')
    const shards = this.shards.map((entries) =>
      entries.map((entry) => ({
        ...entry,
        rowLimit: entry.foreign
          ? entry.rowLimit
          : Math.min(entry.rowLimit, rowLimitOf(entry.handle.rows, seq)),
        deletionCount: Math.min(entry.deletionCount, entry.deletions.countUpTo(seq)),
      })),
    )
    return new View(seq, this.config, shards)
  }

  /** Points that the view sees. */
  pointCount(): number {
    return this.shardPointCounts().reduce((sum, count) => sum + count, 0)
  }

  /** Points that the view sees in each shard. */
  shardPointCounts(): number[] {
    return this.shards.map((entries) => entries.reduce((sum, entry) => sum + visibleCount(entry), 0))
  }

  /** The same view as manifest entries; every segment and deletion in it must be written by now. */
  manifestShards(): ManifestEntry[][] {
    return this.shards.map((shard) =>
      shard.map((entry) => ({
        segment: entry.handle.id,
        rowsUpTo: entry.foreign ? entry.rowsUpTo : this.seq,
        foreign: entry.foreign,
        inherited: entry.deletions.inheritedRefs(),
        deltas: entry.deletions.ownRefs(this.seq),
      })),
    )
  }
}

export function isVisible(entry: ViewEntry, row: number): boolean {
  if (row >= entry.rowLimit) return false
  const dead = entry.deletions.deadAfter(entry.deletionCount)
  const word = row >>> 5
  return word >= dead.length || ((dead[word]! >>> (row & 31)) & 1) === 0
}

/** The visible rows as a bitset, or undefined if every row of the segment is visible. A copy. */
export function visibleBits(entry: ViewEntry): Uint32Array | undefined {
  const dead = entry.deletions.deadAfter(entry.deletionCount)
  if (
    entry.deletionCount === 0 &&
    dead.every((word) => word === 0) &&
    entry.rowLimit === entry.handle.rows.rowCount
  ) {
    return undefined
  }
  return aliveBits(entry.rowLimit, dead)
}

/** Rows that a view sees; they never change. */
export interface VisibleRows {
  readonly bits: Uint32Array
  readonly count: number
}

interface KnownRows {
  readonly deletionCount: number
  readonly rowLimit: number
  readonly visible: VisibleRows
}

// The newest moment that was asked for: most reads are of that.
const knownRows = new WeakMap<Deletions, KnownRows>()

/** The same for readers, who share it. */
export function sharedVisibleRows(entry: ViewEntry): VisibleRows | undefined {
  const { deletions, deletionCount, rowLimit } = entry
  const known = knownRows.get(deletions)
  if (known?.deletionCount === deletionCount && known.rowLimit === rowLimit) return known.visible
  const bits = visibleBits(entry)
  if (bits === undefined) return undefined
  const visible = { bits, count: visibleCount(entry) }
  knownRows.set(deletions, { deletionCount, rowLimit, visible })
  return visible
}

export function aliveBits(rowLimit: number, dead: Uint32Array): Uint32Array {
  const words = (rowLimit + 31) >>> 5
  const bits = new Uint32Array(words).fill(0xffffffff)
  if ((rowLimit & 31) !== 0) bits[words - 1] = 2 ** (rowLimit & 31) - 1
  const shared = Math.min(words, dead.length)
  for (let i = 0; i < shared; i++) bits[i]! &= ~dead[i]!
  return bits
}

export function visibleCount(entry: ViewEntry): number {
  const dead = entry.deletions.deadAfter(entry.deletionCount)
  const words = Math.min(dead.length, (entry.rowLimit + 31) >>> 5)
  let count = entry.rowLimit
  for (let i = 0; i < words; i++) {
    let word = dead[i]!
    if (i === words - 1 && (i + 1) * 32 > entry.rowLimit) word &= 2 ** (entry.rowLimit & 31) - 1
    count -= bitCount(word)
  }
  return count
}

/** How many rows of a segment count for an entry. */
export function rowLimitOf(rows: RowSet, rowsUpTo: SequenceNumber | null): number {
  return rowsUpTo === null ? rows.rowCount : rows.rowsUpTo(rowsUpTo)
}
