import type { CollectionConfig } from '../collection/types.ts'
import { checkCollectionConfig, checkCollectionName } from '../collection/checks/check-config.ts'
import { checkConfigMembers } from '../collection/checks/check-members.ts'
import { withoutColumns } from '../collection/vector-columns.ts'
import type { CollectionState } from '../collection/collection-state.ts'
import { viewOfShard } from '../collection/shard-view.ts'
import type { View } from '../collection/view.ts'
import type { JsonObject } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import { ArchiveFolder } from '../snapshot/archive-folder.ts'
import { diffViews, type Diff, type DiffSide } from '../snapshot/diff.ts'
import type { GarbageReport } from '../snapshot/collect-garbage.ts'
import type { QdrantExport } from '../snapshot/qdrant/write/export-archive.ts'
import type { VerifyReport } from '../snapshot/verify/verify.ts'
import type { Disk } from '../storage/disk.ts'
import { checkShard } from './shards/check-shard.ts'
import { Collection, snapshotNotFound } from './collection-handle.ts'
import { ArchiveImports } from './imports/archive-imports.ts'
import { shardOrigin, type SnapshotState } from './catalog-state.ts'
import { ownCollections } from './checks/drill-clone.ts'
import type { Engine } from './engine.ts'
import { exportReference, type ExportForQdrantOptions } from './archives/export-qdrant.ts'
import { retentionOf, type Retention } from './history.ts'
import type { Job, Jobs } from './jobs.ts'
import { Documents } from './documents.ts'
import { draftName, isDraft } from './imports/drafts/draft-name.ts'
import { publishDrafts, type PublishOptions } from './imports/drafts/publish-drafts.ts'
import { Policies } from './policies/policies.ts'
import type { AliasAction, RestoreSource } from './records.ts'
import type { LoadingReport } from './loading/report.ts'
import { parseAt, resolveAt, resolveReference, seqAtTime, type At } from './reference.ts'
import {
  restoreArchive,
  restoreStoreArchive,
  type RestoreArchiveOptions,
  type RestoreStoreOptions,
} from './restore-archive.ts'
import { restorePartial, type RestorePartialOptions } from './restore-partial.ts'
import { restoreSourceOf, submitRestore } from './restore-snapshot.ts'
import { Snapshot, SnapshotReader } from './snapshot-handle.ts'
import type { SnapshotOptions } from './snapshot-options.ts'
import { querySnapshots, type SnapshotQuery } from './snapshot-query.ts'
import { submitSnapshot } from './submit-snapshot.ts'
import { spaceOf, type SpaceReport } from './checks/space.ts'
import { verifiedForRestore, type RestoreVerifyOptions } from './checks/verified-restore.ts'
import { checkVerifyJobOptions, startVerifyJob, type VerifyJobOptions } from './verify-job.ts'

export interface DatabaseStats {
  readonly collections: number
  readonly points: number
  readonly snapshots: number
  readonly segmentsInMemory: number
  readonly memtableBytes: number
  readonly logBytes: number
  /** Number of the last log record that is applied. */
  readonly appliedSeq: number
  /** Number of the last record that the newest checkpoint holds. */
  readonly checkpointSeq: number
  /** Being built now: graphs, rows that are in them, and rows that will be. */
  readonly graphs: { readonly graphs: number; readonly rowsDone: number; readonly rows: number }
}

export interface RestoreOptions {
  /** Which collection of the snapshot; needed where it holds several. */
  readonly collection?: string
  /** Name of the new collection. */
  readonly as: string
  /** Of the new collection. Default: those that the snapshot holds. */
  readonly settings?: JsonObject
  /** Name of a document that the same log record puts: the id of the new collection. Nothing is put if it fails. */
  readonly receipt?: string
  /** Reads and hashes every byte of the snapshot first (see `Snapshot.verify`), and counts its points. Default: not. */
  readonly verify?: RestoreVerifyOptions
}

const ofRestore: Members<RestoreOptions> = {
  collection: true,
  as: true,
  settings: true,
  receipt: true,
  verify: true,
}

export interface StoreSnapshotOptions extends SnapshotOptions {
  /** Names or aliases of the collections of one cut; left out: the whole store. */
  readonly collections?: readonly string[]
  /** Of the one collection that is named, this shard only; see `Collection.shard`. */
  readonly shard?: number
}

export interface RestoreAllOptions {
  /**
   * Target name by the collection's name in the snapshot; left out: every collection under its own name.
   */
  readonly collections?: Readonly<Record<string, string>>
  /** Collections that exist under a target name are replaced in place. Default false: they are refused. */
  readonly replace?: boolean
  /** Restores the snapshot's aliases of these collections, too. Default false. */
  readonly aliases?: boolean
  readonly undoName?: string
}

const ofRestoreAll: Members<RestoreAllOptions> = {
  collections: true,
  replace: true,
  aliases: true,
  undoName: true,
}
const inRestore = { cannot: 'Cannot restore the snapshot', of: 'the options' } as const

export interface RestoredCollections {
  readonly collections: readonly Collection[]
  /** One cut of what was replaced in place, if anything was. */
  readonly undo: Snapshot | undefined
}

export interface SnapshotPage {
  readonly snapshots: readonly Snapshot[]
  /** For the next page's `after`; undefined at the end. */
  readonly next: string | undefined
}

export interface RetentionInfo extends Retention {
  /** The oldest number that can be read. */
  readonly horizon: number
  /** The oldest time that can be read, in milliseconds since the epoch; undefined without a window. */
  readonly horizonTime: number | undefined
}

export interface DatabaseResources {
  readonly id: string
  readonly disk: Disk
  readonly jobs: Jobs
  /** Releases what `open` took: the lock, worker threads. */
  readonly release: () => Promise<void>
  readonly flushOnClose: boolean
}

/** An open database. Close it, or `await using`. */
export class Database {
  /** UUID of the store. */
  readonly id: string
  /** Long work, with progress and cancel. */
  readonly jobs: Jobs
  /** Snapshots by schedule and what is kept of them; nothing runs by itself before `policies.start()`. */
  readonly policies: Policies
  /** Restores whose archive comes in pieces, over connections that break. */
  readonly imports: ArchiveImports
  /** Small things to be kept with the store, by name. */
  readonly documents: Documents
  readonly #engine: Engine
  readonly #resources: DatabaseResources
  readonly #archiveFolders = new Map<string, ArchiveFolder>()
  #closing: Promise<void> | undefined

  constructor(engine: Engine, resources: DatabaseResources) {
    this.id = resources.id
    this.jobs = resources.jobs
    this.policies = new Policies(engine, resources.jobs)
    this.imports = new ArchiveImports(engine)
    this.documents = new Documents(engine)
    this.#engine = engine
    this.#resources = resources
  }

  /** @throws collection-exists, alias-exists, request-invalid */
  async createCollection(name: string, config: CollectionConfig): Promise<Collection> {
    checkCollectionName(name)
    return this.#createCollection(this.#engine.parts.random.uuid(), name, config)
  }

  /**
   * A collection that can be filled before anybody sees it: it is not listed, and no cut through the store holds it, until
   * `publishDrafts` gives it a name. It survives a restart; whoever gives it up drops it by its name. @throws request-invalid
   */
  async createDraft(config: CollectionConfig): Promise<Collection> {
    const id = this.#engine.parts.random.uuid()
    return this.#createCollection(id, draftName(id), config)
  }

  async #createCollection(id: string, name: string, config: CollectionConfig): Promise<Collection> {
    checkConfigMembers(config)
    checkCollectionConfig(config)
    const state = (await this.#engine.submit({
      type: 'create-collection',
      id,
      name,
      config: { ...config, vectors: withoutColumns(config.vectors) },
    })) as CollectionState
    return new Collection(this.#engine, state)
  }

  /** False if there is none of this name; an alias is not resolved. Its snapshots stay. */
  async dropCollection(name: string): Promise<boolean> {
    return (await this.#engine.submit({ type: 'drop-collection', name })) as boolean
  }

  /**
   * Gives a collection another name; an alias is not resolved. Its id, its handles and whatever was read from it stay good;
   * its snapshots and its aliases are those of the new name, and policies that name it follow. One log record.
   * @throws collection-not-found, collection-exists, alias-exists, request-invalid
   */
  async renameCollection(from: string, to: string): Promise<Collection> {
    checkCollectionName(to)
    const rename = { from, to }
    const state = await this.policies.duringRename(rename, () =>
      this.#engine.submit({ type: 'rename-collection', ...rename }),
    )
    return new Collection(this.#engine, state as CollectionState)
  }

  findCollection(nameOrAlias: string): Collection | undefined {
    this.#engine.checkOpen()
    const state = this.#engine.parts.catalog.findCollection(nameOrAlias)
    return state === undefined ? undefined : new Collection(this.#engine, state)
  }

  /** @throws collection-not-found */
  getCollection(nameOrAlias: string): Collection {
    const collection = this.findCollection(nameOrAlias)
    if (collection !== undefined) return collection
    throw new DatabaseError(
      'collection-not-found',
      `Cannot find collection "${nameOrAlias}": it does not exist`,
      { name: nameOrAlias },
    )
  }

  /** By name. The clone that a running drill tries out is left out. */
  listCollections(): readonly Collection[] {
    this.#engine.checkOpen()
    return ownCollections(this.#engine.parts.catalog)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((state) => new Collection(this.#engine, state))
  }

  listDrafts(): readonly Collection[] {
    this.#engine.checkOpen()
    return [...this.#engine.parts.catalog.collections.values()]
      .filter(isDraft)
      .map((state) => new Collection(this.#engine, state))
  }

  /**
   * Drafts become collections under the names that are given for theirs, with their aliases: all of them or none, at once,
   * at the cost of a manifest each. The drafts stay until they are dropped.
   * @throws collection-exists, alias-exists, collection-not-found, request-invalid; then nothing has changed
   */
  async publishDrafts(
    names: Readonly<Record<string, string>>,
    options: PublishOptions = {},
  ): Promise<RestoredCollections> {
    const { states, undo } = await publishDrafts(this.#engine, names, options)
    return { collections: states.map((state) => new Collection(this.#engine, state)), undo }
  }

  listAliases(): readonly { readonly alias: string; readonly collection: string }[] {
    this.#engine.checkOpen()
    return [...this.#engine.parts.catalog.aliases].map(([alias, collection]) => ({ alias, collection }))
  }

  /** All of the actions, in order, or none. @throws collection-not-found, alias-not-found, collection-exists */
  async updateAliases(actions: readonly AliasAction[]): Promise<void> {
    await this.#engine.submit({ type: 'aliases', actions })
  }

  /**
   * One cut: through all collections, or through those that are named, with their aliases; or one shard of one.
   * @throws snapshot-exists, collection-not-found, shard-not-found, request-invalid
   */
  async createSnapshot(options: StoreSnapshotOptions = {}): Promise<Snapshot> {
    const { collections, shard, ...own } = options
    if (shard !== undefined) return this.#createShardSnapshot(collections ?? [], shard, own)
    if (collections === undefined) return submitSnapshot(this.#engine, 'store', null, own)
    const ids = new Set(collections.map((name) => this.getCollection(name).id))
    if (ids.size === 0)
      throw new DatabaseError('request-invalid', 'Cannot create a snapshot: no collection is named')
    return submitSnapshot(this.#engine, ids.size === 1 ? 'collection' : 'several', [...ids], own)
  }

  async #createShardSnapshot(
    collections: readonly string[],
    shard: number,
    options: SnapshotOptions,
  ): Promise<Snapshot> {
    const [name, ...others] = collections
    if (name !== undefined && others.length === 0)
      return this.getCollection(name).shard(shard).createSnapshot(options)
    const text = 'Cannot create a snapshot of one shard: exactly one collection must be named'
    throw new DatabaseError('request-invalid', text, { shard })
  }

  /** Snapshots of any scope, filtered, sorted, in pages. @throws request-invalid */
  querySnapshots(query: SnapshotQuery = {}): SnapshotPage {
    this.#engine.checkOpen()
    const { catalog, clock } = this.#engine.parts
    const { states, next } = querySnapshots(catalog, query, clock.now())
    return { snapshots: states.map((state) => new Snapshot(this.#engine, state)), next }
  }

  /** By id. */
  findSnapshot(id: string): Snapshot | undefined {
    this.#engine.checkOpen()
    const state = this.#engine.parts.catalog.snapshots.get(id as never)
    return state === undefined ? undefined : new Snapshot(this.#engine, state)
  }

  /**
   * A collection as it is, or with `@<snapshot>`, `@<RFC 3339 time>` or `@seq:<n>` behind its name as it was. The reader
   * sees one moment, and one shard only if a number is given; close it.
   * @throws collection-not-found, snapshot-not-found, moment-not-kept, shard-not-found, segment-corrupt
   */
  async openReader(reference: string, options: { readonly shard?: number } = {}): Promise<SnapshotReader> {
    checkMembers(options, { shard: true }, { cannot: 'Cannot open a reader', of: 'the options' })
    this.#engine.checkOpen()
    const found = resolveReference(this.#engine.parts.catalog, reference, this.#engine.appliedSeq)
    const whole = await this.#engine.openReference(found)
    const { shard } = options
    const view = shard === undefined ? whole : oneShardOf(found.name, whole, shard)
    return new SnapshotReader(this.#engine, found.name, found.collection, view)
  }

  /**
   * A collection as an archive that a Qdrant 1.19 loads: as it is, or as a reference says (see `openReader`). One moment, which
   * is kept until the export is closed. Looks at every point once before this resolves, and has the bytes made when they are read.
   * @throws request-invalid naming what Qdrant cannot hold; as openReader, partition-not-found, cancelled
   */
  exportForQdrant(reference: string, options: ExportForQdrantOptions): Promise<QdrantExport> {
    return exportReference(this.#engine, reference, options)
  }

  /**
   * What differs between two references (see `openReader`), such as a snapshot and now. Close it. Its cost follows what
   * changed, and what merges have moved since. @throws as openReader, cancelled
   */
  async diff(from: string, to: string, options: { readonly signal?: AbortSignal } = {}): Promise<Diff> {
    checkMembers(options, { signal: true }, { cannot: 'Cannot compare', of: 'the options' })
    const before = await this.#openSide(from)
    const after = await this.#openSide(to).catch((error: unknown) => {
      before.view.release()
      throw error
    })
    return diffViews(likeOther(before, after), likeOther(after, before), options.signal)
  }

  async #openSide(reference: string): Promise<OpenSide> {
    this.#engine.checkOpen()
    const found = resolveReference(this.#engine.parts.catalog, reference, this.#engine.appliedSeq)
    const view = await this.#engine.openReference(found)
    const shard = found.kind === 'snapshot' ? found.snapshot.record.shard : undefined
    return { reference, seq: view.seq, view, shard }
  }

  /** True if `openReader` would read a snapshot or a past moment: nothing can be written there. */
  isPast(reference: string): boolean {
    const { catalog } = this.#engine.parts
    if (!reference.includes('@') || catalog.findCollection(reference) !== undefined) return false
    try {
      return resolveReference(catalog, reference, this.#engine.appliedSeq).kind !== 'live'
    } catch (error) {
      if (error instanceof DatabaseError) return error.code !== 'collection-not-found'
      throw error
    }
  }

  /** How far back any moment can be read. */
  retention(): RetentionInfo {
    this.#engine.checkOpen()
    const { catalog } = this.#engine.parts
    const retention = retentionOf(catalog)
    const isOn = retention.windowMs > 0
    return {
      ...retention,
      horizon: isOn ? catalog.horizon : this.#engine.appliedSeq,
      horizonTime: isOn ? catalog.timeline.timeOf(catalog.horizon) : undefined,
    }
  }

  /**
   * Keeps every moment from now on for `windowMs` milliseconds: rows, deletions and dropped collections stay in the
   * store so long. 0 ends it and lets the past go. @throws request-invalid
   */
  async setRetention({ windowMs }: Retention): Promise<void> {
    if (!Number.isSafeInteger(windowMs) || windowMs < 0) {
      throw new DatabaseError(
        'request-invalid',
        `Cannot set the retention window: windowMs is ${String(windowMs)}, not a whole number from 0`,
        { windowMs },
      )
    }
    // A mark before the window's first number: from there on times can be looked up.
    if (windowMs > 0) await this.#engine.submit({ type: 'time', at: this.#engine.parts.clock.now() })
    await this.#engine.submit({
      type: 'document',
      kind: 'retention',
      name: 'window',
      value: windowMs === 0 ? null : { windowMs },
    })
  }

  /** The last record written by a time (milliseconds since the epoch). @throws moment-not-kept */
  seqAt(time: number): number {
    this.#engine.checkOpen()
    return seqAtTime(this.#engine.parts.catalog, time, this.#engine.appliedSeq)
  }

  /** Those of the whole store, in order of creation; a collection lists its own. */
  listSnapshots(): readonly Snapshot[] {
    this.#engine.checkOpen()
    const states = [...this.#engine.parts.catalog.snapshots.values()]
    return states
      .filter(({ record }) => record.scope === 'store')
      .map((state) => new Snapshot(this.#engine, state))
  }

  /**
   * Snapshots by the name of the collection they were taken of, which may be gone by now, or of the whole store (''); with
   * a shard those that were taken of this shard only.
   * In order of creation.
   */
  listSnapshotsFrom(collection: string, shard?: number): readonly Snapshot[] {
    this.#engine.checkOpen()
    const states = [...this.#engine.parts.catalog.snapshotsFrom(originOf(collection, shard)).values()]
    return states.filter(isOfOrigin(collection)).map((state) => new Snapshot(this.#engine, state))
  }

  /**
   * Verifies a snapshot as a job (kind `verify`), which goes on where it was when the database is opened again.
   * @throws snapshot-not-found
   */
  startVerify(snapshot: Snapshot, options: VerifyJobOptions = {}): Job<VerifyReport> {
    checkVerifyJobOptions(options)
    return startVerifyJob(this.#engine, this.jobs, { snapshot: snapshot.id, ...options })
  }

  /** One of `listSnapshotsFrom`, by its name. */
  findSnapshotFrom(collection: string, name: string, shard?: number): Snapshot | undefined {
    this.#engine.checkOpen()
    const state = this.#engine.parts.catalog.snapshotsFrom(originOf(collection, shard)).get(name)
    return state === undefined || !isOfOrigin(collection)(state)
      ? undefined
      : new Snapshot(this.#engine, state)
  }

  /** Every snapshot, also those of collections that were dropped. */
  listAllSnapshots(): readonly Snapshot[] {
    this.#engine.checkOpen()
    return [...this.#engine.parts.catalog.snapshots.values()].map(
      (state) => new Snapshot(this.#engine, state),
    )
  }

  /** @throws snapshot-not-found */
  getSnapshot(name: string): Snapshot {
    this.#engine.checkOpen()
    const state = this.#engine.parts.catalog.snapshotNamed('', name)
    if (state === undefined) throw snapshotNotFound(name)
    return new Snapshot(this.#engine, state)
  }

  /**
   * A writable clone of what a snapshot holds, under a new name, at the cost of a manifest: segments are shared.
   * @throws collection-exists, snapshot-not-found, segment-corrupt, manifest-corrupt, cancelled; then nothing has changed
   */
  async restore(snapshot: Snapshot, options: RestoreOptions): Promise<Collection> {
    checkMembers(options, ofRestore, inRestore)
    const { as, settings, receipt, verify } = options
    checkCollectionName(as)
    const source = snapshot.resolve(options.collection).collection
    const check = verify === undefined ? undefined : await verifiedForRestore(this.#engine, snapshot, verify)
    const { states } = await submitRestore(
      this.#engine,
      { snapshot: snapshot.id },
      {
        collections: [{ source, into: { name: as, ...(settings === undefined ? {} : { settings }) } }],
        ...(receipt === undefined ? {} : { receipt }),
        ...(check === undefined ? {} : { check }),
      },
    )
    return new Collection(this.#engine, states[0]!)
  }

  /**
   * One, some or all collections of a snapshot, under their own or other names, as new collections or in place: all of
   * them or none, at once, at the cost of a manifest each.
   * @throws collection-exists, alias-exists, collection-not-found, snapshot-not-found; then nothing has changed
   */
  async restoreAll(snapshot: Snapshot, options: RestoreAllOptions = {}): Promise<RestoredCollections> {
    checkMembers(options, ofRestoreAll, inRestore)
    const { catalog } = this.#engine.parts
    const info = snapshot.info()
    const names = options.collections ?? Object.fromEntries(info.collections.map(({ name }) => [name, name]))
    const collections = Object.entries(names).map(([source, name]) => {
      checkCollectionName(name)
      const existing = catalog.collectionNamed(name)
      const isReplaced = existing !== undefined && options.replace === true
      return {
        source: snapshot.resolve(source).collection,
        into: isReplaced ? { name, id: existing.id } : { name },
      }
    })
    const aliases = Object.entries(options.aliases === true ? info.aliases : {}).flatMap(
      ([alias, collection]) => (names[collection] === undefined ? [] : [[alias, names[collection]]]),
    )
    if (options.replace !== true) this.#checkAliasesAreFree(aliases.map(([alias]) => alias!))
    const { states, undo } = await submitRestore(
      this.#engine,
      { snapshot: snapshot.id },
      {
        collections,
        aliases: Object.fromEntries(aliases) as Record<string, string>,
        ...(options.undoName === undefined ? {} : { undoName: options.undoName }),
      },
    )
    return { collections: states.map((state) => new Collection(this.#engine, state)), undo }
  }

  #checkAliasesAreFree(aliases: readonly string[]): void {
    for (const alias of aliases) {
      if (this.#engine.parts.catalog.aliases.has(alias))
        throw new DatabaseError('alias-exists', `Cannot restore alias "${alias}": it exists`, { alias })
    }
  }

  /**
   * A writable copy at the cost of a manifest, of what a collection is, or was (`<collection>@…`): neither ever sees the
   * other's later writes, and either can be dropped. @throws collection-exists, and what openReader throws
   */
  async clone(reference: string, as: string): Promise<Collection> {
    checkCollectionName(as)
    this.#engine.checkOpen()
    const found = resolveReference(this.#engine.parts.catalog, reference, this.#engine.appliedSeq)
    const source: RestoreSource =
      found.kind === 'live'
        ? { live: true }
        : found.kind === 'moment'
          ? { seq: found.seq }
          : { snapshot: found.snapshot.record.id }
    const { states } = await submitRestore(this.#engine, source, {
      collections: [{ source: found.collection, into: { name: as } }],
    })
    return new Collection(this.#engine, states[0]!)
  }

  /**
   * In place, what a collection was at `@…` (a snapshot's name, an RFC 3339 time, `seq:<n>`). See `Collection.rollback`.
   */
  async rollback(
    nameOrAlias: string,
    at: string,
    options: { readonly undoName?: string } = {},
  ): Promise<Snapshot> {
    checkMembers(options, { undoName: true }, { cannot: 'Cannot roll back', of: 'the options' })
    const { catalog } = this.#engine.parts
    const collection = this.getCollection(nameOrAlias)
    const target: At = parseAt(at)
    if (!('snapshot' in target)) return collection.rollback(target, options)
    const found = resolveAt(catalog, collection.name, target, this.#engine.appliedSeq)
    if (found.kind !== 'snapshot') throw snapshotNotFound(target.snapshot)
    const source = restoreSourceOf(this.#engine, new Snapshot(this.#engine, found.snapshot))
    const { undo } = await submitRestore(this.#engine, source, {
      collections: [{ source: found.collection, into: { id: collection.id, name: collection.name } }],
      ...options,
    })
    return undo!
  }

  /**
   * A new collection with a part of what a reference (see `openReader`) holds: some points, vectors or payload keys, with
   * another shard number, other payload indexes or settings. It appears completely or not at all; payload values that
   * tell when a point expires are values like others.
   * @throws request-invalid, filter-invalid, vector-unknown, collection-exists, alias-exists, cancelled, and what
   * openReader throws; then nothing has changed and nothing is left behind
   */
  async restorePartial(reference: string, options: RestorePartialOptions): Promise<Collection> {
    const id = await restorePartial(this.#engine, reference, options)
    return new Collection(this.#engine, this.#engine.state(id))
  }

  /**
   * A collection from an archive: streamed, verified entry by entry, opened, counted, and only then made known, at
   * once. @throws archive-invalid (naming the entry), checksum-mismatch, snapshot-incompatible, collection-exists;
   * then nothing has changed and nothing is left behind
   */
  async restoreArchive(
    source: AsyncIterable<Uint8Array>,
    options: RestoreArchiveOptions,
  ): Promise<Collection> {
    await restoreArchive(this.#engine, source, options)
    return this.getCollection(options.into)
  }

  /** Every collection and alias of a full archive, all or none. @throws as restoreArchive */
  restoreStoreArchive(source: AsyncIterable<Uint8Array>, options: RestoreStoreOptions = {}): Promise<void> {
    return restoreStoreArchive(this.#engine, source, options)
  }

  /** A checkpoint: memtables become segments, snapshots are sealed, the log is cut. Writers do not wait for it. */
  flush(): Promise<void> {
    this.#engine.checkOpen()
    return this.#engine.checkpoint()
  }

  /** Merges what is worth merging. */
  optimize(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#engine.checkOpen()
    return this.#engine.optimize(options.signal)
  }

  /** Deletes what no collection, snapshot or running job reaches. */
  collectGarbage(): Promise<GarbageReport> {
    this.#engine.checkOpen()
    return this.#engine.collectGarbage()
  }

  /**
   * A folder of archive files; its leftovers of interrupted writes are removed by `sweep`. The same object for the same
   * path, spelled the same: it keeps publishing, deleting and sweeping apart.
   */
  archiveFolder(path: string): ArchiveFolder {
    let folder = this.#archiveFolders.get(path)
    if (folder === undefined) {
      folder = new ArchiveFolder(this.#resources.disk, path, this.#engine.parts.random)
      this.#archiveFolders.set(path, folder)
    }
    return folder
  }

  /**
   * What snapshots take of the store. Counts files of segments, deltas, and the snapshots' own files; neither the catalog
   * and the manifests of collections, nor the log, nor garbage. Seals what is not sealed: before, nobody knows how long
   * its files will be. @throws manifest-corrupt if a snapshot's files cannot be read
   */
  space(): Promise<SpaceReport> {
    return spaceOf(this.#engine).report()
  }

  /**
   * What the store has less, of what `space` counts, once exactly these snapshots (by id) are deleted, the database is
   * flushed and garbage is collected. Flushes first. @throws snapshot-not-found, manifest-corrupt
   */
  spaceFreedBy(snapshotIds: readonly string[]): Promise<{ readonly bytes: number }> {
    return spaceOf(this.#engine).freedBy(snapshotIds)
  }

  /** False while something that was there at the start is not in memory, or cannot be: see `loading`. */
  get isLoaded(): boolean {
    return this.#engine.parts.loader.isDone
  }

  /** How far what was there at the start is in memory. */
  loading(): LoadingReport {
    return this.#engine.parts.loader.report()
  }

  /**
   * Resolves when the collection can be read and written, or every one that was there at the start; one that is named is
   * loaded next. At once, unless the database was opened with `lazy`. @throws collection-not-found, and segment-corrupt,
   * manifest-corrupt or object-not-found if it cannot be loaded
   */
  async whenLoaded(nameOrAlias?: string): Promise<void> {
    this.#engine.checkOpen()
    const { loader } = this.#engine.parts
    await (nameOrAlias === undefined
      ? loader.whenAllLoaded()
      : loader.whenLoaded(this.getCollection(nameOrAlias).id))
  }

  stats(): DatabaseStats {
    const { catalog, registry, log, checkpointer } = this.#engine.parts
    const states = ownCollections(catalog)
    return {
      collections: states.length,
      points: states.reduce((sum, state) => sum + state.pointCount, 0),
      snapshots: catalog.snapshots.size,
      segmentsInMemory: registry.size,
      memtableBytes: states.reduce((sum, state) => sum + state.memtableBytes, 0),
      logBytes: log.bytes,
      appliedSeq: this.#engine.appliedSeq,
      checkpointSeq: checkpointer.seq,
      graphs: this.#engine.graphProgress,
    }
  }

  /** Stops policies, cancels running jobs, waits for running work, flushes and closes. A second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      await this.policies.close()
      await this.imports.close()
      await this.jobs.close()
    } finally {
      await this.#closeEngine()
    }
  }

  async #closeEngine(): Promise<void> {
    try {
      await this.#engine.close(this.#resources.flushOnClose)
    } finally {
      await this.#resources.release()
    }
  }
}

/** Takes the place of `whole`. @throws shard-not-found */
function oneShardOf(name: string, whole: View, shard: number): View {
  try {
    checkShard({ name, shards: whole.shards }, shard)
    return viewOfShard(whole, shard)
  } finally {
    whole.release()
  }
}

interface OpenSide extends DiffSide {
  readonly view: View
  /** Of a snapshot of one shard. */
  readonly shard: number | undefined
}

/** A snapshot of one shard is compared with that shard of the other side. */
function likeOther(side: OpenSide, { shard, view: other }: OpenSide): OpenSide {
  const { view } = side
  if (shard === undefined || side.shard !== undefined || view.shards.length !== other.shards.length)
    return side
  const part = viewOfShard(view, shard)
  view.release()
  return { ...side, view: part }
}

function originOf(collection: string, shard: number | undefined): string {
  return shard === undefined ? collection : shardOrigin(collection, shard)
}

/** Cuts through several collections are listed by `querySnapshots` only. */
function isOfOrigin(collection: string): (state: SnapshotState) => boolean {
  return ({ record }) => collection !== '' || record.scope === 'store'
}
