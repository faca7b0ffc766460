import type { StateServices } from '../collection/collection-state.ts'
import { laterColumn } from '../collection/vector-columns.ts'
import type { ConfigChange, WriteSink } from '../collection/collection.ts'
import type { CollectionState } from '../collection/collection-state.ts'
import type { PointsOperation } from '../collection/operations.ts'
import type { PointsBatch } from '../collection/points-batch.ts'
import type { ReadServices } from '../collection/querying/read-services.ts'
import type { SegmentRegistry } from '../collection/segment-handle.ts'
import { viewOfShard } from '../collection/shard-view.ts'
import type { WriteResult } from '../collection/types.ts'
import type { View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import { Mutex } from '../runtime/mutex.ts'
import type { Random } from '../runtime/random.ts'
import type { SegmentWriter } from '../segment/segment-writer.ts'
import { collectGarbage, type GarbageReport, type Roots } from '../snapshot/collect-garbage.ts'
import type { Pins } from '../snapshot/pins.ts'
import type { QdrantConfig } from '../snapshot/qdrant/plain-config.ts'
import type { QdrantFilter } from '../snapshot/qdrant/plain-filter.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { VerifiedObjects } from '../storage/verified-objects.ts'
import { applyRecord } from './apply/apply-record.ts'
import { applyInSlices, slicedRecord, type SlicedRecord } from './apply/sliced-record.ts'
import type { Prepared } from './apply/restored.ts'
import { checkShard } from './shards/check-shard.ts'
import type { CatalogState, KeptState } from './catalog-state.ts'
import type { Checkpointer } from './checkpointer.ts'
import { horizonAt, retentionOf } from './history.ts'
import { Optimizer } from './optimizer.ts'
import type { CollectionLoader } from './loading/collection-loader.ts'
import { loadedFor } from './loading/needed-rows.ts'
import { ReadViews } from './read-views.ts'
import { openKeptView, openMomentView } from './recovery.ts'
import type { Reference } from './reference.ts'
import { encodeRecord, type DatabaseRecord } from './records.ts'
import { timelineGranularityMs } from './timeline.ts'
import { WriteGate } from './write-gate.ts'

export interface EngineLimits {
  /** Memtable bytes over all collections at which a checkpoint starts. */
  readonly memtableBytesMax: number
  /** Bytes of records on their way to the log and into memtables; further writes wait. */
  readonly pendingBytesMax: number
  /** A change is checkpointed at the latest after this time. */
  readonly checkpointIntervalMs: number
  /** Whether flushes, merges and garbage collection start by themselves. */
  readonly background: boolean
  /** Work, in bytes copied, between two looks at the event loop while a large record is applied. */
  readonly sliceBytes: number
}

export interface EngineParts {
  readonly store: ObjectStore
  /** What of the store need not be read again to know that it is whole. */
  readonly verified: VerifiedObjects
  readonly log: Log
  readonly catalog: CatalogState
  readonly registry: SegmentRegistry
  readonly services: StateServices
  readonly segments: SegmentWriter
  /** For imports: in more threads, which end when they have had nothing to do for a while. */
  readonly bulkSegments: SegmentWriter
  /** Builds graphs, in threads of its own: no flush waits for them. */
  readonly links: SegmentWriter
  readonly graphThreads: number
  readonly qdrantConfig: QdrantConfig
  readonly qdrantFilter: QdrantFilter
  readonly checkpointer: Checkpointer
  readonly loader: CollectionLoader
  readonly pins: Pins
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly limits: EngineLimits
  /** A look at the event loop. */
  readonly pause: () => Promise<void>
  readonly reading: ReadServices
}

const nothingPrepared: Prepared = new Map()

/** The write path, the checkpoints and the background work of one open database. */
export class Engine implements WriteSink {
  readonly parts: EngineParts
  readonly #maintenance = new Mutex()
  readonly #optimizer: Optimizer
  #appliedSeq: SequenceNumber
  #isClosed = false
  /** Set by a failure after which memory and log may differ: nothing is written or read any more. */
  #failure: unknown
  #checkpointTimer: { cancel(): void } | undefined
  #isCheckpointDue = false
  /** Imports behind the newest checkpoint: replay would need their segments even if the collection is gone by now. */
  #recentImports: { readonly seq: SequenceNumber; readonly unpin: () => void }[] = []
  /** Checkpoints that were started for the sake of memory or time and have not ended. */
  #checkpointsDue = 0
  readonly #gate: WriteGate
  /** Time of the newest mark that was sent to the log. */
  #lastMark = 0
  readonly #readViews: ReadViews
  /**
   * Held while a record is applied in slices, and by whatever takes or changes the layout of collections between two records.
   * Otherwise: a memtable is frozen in the middle and holds rows that its checkpoint does not count, and replay brings
   * them twice.
   */
  readonly #whole = new Mutex()

  constructor(parts: EngineParts, appliedSeq: SequenceNumber) {
    this.parts = parts
    this.#appliedSeq = appliedSeq
    this.#lastMark = parts.catalog.timeline.lastTime
    this.#readViews = new ReadViews(parts.clock)
    this.#optimizer = new Optimizer(parts, {
      seq: () => this.#appliedSeq,
      betweenRecords: (task) => this.#betweenRecords(task),
      onChange: (isDear) => this.#afterChange(isDear),
    })
    this.#gate = new WriteGate(parts.limits.pendingBytesMax, () => this.#isFull())
  }

  /** Whether a segment of the collection is to have a graph that is not there. */
  isMissingGraphs(state: CollectionState): boolean {
    return this.#optimizer.isMissingGraphs(state)
  }

  get graphProgress(): Optimizer['progress'] {
    return this.#optimizer.progress
  }

  /** What was left undone goes on, if background work starts by itself. */
  start(): void {
    if (!this.parts.limits.background) return
    void this.parts.loader.whenSettled().then(() => {
      if (!this.#isClosed) this.#optimizer.start()
    })
  }

  get appliedSeq(): SequenceNumber {
    return this.#appliedSeq
  }

  points(batch: PointsBatch): Promise<WriteResult> {
    return this.submit({ type: 'points', batch }) as Promise<WriteResult>
  }

  operation(operation: PointsOperation): Promise<WriteResult> {
    return this.submit({ type: 'operation', operation }) as Promise<WriteResult>
  }

  async configure(change: ConfigChange): Promise<{ readonly seq: SequenceNumber }> {
    const { random } = this.parts
    const added = Object.entries(change.addVectors ?? {}).map(([name, params]) => [
      name,
      { ...params, column: laterColumn(name, random.uuid()) },
    ])
    const addVectors = Object.fromEntries(added) as NonNullable<typeof change.addVectors>
    await this.submit({ type: 'configure', change: added.length === 0 ? change : { ...change, addVectors } })
    return { seq: this.#appliedSeq }
  }

  state(id: string): CollectionState {
    this.checkOpen()
    const state = this.parts.catalog.collections.get(id as CollectionId)
    if (state === undefined)
      throw new DatabaseError('collection-not-found', `Cannot use collection ${id}: it was dropped`, { id })
    return state
  }

  /** Logs a record, waits until it is durable, applies it in its turn and gives what it returned or threw. */
  async submit(record: DatabaseRecord, prepared: Prepared = nothingPrepared): Promise<unknown> {
    this.checkOpen()
    const loading = loadedFor(record, this.parts.loader, this.parts.catalog)
    if (loading !== undefined) await loading
    const encoded = encodeRecord(record)
    const bytes = encoded.body.reduce((sum, part) => sum + part.byteLength, 0)
    const entering = this.#gate.enter(bytes)
    if (entering !== undefined) await entering
    try {
      this.checkOpen()
      if (retentionOf(this.parts.catalog).windowMs > 0) this.#markTime()
      return await this.#append(record, prepared, encoded)
    } finally {
      this.#afterWrite()
      this.#gate.leave(bytes)
    }
  }

  async #append(
    record: DatabaseRecord,
    prepared: Prepared,
    { type, body } = encodeRecord(record),
  ): Promise<unknown> {
    let outcome: Outcome | undefined
    await this.parts.log.append(type, body, (seq) => {
      const applied = this.#apply(record, seq, prepared)
      if (!(applied instanceof Promise)) {
        outcome = applied
        return undefined
      }
      return applied.then((value) => void (outcome = value))
    })
    if (outcome === undefined) throw this.#failure
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }

  /** The records that follow get this time, so that a moment can be found by it. Written together with them. */
  #markTime(): void {
    const now = this.parts.clock.now()
    if (now < this.#lastMark + timelineGranularityMs) return
    this.#lastMark = now
    // If it fails, so does the record behind it, and that one has a caller to tell.
    this.#append({ type: 'time', at: now }, nothingPrepared).catch(() => undefined)
  }

  /** False once the log has failed: then it is open which of the last records count. */
  get isWritable(): boolean {
    return this.#failure === undefined && !this.parts.log.hasFailed
  }

  /** False once it is closed or has failed. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#failure === undefined
  }

  checkOpen(): void {
    if (this.#isClosed)
      throw new DatabaseError('database-closed', 'Cannot use the database: it has been closed')
    if (this.#failure !== undefined) throw this.#failure as Error
  }

  /** A checkpoint of everything applied so far, if the newest catalog is behind. */
  checkpoint(): Promise<void> {
    return this.#maintenance.run(() => this.#checkpoint())
  }

  async optimize(signal?: AbortSignal): Promise<void> {
    this.checkOpen()
    await this.parts.loader.whenSettled()
    return this.#optimizer.run(signal)
  }

  collectGarbage(): Promise<GarbageReport> {
    return this.#maintenance.run(async () => {
      await this.forgetOld()
      await this.#checkpoint()
      return this.#collectGarbage(() => this.#readRoots())
    })
  }

  /** A snapshot's collection as a view; the caller releases it. */
  openSnapshot(snapshot: KeptState, collection: CollectionId): Promise<View> {
    this.checkOpen()
    return openKeptView(this.parts, snapshot, collection)
  }

  /** A collection as of a number; the caller releases it. @throws moment-not-kept, collection-not-found */
  async openMoment(collection: CollectionId, name: string, seq: SequenceNumber): Promise<View> {
    this.checkOpen()
    await this.parts.loader.whenLoaded(collection)
    return openMomentView(this.parts, collection, name, seq, this.#appliedSeq)
  }

  /**
   * A shard as it is at some moment of this call, all of it written, though no catalog may name it yet. The caller releases
   * the view and, when its files are no longer needed, the pin. @throws shard-not-found, collection-not-found
   */
  writtenShard(
    collection: CollectionId,
    shard: number,
  ): Promise<{ readonly view: View; readonly unpin: () => void }> {
    // No merge and no checkpoint meanwhile: the segments that the view names stay those of the files.
    return this.#maintenance.run(async () => {
      await this.parts.loader.whenLoaded(collection)
      const view = await this.#betweenRecords(() => {
        const state = this.state(collection)
        checkShard(state, shard)
        state.shards[shard]!.freeze()
        const whole = state.view(this.#appliedSeq)
        const only = viewOfShard(whole, shard)
        whole.release()
        return only
      })
      const unpin = this.parts.pins.pin([...view.entries()].map(({ handle }) => handle.id))
      try {
        await this.parts.checkpointer.writeViews([view])
        return { view, unpin }
      } catch (error) {
        view.release()
        unpin()
        throw error
      }
    })
  }

  /** What a reference stands for, as a view; kept open for a while, for those who ask again. The caller releases it. */
  async openReference(reference: Reference): Promise<View> {
    this.checkOpen()
    const { collection, name } = reference
    switch (reference.kind) {
      case 'live':
        await this.parts.loader.whenLoaded(collection)
        return this.state(collection).view(this.#appliedSeq)
      case 'snapshot':
        return this.#readViews.open(`${reference.snapshot.record.id}/${collection}`, () =>
          this.openSnapshot(reference.snapshot, collection),
        )
      case 'moment':
        return this.#readViews.open(`${reference.seq}/${collection}`, () =>
          this.openMoment(collection, name, reference.seq),
        )
    }
  }

  /** Lets go of the moments that the retention window has passed. */
  async forgetOld(): Promise<void> {
    const { catalog, clock } = this.parts
    const now = clock.now()
    const horizon = horizonAt(catalog, now, this.#appliedSeq)
    if (horizon !== undefined) await this.#append({ type: 'forget', horizon }, nothingPrepared)
    catalog.timeline.thin(now)
  }

  async close(flush: boolean): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#checkpointTimer?.cancel()
    this.#gate.admit()
    try {
      // What is not loaded yet is as the newest catalog says, and the log has the rest.
      const isLoaded = this.parts.loader.isSettled
      await this.parts.loader.close()
      await this.#optimizer.close()
      if (flush && isLoaded && this.#failure === undefined) await this.checkpoint()
      else await this.#maintenance.run(async () => {})
    } finally {
      await this.parts.log.close()
      this.#readViews.close()
      this.parts.catalog.release()
    }
  }

  /** Undefined: it failed, and so has the engine. */
  #apply(
    record: DatabaseRecord,
    seq: SequenceNumber,
    prepared: Prepared,
  ): Outcome | undefined | Promise<Outcome | undefined> {
    if (this.#failure !== undefined) return undefined
    const { catalog, services, limits } = this.parts
    try {
      const sliced = slicedRecord(catalog, record, seq, limits.sliceBytes)
      if (sliced !== undefined) return this.#whole.run(() => this.#applySliced(sliced, seq))
      const value = applyRecord(catalog, services, record, seq, prepared)
      this.keepForReplay(record, seq)
      this.#appliedSeq = seq
      return { value }
    } catch (error) {
      return this.#outcomeOf(error, seq)
    }
  }

  async #applySliced(sliced: SlicedRecord, seq: SequenceNumber): Promise<Outcome | undefined> {
    try {
      return { value: await applyInSlices(sliced, this.parts.pause, () => (this.#appliedSeq = seq)) }
    } catch (error) {
      return this.#outcomeOf(error, seq)
    }
  }

  #outcomeOf(error: unknown, seq: SequenceNumber): Outcome | undefined {
    if (error instanceof DatabaseError) {
      this.#appliedSeq = seq
      return { error }
    }
    // In the middle of a change: memory may be half changed, the log is right. Only a new start helps.
    this.#failure = error
    return undefined
  }

  /** In a tick in which no record is half applied. @throws what the engine failed with */
  #betweenRecords<T>(task: () => T): Promise<T> {
    return this.#whole.run(async () => {
      if (this.#failure !== undefined) throw this.#failure as Error
      return task()
    })
  }

  /** Pins what replaying the record needs, until a checkpoint holds its effect. */
  keepForReplay(record: DatabaseRecord, seq: SequenceNumber): void {
    if (record.type !== 'import') return
    const segments = record.collections.flatMap((staged) => staged.segments.map((info) => info.id))
    this.#recentImports.push({ seq, unpin: this.parts.pins.pin(segments) })
  }

  #memtableBytes(): number {
    let bytes = 0
    for (const state of this.parts.catalog.collections.values()) bytes += state.memtableBytes
    return bytes
  }

  /** With twice the bound in memory, writers wait for the checkpoint that is due. */
  #isFull(): boolean {
    const isWaiting = this.isOpen && this.#checkpointsDue > 0
    return isWaiting && this.#memtableBytes() > this.parts.limits.memtableBytesMax
  }

  #afterWrite(): void {
    const { limits, clock } = this.parts
    if (!limits.background || this.#isClosed) return
    if (this.#memtableBytes() > limits.memtableBytesMax) this.#startCheckpoint()
    this.#checkpointTimer ??= clock.after(limits.checkpointIntervalMs, () => {
      this.#checkpointTimer = undefined
      this.#startCheckpoint()
    })
  }

  /** What the optimizer has made is lost in a crash until a checkpoint names it. */
  #afterChange(isDear: boolean): void {
    if (isDear && this.parts.limits.background) this.#startCheckpoint()
    else this.#afterWrite()
  }

  #startCheckpoint(): void {
    if (this.#isCheckpointDue || this.#isClosed) return
    this.#isCheckpointDue = true
    this.#checkpointsDue += 1
    let isRelieved = false
    // Writers do not wait for garbage collection.
    const relieve = (): void => {
      if (isRelieved) return
      isRelieved = true
      this.#checkpointsDue -= 1
      this.#gate.admit()
    }
    this.#maintenance
      .run(async () => {
        this.#isCheckpointDue = false
        await this.forgetOld()
        await this.#checkpoint()
        relieve()
        this.#optimizer.review()
        this.#optimizer.start()
        await this.#collectGarbage(() => this.#readRoots())
      })
      .catch((error: unknown) => {
        this.parts.logger.error('background work failed', { error: String(error) })
      })
      .finally(relieve)
  }

  async #checkpoint(): Promise<void> {
    const { checkpointer, loader, log } = this.parts
    await loader.whenSettled()
    if (!checkpointer.isBehind(this.#appliedSeq)) return
    // First a new log file, so that all but the last moments of the old ones can go when the catalog is published.
    await log.rotate()
    const capture = await this.#betweenRecords(() => checkpointer.capture(this.#appliedSeq))
    const { seq } = capture
    await checkpointer.run(capture)
    for (const recent of this.#recentImports) if (recent.seq <= seq) recent.unpin()
    this.#recentImports = this.#recentImports.filter((recent) => recent.seq > seq)
    await log.truncateBefore((checkpointer.seq + 1) as SequenceNumber)
  }

  #collectGarbage(readRoots: () => Promise<Roots>): Promise<GarbageReport> {
    return collectGarbage(this.parts.store, readRoots, this.parts.verified)
  }

  async #readRoots(): Promise<Roots> {
    const { catalog, checkpointer, pins } = this.parts
    // The catalog first: that takes time, and what is written meanwhile is reached from memory, which comes last.
    const keys = new Set<string>(await checkpointer.committedKeys())
    for (const kept of catalog.kept()) {
      for (const view of kept.views?.values() ?? []) addEntries(keys, view.entries())
    }
    for (const state of catalog.collections.values()) {
      // One that could not be loaded is as the catalog's manifest of it says.
      if (!state.isLoaded) continue
      for (const shard of state.shards) addEntries(keys, shard.entries)
    }
    return { keys, prefixes: pins.prefixes() }
  }
}

type Outcome = { readonly value: unknown } | { readonly error: DatabaseError }

interface Reachable {
  readonly handle: {
    readonly id: string
    readonly info: { readonly files: readonly { readonly name: string }[] } | undefined
  }
  readonly deletions: { knownRefs(): readonly { readonly name: string }[] }
}

function addEntries(keys: Set<string>, entries: Iterable<Reachable>): void {
  for (const { handle, deletions } of entries) {
    for (const file of handle.info?.files ?? []) keys.add(`segments/${handle.id}/${file.name}`)
    for (const ref of deletions.knownRefs()) keys.add(`segments/${handle.id}/${ref.name}`)
  }
}
