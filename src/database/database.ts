import type { CollectionConfig } from '../collection/types.ts'
import { checkCollectionConfig, checkCollectionName } from '../collection/check-config.ts'
import type { CollectionState } from '../collection/collection-state.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { collectionIdOf } from '../ids/brands.ts'
import { ArchiveFolder } from '../snapshot/archive-folder.ts'
import type { GarbageReport } from '../snapshot/collect-garbage.ts'
import type { Disk } from '../storage/disk.ts'
import { Collection, snapshotNotFound, submitSnapshot, type SnapshotOptions } from './collection-handle.ts'
import type { Engine } from './engine.ts'
import type { AliasAction } from './records.ts'
import {
  restoreArchive,
  restoreStoreArchive,
  type RestoreArchiveOptions,
  type RestoreStoreOptions,
} from './restore-archive.ts'
import { Snapshot } from './snapshot-handle.ts'

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
}

export interface RestoreOptions {
  /** Which collection of the snapshot; needed where it holds several. */
  readonly collection?: string
  /** Name of the new collection. */
  readonly as: string
}

export interface DatabaseResources {
  readonly id: string
  readonly disk: Disk
  /** Releases what `open` took: the lock, worker threads. */
  readonly release: () => Promise<void>
  readonly flushOnClose: boolean
}

/** An open database. Close it, or `await using`. */
export class Database {
  /** UUID of the store. */
  readonly id: string
  readonly #engine: Engine
  readonly #resources: DatabaseResources
  #closing: Promise<void> | undefined

  constructor(engine: Engine, resources: DatabaseResources) {
    this.id = resources.id
    this.#engine = engine
    this.#resources = resources
  }

  /** @throws collection-exists, alias-exists, request-invalid */
  async createCollection(name: string, config: CollectionConfig): Promise<Collection> {
    checkCollectionName(name)
    checkCollectionConfig(config)
    const id = this.#engine.parts.random.uuid()
    const state = (await this.#engine.submit({
      type: 'create-collection',
      id,
      name,
      config,
    })) as CollectionState
    return new Collection(this.#engine, state)
  }

  /** False if there is none of this name; an alias is not resolved. Its snapshots stay. */
  async dropCollection(name: string): Promise<boolean> {
    return (await this.#engine.submit({ type: 'drop-collection', name })) as boolean
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

  /** By name. */
  listCollections(): readonly Collection[] {
    this.#engine.checkOpen()
    const states = [...this.#engine.parts.catalog.collections.values()]
    return states
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((state) => new Collection(this.#engine, state))
  }

  listAliases(): readonly { readonly alias: string; readonly collection: string }[] {
    this.#engine.checkOpen()
    return [...this.#engine.parts.catalog.aliases].map(([alias, collection]) => ({ alias, collection }))
  }

  /** All of the actions, in order, or none. @throws collection-not-found, alias-not-found, collection-exists */
  async updateAliases(actions: readonly AliasAction[]): Promise<void> {
    await this.#engine.submit({ type: 'aliases', actions })
  }

  /** One cut through all collections, with their aliases. @throws snapshot-exists */
  createSnapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    return submitSnapshot(this.#engine, null, options)
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
   * Snapshots by the name of the collection they were taken of, which may be gone by now, or of the whole store ('').
   * In order of creation.
   */
  listSnapshotsFrom(collection: string): readonly Snapshot[] {
    this.#engine.checkOpen()
    const states = this.#engine.parts.catalog.snapshotsFrom(collection).values()
    return [...states].map((state) => new Snapshot(this.#engine, state))
  }

  /** One of `listSnapshotsFrom`, by its name. */
  findSnapshotFrom(collection: string, name: string): Snapshot | undefined {
    this.#engine.checkOpen()
    const state = this.#engine.parts.catalog.snapshotsFrom(collection).get(name)
    return state === undefined ? undefined : new Snapshot(this.#engine, state)
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
   * @throws collection-exists, snapshot-not-found, segment-corrupt; then nothing has changed
   */
  async restore(snapshot: Snapshot, options: RestoreOptions): Promise<Collection> {
    checkCollectionName(options.as)
    const source = snapshot.resolve(options.collection)
    const { catalog, random } = this.#engine.parts
    const view = await this.#engine.openSnapshot(catalog.getSnapshot(snapshot.id), source.collection)
    try {
      const id = collectionIdOf(random.uuid())
      const state = (await this.#engine.submit(
        { type: 'clone', snapshot: snapshot.id, source: source.collection, id, name: options.as },
        new Map([[source.collection, view]]),
      )) as CollectionState
      return new Collection(this.#engine, state)
    } finally {
      view.release()
    }
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

  /** A folder of archive files; its leftovers of interrupted writes are removed by `sweep`. */
  archiveFolder(path: string): ArchiveFolder {
    return new ArchiveFolder(this.#resources.disk, path)
  }

  stats(): DatabaseStats {
    const { catalog, registry, log, checkpointer } = this.#engine.parts
    const states = [...catalog.collections.values()]
    return {
      collections: states.length,
      points: states.reduce((sum, state) => sum + state.pointCount, 0),
      snapshots: catalog.snapshots.size,
      segmentsInMemory: registry.size,
      memtableBytes: states.reduce((sum, state) => sum + state.memtableBytes, 0),
      logBytes: log.bytes,
      appliedSeq: this.#engine.appliedSeq,
      checkpointSeq: checkpointer.seq,
    }
  }

  /** Waits for running work, flushes and closes. A second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      await this.#engine.close(this.#resources.flushOnClose)
    } finally {
      await this.#resources.release()
    }
  }
}
