import { CollectionReader } from '../collection/reader.ts'
import type { CollectionConfig } from '../collection/types.ts'
import type { View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import type { CollectionId, SequenceNumber } from '../ids/brands.ts'
import type { CheckMark, Hold, SnapshotScope } from '../manifest/format.ts'
import type { Archive } from '../snapshot/snapshot-archive.ts'
import { checkVerifyOptions, type VerifyOptions, type VerifyReport } from '../snapshot/verify/verify.ts'
import { archiveSnapshot, type SnapshotArchiveOptions } from './archives/archive-snapshot.ts'
import type { SnapshotState } from './catalog-state.ts'
import { drillSnapshot, type DrillOptions, type DrillReport } from './checks/drill.ts'
import type { Engine } from './engine.ts'
import { keptConfig } from './recovery.ts'
import { checkNotes, checkSnapshotName, createHold, type HoldOptions } from './snapshot-options.ts'
import { spaceOf, type SnapshotSpace } from './checks/space.ts'
import { verifySnapshot } from './checks/verify-snapshot.ts'

export interface SnapshotInfo {
  /** UUID; never reused. */
  readonly id: string
  /** Unique among the snapshots of its collection, or of the whole store. */
  readonly name: string
  /** The log record that the snapshot is: it holds every write with a number up to this one. */
  readonly seq: SequenceNumber
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly scope: SnapshotScope
  /** With the scope `shard` only: which shard of its collection it holds; the others are empty in it. */
  readonly shard?: number
  readonly collections: readonly { readonly id: string; readonly name: string }[]
  /** Aliases that pointed at its collections. */
  readonly aliases: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly description: string
  /** Why it was made: `manual`, `policy:<name>`, `before-rollback`, or what its maker said. */
  readonly reason: string
  /** What keeps it from being deleted; those that have expired are left out. */
  readonly holds: readonly Hold[]
  /** The last verification, if there was one. */
  readonly verified: CheckMark | null
  /** The last drill, if there was one. */
  readonly drilled: CheckMark | null
  /** SHA-256 of each collection's content, by collection name, as far as it was computed. */
  readonly contentHashes: Readonly<Record<string, string>>
  /** True once its files are written; until then the log and the memtables hold it, as safely. */
  readonly isSealed: boolean
}

/** Members that are left out stay as they are. */
export interface SnapshotUpdate {
  readonly name?: string
  /** Replaces all labels. */
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
  readonly reason?: string
}

const ofUpdate: Members<SnapshotUpdate> = { name: true, labels: true, description: true, reason: true }

/** A collection as a snapshot holds it. Close it (`await using`) to let its segments leave the memory. */
export class SnapshotReader extends CollectionReader {
  readonly #view: View

  constructor(engine: Engine, name: string, id: string, view: View) {
    super({
      name,
      id,
      view: () => {
        engine.checkOpen()
        return view.copy()
      },
      random: () => engine.parts.random.next(),
      services: engine.parts.reading,
    })
    this.#view = view
  }

  close(): void {
    this.#view.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

/** A name for a sequence number: what one collection, or the whole store, held at that moment. */
export class Snapshot {
  readonly #engine: Engine
  readonly #state: SnapshotState

  constructor(engine: Engine, state: SnapshotState) {
    this.#engine = engine
    this.#state = state
  }

  get name(): string {
    return this.#state.record.name
  }

  get id(): string {
    return this.#state.record.id
  }

  info(): SnapshotInfo {
    const { collections, ...record } = this.#state.record
    const { holds, verified, drilled, contentHashes } = this.#state.marks
    const now = this.#engine.parts.clock.now()
    return {
      ...record,
      collections: collections.map(({ collection, name }) => ({ id: collection, name })),
      holds: holds.filter(({ until }) => until === null || until > now),
      verified,
      drilled,
      contentHashes: Object.fromEntries(
        collections.flatMap(({ collection, name }) =>
          contentHashes[collection] === undefined ? [] : [[name, contentHashes[collection]]],
        ),
      ),
      isSealed: this.#state.sealed !== undefined,
    }
  }

  /** Reads a collection in place; `name` may be left out where the snapshot holds just one. @throws collection-not-found, segment-corrupt */
  async collection(name?: string): Promise<SnapshotReader> {
    const ref = this.resolve(name)
    const view = await this.#engine.openSnapshot(this.#current(), ref.collection)
    return new SnapshotReader(this.#engine, ref.name, ref.collection, view)
  }

  /**
   * How a collection is configured in it; reads no data. @throws collection-not-found, snapshot-not-found, manifest-corrupt
   */
  async config(name?: string): Promise<CollectionConfig> {
    const { collection } = this.resolve(name)
    return keptConfig(this.#engine.parts, this.#current(), collection)
  }

  /** Keys in the store of its metadata documents, one for each collection; none before it is sealed. */
  metadataFiles(): readonly string[] {
    return (this.#current().sealed ?? []).map(({ key }) => key)
  }

  /** Writes the snapshot's files now instead of with the next flush. */
  async seal(): Promise<void> {
    this.#current()
    if (this.#state.sealed === undefined) await this.#engine.checkpoint()
  }

  /**
   * The snapshot as one file that is produced while it is read; encrypted, signed, or without what the reader has
   * already. Seals first. Close it when it is no longer needed.
   * @throws snapshot-not-found, request-invalid, archive-invalid (the manifest in `since`)
   */
  async archive(options: SnapshotArchiveOptions = {}): Promise<Archive> {
    this.#current()
    return archiveSnapshot(this.#engine, this.id, options)
  }

  /**
   * Reads and hashes every byte that the snapshot reaches: segments, deletions, its metadata and manifests. Seals first.
   * Damage is no error but in the report, all of it; `info().verified` keeps the outcome. A run that is cancelled says
   * with `resumeFrom` where another one goes on: every file is read once over the runs, but for the one in which a run
   * was cancelled, which is read again.
   * @throws snapshot-not-found, request-invalid
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    checkVerifyOptions(options)
    return verifySnapshot(this.#engine, this.id, options)
  }

  /**
   * Restores the snapshot aside and tries it out: reads its bytes back from the store into a clone of each collection,
   * counts, compares the content hash (`info().contentHashes`, computed from the snapshot itself the first time), searches
   * points by their own vectors, and drops the clone. Seals first. Whatever is wrong is in the report; `info().drilled`
   * keeps the outcome. While it runs, the clone takes as much memory as the collection.
   * @throws cancelled, snapshot-not-found, request-invalid; the clone is gone then, too
   */
  drill(options: DrillOptions = {}): Promise<DrillReport> {
    return drillSnapshot(this.#engine, this.id, options)
  }

  /** What it takes of the store; see `Database.space`. Flushes first. @throws snapshot-not-found, manifest-corrupt */
  space(): Promise<SnapshotSpace> {
    return spaceOf(this.#engine).ofSnapshot(this.id)
  }

  /** Changes what is said of it; its content never changes. @throws snapshot-exists, snapshot-not-found, request-invalid */
  async update(change: SnapshotUpdate): Promise<void> {
    checkMembers(change, ofUpdate, { cannot: 'Cannot change the snapshot', of: 'a change' })
    if (change.name !== undefined) checkSnapshotName(change.name)
    checkNotes(change)
    const { name, labels, description, reason } = change
    await this.#engine.submit({
      type: 'update-snapshot',
      id: this.id,
      change: {
        ...(name === undefined ? {} : { name }),
        ...(labels === undefined ? {} : { labels }),
        ...(description === undefined ? {} : { description }),
        ...(reason === undefined ? {} : { reason }),
      },
    })
  }

  /**
   * Keeps it from being deleted, by anybody, until `until` (milliseconds since the epoch) or until the hold is released.
   * @throws request-invalid if `until` has passed, snapshot-not-found
   */
  async hold(options: HoldOptions = {}): Promise<Hold> {
    const hold = createHold(this.#engine, options)
    await this.#engine.submit({ type: 'update-snapshot', id: this.id, change: { addHold: hold } })
    return hold
  }

  /** @throws hold-not-found, snapshot-not-found */
  async releaseHold(id: string): Promise<void> {
    await this.#engine.submit({ type: 'update-snapshot', id: this.id, change: { removeHold: id } })
  }

  /** False if it was deleted before. @throws snapshot-held */
  async delete(): Promise<boolean> {
    const at = this.#engine.parts.clock.now()
    return (await this.#engine.submit({ type: 'delete-snapshot', id: this.id, at })) as boolean
  }

  /** @throws collection-not-found */
  resolve(name: string | undefined): { readonly collection: CollectionId; readonly name: string } {
    const { collections } = this.#state.record
    const found =
      name === undefined && collections.length === 1
        ? collections[0]
        : (collections.find((c) => c.name === name) ??
          collections.find((c) => c.collection === this.#idOf(name)))
    if (found === undefined) {
      const text = `Cannot use snapshot "${this.name}": it does not hold collection ${name === undefined ? '(no name given)' : `"${name}"`}`
      throw new DatabaseError('collection-not-found', text, { snapshot: this.name, collection: name })
    }
    return found
  }

  /** Of the living collection that has the name now: a snapshot knows the name that it had then. */
  #idOf(name: string | undefined): CollectionId | undefined {
    return name === undefined ? undefined : this.#engine.parts.catalog.findCollection(name)?.id
  }

  #current(): SnapshotState {
    this.#engine.checkOpen()
    return this.#engine.parts.catalog.getSnapshot(this.id)
  }
}
