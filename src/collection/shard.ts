import type { IdWords } from '../ids/point-id.ts'
import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import type { RowBlock } from '../segment/row-block.ts'
import type { RowSet } from '../segment/row-set.ts'
import { Deletions } from './deletions.ts'
import type { SegmentHandle } from './segment-handle.ts'
import { rowLimitOf, type View, type ViewEntry } from './view.ts'

/** A segment in a living shard. The rows of a foreign entry are a fixed prefix; those of its own memtable grow. */
export interface LiveEntry {
  readonly handle: SegmentHandle
  readonly rows: RowSet
  readonly rowsUpTo: SequenceNumber | null
  readonly foreign: boolean
  readonly fixedLimit: number | undefined
  readonly deletions: Deletions
}

export interface Location {
  readonly entry: LiveEntry
  readonly row: number
}

// Invariants:
//   - at most one row per id is visible over all entries.
//   - only the memtable, which is the last entry, takes new rows; its rows are in the order of their numbers.
//   - every entry's segment is retained once.
//   - between `hold` and `show` rows and deletions are added, and nothing else: entries are not replaced, nothing is frozen.

export class Shard {
  readonly #owner: CollectionId
  readonly #createMemtable: () => SegmentHandle
  #entries: LiveEntry[] = []
  #memtable: LiveEntry | undefined
  /** Where the last point was found: ids that are asked for together mostly lie together. */
  #lastFound: LiveEntry | undefined
  #pointCount = 0
  /** What readers see while a record is applied in several turns of the event loop. */
  #held: { readonly entries: ViewEntry[]; readonly pointCount: number } | undefined

  constructor(owner: CollectionId, createMemtable: () => SegmentHandle) {
    this.#owner = owner
    this.#createMemtable = createMemtable
  }

  get pointCount(): number {
    return this.#held?.pointCount ?? this.#pointCount
  }

  /** Readers see what is there now until `show`: a record is about to be applied, not all of it in this tick. */
  hold(): void {
    assert(this.#held === undefined, 'one record is applied at a time')
    this.#held = { entries: this.viewEntries(), pointCount: this.#pointCount }
    for (const { deletions } of this.#entries) deletions.hold()
  }

  show(): void {
    assert(this.#held !== undefined, 'what is shown was held')
    this.#held = undefined
    for (const { deletions } of this.#entries) deletions.show()
  }

  get entries(): readonly LiveEntry[] {
    return this.#entries
  }

  /** Bytes of the memtable, 0 if there is none. */
  get memtableBytes(): number {
    return this.#memtable?.rows.bytes ?? 0
  }

  /** Takes over an entry, with the caller's retention of the handle. `visible` is its number of visible rows. */
  adopt(
    handle: SegmentHandle,
    rowsUpTo: SequenceNumber | null,
    foreign: boolean,
    deletions: Deletions,
    visible: number,
  ): void {
    assert(this.#memtable === undefined, 'entries are adopted before the first write')
    this.#entries.push(liveEntry(handle, rowsUpTo, foreign, deletions))
    this.#pointCount += visible
  }

  find(id: IdWords): Location | undefined {
    const last = this.#lastFound
    const found = last && locate(last, id)
    if (found !== undefined) return found
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i]!
      if (entry === last) continue
      const location = locate(entry, id)
      if (location === undefined) continue
      this.#lastFound = entry
      return location
    }
    return undefined
  }

  delete(location: Location, seq: SequenceNumber): void {
    location.entry.deletions.mark(location.row, seq)
    this.#pointCount -= 1
  }

  /** Appends a row; an older version must have been deleted before. */
  append(
    id: IdWords,
    seq: SequenceNumber,
    payload: Uint8Array,
    vectors: Readonly<Record<string, VectorValue | undefined>>,
  ): void {
    this.#openMemtable().rows.append({ id, written: seq, payload, vectors })
    this.#pointCount += 1
  }

  /** Appends rows of ids that are not there, each once. */
  appendAll(block: RowBlock): void {
    if (block.rowCount === 0) return
    this.#openMemtable().rows.appendAll(block)
    this.#pointCount += block.rowCount
  }

  #openMemtable(): LiveEntry {
    if (this.#memtable !== undefined) return this.#memtable
    const handle = this.#createMemtable()
    handle.retain()
    const memtable = liveEntry(handle, null, false, new Deletions(this.#owner))
    this.#memtable = memtable
    this.#entries.push(memtable)
    return memtable
  }

  /** No more rows go into the present memtable; a pointer swap. */
  freeze(): void {
    assert(this.#held === undefined, 'a memtable holds whole records')
    this.#memtable = undefined
  }

  viewEntries(): ViewEntry[] {
    if (this.#held !== undefined) return this.#held.entries
    return this.#entries.map((entry) => ({
      handle: entry.handle,
      rowLimit: limitOf(entry),
      rowsUpTo: entry.rowsUpTo,
      foreign: entry.foreign,
      deletions: entry.deletions,
      deletionCount: entry.deletions.count,
    }))
  }

  /**
   * Puts one merged entry in the place of its sources. Deletions that came after the merge began must have been
   * carried over into `deletions` by the caller.
   */
  replace(
    sources: readonly SegmentHandle[],
    merged: { handle: SegmentHandle; deletions: Deletions } | undefined,
  ): void {
    assert(this.#held === undefined, 'entries are replaced between records')
    const gone = new Set(sources)
    const kept = this.#entries.filter((entry) => !gone.has(entry.handle))
    assert(
      this.#entries.length - kept.length === gone.size,
      'the sources of a merge are entries of the shard',
    )
    if (merged !== undefined) {
      merged.handle.retain()
      kept.unshift(liveEntry(merged.handle, null, true, merged.deletions))
    }
    this.#entries = kept
    this.#lastFound = undefined
    for (const handle of sources) handle.release()
  }

  release(): void {
    for (const entry of this.#entries) entry.handle.release()
    this.#entries = []
    this.#memtable = undefined
    this.#lastFound = undefined
  }
}

function liveEntry(
  handle: SegmentHandle,
  rowsUpTo: SequenceNumber | null,
  foreign: boolean,
  deletions: Deletions,
): LiveEntry {
  const rows = handle.rows
  return {
    handle,
    rows,
    rowsUpTo,
    foreign,
    fixedLimit: foreign ? rowLimitOf(rows, rowsUpTo) : undefined,
    deletions,
  }
}

function limitOf(entry: LiveEntry): number {
  return entry.fixedLimit ?? entry.rows.rowCount
}

function locate(entry: LiveEntry, id: IdWords): Location | undefined {
  let row = entry.rows.findNewest(id)
  while (row !== undefined && !isAlive(entry, row)) row = entry.rows.olderRow(row)
  return row === undefined ? undefined : { entry, row }
}

function isAlive(entry: LiveEntry, row: number): boolean {
  return row < limitOf(entry) && !entry.deletions.isDead(row)
}

/** Adopts every entry of a view as foreign: a clone. The view stays with its owner. */
export function adoptView(
  shards: readonly Shard[],
  owner: CollectionId,
  view: View,
  count: (entry: ViewEntry) => number,
): void {
  view.shards.forEach((entries, index) => {
    for (const entry of entries) {
      const base = { source: entry.deletions, count: entry.deletionCount, upTo: view.seq }
      // A native entry's rows end at the view's number; a foreign one's where they always did.
      const rowsUpTo = entry.foreign ? entry.rowsUpTo : view.seq
      entry.handle.retain()
      shards[index]!.adopt(entry.handle, rowsUpTo, true, new Deletions(owner, base), count(entry))
    }
  })
}
