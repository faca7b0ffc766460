import { Deletions } from '../../../collection/deletions.ts'
import { homeShard, placeOfPartition, shardCountOf } from '../../../collection/partitions.ts'
import { Shard, type LiveEntry, type Location } from '../../../collection/shard.ts'
import { columnValues, declaredColumns } from '../../../collection/vector-columns.ts'
import { View, type FullConfig, type ViewEntry } from '../../../collection/view.ts'
import { writeRows } from '../../../collection/write-rows.ts'
import type { VectorValue } from '../../../graph/vector-value.ts'
import { seqOf, type CollectionId } from '../../../ids/brands.ts'
import { idKindNumber, type IdWords } from '../../../ids/point-id.ts'
import type { DeltaRef, ManifestEntry } from '../../../manifest/format.ts'
import { assert, InvariantViolation } from '../../../runtime/assert.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { writeDelta } from '../../../segment/delta-writer.ts'
import { segmentKey, type SegmentInfo } from '../../../segment/format.ts'
import { readIdAt } from '../../../segment/id-column.ts'
import { selectRows, type RowBlock } from '../../../segment/row-block.ts'
import { RowSet } from '../../../segment/row-set.ts'
import type { Engine } from '../../engine.ts'
import type { Staging } from '../../staged.ts'
import { checkCancelled } from './check-cancelled.ts'

// What an import makes: shards that nobody sees yet, in the form of living ones, so that a log can be replayed on them.
//
// Invariants:
//   - a point is where our own hash puts it, in the partition that was entered last, whatever shard it came from.
//   - what is frozen is written, or begins to be as soon as there is room for it; two segments at a time are written beside
//     what is being read.
//   - a shard has one segment of less than a part of `segmentBytesMax` from the points of the archive, and one from the log's.
//   - rows that the log has replaced take no more memory than those that are left, and a segment: a log may change one point
//     for ever.

// Rows that become one segment, which is written while the next ones are read. They stay in memory anyway: it is their home
// from the commit on.
const segmentBytesMax = 96 * 2 ** 20
// Of each row at least, beside its vectors.
const rowBytes = 64
// What is worth a segment of its own before the last log is replayed, so that it is written meanwhile.
const settledPart = 1 / 12
// The files of a segment do not take equally long: with a second one no thread waits.
const writesMax = 2
// Copied between two looks at the event loop.
const sliceRows = 500
const sliceBytes = 8 * 2 ** 20
// No row is deleted at a number: it is dead from the start.
const deadSeq = seqOf(0)

export interface WrittenRows {
  readonly shards: readonly (readonly ManifestEntry[])[]
  readonly segments: readonly SegmentInfo[]
  /** The same, open; the caller releases it. */
  readonly view: View
}

interface ImportedRow {
  readonly payload: Uint8Array
  readonly vectors: Readonly<Record<string, VectorValue | undefined>>
}

export class ImportedRows {
  readonly config: FullConfig
  readonly #engine: Engine
  readonly #owner: CollectionId
  readonly #shards: readonly Shard[]
  readonly #signal: AbortSignal | undefined
  readonly #segmentBytesMax: number
  #place = 0
  #slice = { rows: 0, bytes: 0 }
  /** Segments that are being written, and what has failed of them. */
  readonly #writing = new Map<LiveEntry, Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  /** Points that are still to come into the partition. */
  #expected = 0
  /** Whether something frozen may have to wait. */
  #isBehind = false
  /** Rows that were there when `seal` was called last. */
  #sealed = new Map<LiveEntry, number>()

  constructor(
    engine: Engine,
    staging: Staging,
    {
      owner,
      config,
      signal,
      bytesMax = segmentBytesMax,
    }: {
      readonly owner: CollectionId
      readonly config: FullConfig
      readonly signal: AbortSignal | undefined
      /** Of rows that become one segment. */
      readonly bytesMax?: number
    },
  ) {
    this.#segmentBytesMax = bytesMax
    this.config = config
    this.#engine = engine
    this.#owner = owner
    this.#signal = signal
    const columns = declaredColumns(config.vectors)
    const rowBytesMin = Object.values(columns).reduce((sum, { dimensions }) => sum + 4 * dimensions, rowBytes)
    const createMemtable = () => {
      const rows = new RowSet(columns)
      rows.expectRows(Math.min(this.#expected, Math.ceil(bytesMax / rowBytesMin)))
      return engine.parts.registry.create(staging.newSegment(), rows)
    }
    this.#shards = Array.from({ length: shardCountOf(config) }, () => new Shard(owner, createMemtable))
  }

  get pointCount(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.pointCount, 0)
  }

  /** Goes on in another partition: all that follows is about its points. @throws partition-not-found */
  enter(partition: string): void {
    this.#place = placeOfPartition(this.config, partition)
  }

  /** So many points will be put, as far as is known now. */
  expect(points: number): void {
    this.#expected = Math.ceil(points / this.config.shardNumber)
  }

  find(id: IdWords): Location | undefined {
    return this.#shardOf(id).find(id)
  }

  /** In the place of what `old` is, if that is given. */
  put(id: IdWords, version: number, row: ImportedRow, old?: Location): void {
    this.#put(this.#shardOf(id), id, version, row, old)
  }

  #put(shard: Shard, id: IdWords, version: number, row: ImportedRow, old?: Location): void {
    if (old !== undefined) shard.delete(old, deadSeq)
    shard.append(id, seqOf(version), row.payload, row.vectors)
    this.#slice.rows += 1
    this.#slice.bytes += row.payload.byteLength
  }

  /** Points that are not there, each once. */
  putAll(block: RowBlock): void {
    const { shardNumber } = this.config
    const first = this.#place * shardNumber
    if (shardNumber === 1) this.#shards[first]!.appendAll(block)
    else
      for (const [index, rows] of rowsByShard(block, shardNumber).entries())
        this.#shards[first + index]!.appendAll(selectRows(block, rows))
    this.#expected = Math.max(0, this.#expected - Math.ceil(block.rowCount / shardNumber))
    this.#slice.rows += block.rowCount
    this.#slice.bytes += block.payloads.bytes.byteLength
  }

  delete(id: IdWords, location: Location): void {
    this.#shardOf(id).delete(location, deadSeq)
  }

  /**
   * The archive has no more points; single changes follow. What is there begins to be written beside them, where it is worth a
   * segment of its own: what they add becomes another one.
   */
  settle(): void {
    for (const shard of this.#shards)
      if (shard.memtableBytes >= this.#segmentBytesMax * settledPart) shard.freeze()
    this.#beginWaiting()
  }

  /** Points that are there now belong to a shard that is done. */
  seal(): void {
    this.#sealed = new Map(this.#entries().map((entry) => [entry, entry.rows.rowCount]))
  }

  /** Whether there are points of another shard. */
  get hasSealed(): boolean {
    return this.#sealed.size > 0
  }

  isSealed({ entry, row }: Location): boolean {
    return row < (this.#sealed.get(entry) ?? 0)
  }

  /** Every point that is there, in the partition that was entered last. */
  *points(): Iterable<Location> {
    const { shardNumber } = this.config
    const first = this.#place * shardNumber
    for (const entry of this.#shards.slice(first, first + shardNumber).flatMap((shard) => shard.entries)) {
      const { rowCount } = entry.rows
      for (let row = 0; row < rowCount; row++) if (!entry.deletions.isDead(row)) yield { entry, row }
    }
  }

  /** Whether so much has been written that `pause` is due. */
  get isPauseDue(): boolean {
    return this.#slice.rows >= sliceRows || this.#slice.bytes >= sliceBytes
  }

  /** Others get their turn; full memtables begin to be written. To be called every few rows. @throws cancelled, write-failed */
  async pause(): Promise<void> {
    this.#slice = { rows: 0, bytes: 0 }
    for (const shard of this.#shards) {
      if (shard.memtableBytes <= this.#segmentBytesMax) continue
      await this.#compact(shard)
      // What is left of mostly dead rows may be many.
      if (shard.memtableBytes > this.#segmentBytesMax / 2) shard.freeze()
      await this.#writeFrozen(shard)
    }
    if (this.#isBehind) this.#beginWaiting()
    await this.#yield()
  }

  /**
   * Everything is durable, and named by nothing yet. `config` is that of the view. `check` sees the points while the last of
   * them are written. @throws what it throws
   */
  async write(config: FullConfig, check: (view: View) => Promise<void>): Promise<WrittenRows> {
    for (const shard of this.#shards) {
      shard.freeze()
      await this.#writeFrozen(shard)
    }
    const unwritten = new View(
      seqOf(0),
      config,
      this.#shards.map((shard) => shard.viewEntries().filter(({ handle }) => handle.rows.rowCount > 0)),
    )
    try {
      await check(unwritten)
    } finally {
      unwritten.release()
    }
    await this.#written(0)
    const shards: ManifestEntry[][] = []
    const views: ViewEntry[][] = []
    for (const shard of this.#shards) {
      const entries = shard.entries.filter((entry) => !isDead(entry))
      const written: (readonly [ManifestEntry, ViewEntry])[] = []
      for (const entry of entries) written.push(await this.#writeDeletions(entry))
      shards.push(written.map(([manifest]) => manifest))
      views.push(written.map(([, view]) => view))
    }
    const segments = views.flat().map(({ handle }) => handle.info!)
    const view = new View(seqOf(0), config, views)
    const count = view.pointCount()
    if (count === this.pointCount) return { shards, segments, view }
    view.release()
    throw new InvariantViolation(`${count} of ${this.pointCount} imported points were written`)
  }

  /** Waits for what is being written. */
  async release(): Promise<void> {
    await Promise.all(this.#writing.values())
    for (const shard of this.#shards) shard.release()
  }

  #shardOf(id: IdWords): Shard {
    return this.#shards[homeShard(this.config, this.#place, id)]!
  }

  #entries(): LiveEntry[] {
    return this.#shards.flatMap((shard) => shard.entries)
  }

  async #yield(): Promise<void> {
    await yieldToEventLoop()
    checkCancelled(this.#signal)
  }

  /** Of entries most of whose rows are dead, the others are written anew, and the entries are gone. */
  async #compact(shard: Shard): Promise<void> {
    shard.freeze()
    for (const entry of [...shard.entries]) {
      const { rows, deletions, handle } = entry
      if (this.#sealed.has(entry) || deletions.count * 2 < rows.rowCount) continue
      // What is being written is read until then.
      await this.#written(0)
      const id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
      for (let row = 0; row < rows.rowCount; row++) {
        if (deletions.isDead(row)) continue
        rows.idAt(row, id)
        const payload = rows.payloadAt(row)
        const vectors = columnValues(rows, row, this.config.vectors)
        this.#put(shard, id, rows.writtenAt(row), { payload, vectors }, { entry, row })
        if (this.isPauseDue) {
          this.#slice = { rows: 0, bytes: 0 }
          await this.#yield()
        }
      }
      const files = handle.info?.files ?? []
      shard.replace([handle], undefined)
      await this.#engine.parts.store.delete(files.map(({ name }) => segmentKey(handle.id, name)))
    }
  }

  /** Begins to write what no row is added to any more, as soon as there is room for it. */
  async #writeFrozen(shard: Shard): Promise<void> {
    for (const entry of this.#frozen(shard)) {
      await this.#written(writesMax - 1)
      this.#begin(entry)
    }
  }

  /** The same as far as there is room now. */
  #beginWaiting(): void {
    for (const entry of this.#shards.flatMap((shard) => this.#frozen(shard))) {
      this.#isBehind = this.#writing.size >= writesMax
      if (this.#isBehind) return
      this.#begin(entry)
    }
    this.#isBehind = false
  }

  /** What no row is added to any more, and nobody has begun to write. */
  #frozen(shard: Shard): LiveEntry[] {
    const open = shard.memtableBytes > 0 ? shard.entries.at(-1) : undefined
    return shard.entries.filter((entry) => {
      const isBegun = entry.handle.info !== undefined || this.#writing.has(entry)
      return entry !== open && !isBegun && !isDead(entry)
    })
  }

  #begin(entry: LiveEntry): void {
    const { parts } = this.#engine
    const written = writeRows({ ...parts, segments: parts.bulkSegments }, entry.handle, this.config, {
      signal: this.#signal,
      once: true,
    })
    this.#writing.set(
      entry,
      written
        .catch((error: unknown) => {
          this.#failure ??= { error }
        })
        .finally(() => this.#writing.delete(entry)),
    )
  }

  /** Waits until no more than so many are being written. @throws why one of them failed */
  async #written(atMost: number): Promise<void> {
    while (this.#writing.size > atMost) await Promise.race(this.#writing.values())
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #writeDeletions(entry: LiveEntry): Promise<readonly [ManifestEntry, ViewEntry]> {
    const { store, random, verified } = this.#engine.parts
    const { handle, deletions } = entry
    assert(handle.info !== undefined, 'a segment is named when it is written')
    const pairs = deletions.unpersisted(deletions.count)
    const refs: DeltaRef[] = []
    if (pairs.length > 0) {
      const file = await writeDelta(store, handle.id, this.#owner, pairs, random)
      await verified.written(segmentKey(handle.id, file.name), file)
      refs.push(file)
    }
    const rows = [Uint32Array.from(pairs, ({ row }) => row)]
    return [
      { segment: handle.id, rowsUpTo: null, foreign: true, inherited: refs, deltas: [] },
      {
        handle,
        rowLimit: handle.rows.rowCount,
        rowsUpTo: null,
        foreign: true,
        deletions: Deletions.read(this.#owner, refs, rows, [], []),
        deletionCount: 0,
      },
    ]
  }
}

function isDead({ rows, deletions }: LiveEntry): boolean {
  return deletions.count === rows.rowCount
}

/** Which rows belong to which of a partition's shards. */
function rowsByShard({ rowCount, ids }: RowBlock, shardNumber: number): readonly Uint32Array[] {
  const homes = new Uint32Array(rowCount)
  const counts = new Uint32Array(shardNumber)
  const id: IdWords = { kind: idKindNumber, w0: 0, w1: 0, w2: 0, w3: 0 }
  for (let row = 0; row < rowCount; row++) {
    readIdAt(ids.words, ids.kinds, row, id)
    homes[row] = homeShard({ shardNumber }, 0, id)
    counts[homes[row]!]! += 1
  }
  const rows = Array.from(counts, (count) => new Uint32Array(count))
  const ends = new Uint32Array(shardNumber)
  for (let row = 0; row < rowCount; row++) rows[homes[row]!]![ends[homes[row]!]!++] = row
  return rows
}
