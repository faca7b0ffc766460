import { checkMembers, type Members } from '../../errors/known-members.ts'
import { CollectionReader } from '../../collection/reader.ts'
import { viewOfShard } from '../../collection/shard-view.ts'
import type { CollectionId } from '../../ids/brands.ts'
import { checkShard } from './check-shard.ts'
import { shardOrigin } from '../catalog-state.ts'
import type { Engine } from '../engine.ts'
import { restoreShardArchive, type RestoreShardArchiveOptions } from '../restore-archive.ts'
import { submitRestore } from '../restore-snapshot.ts'
import { Snapshot } from '../snapshot-handle.ts'
import type { SnapshotOptions } from '../snapshot-options.ts'
import { submitSnapshot } from '../submit-snapshot.ts'
import { archiveShard, shardSegments, type ShardArchive, type ShardArchiveOptions } from './shard-archive.ts'
import type { ShardSegment } from './shard-files.ts'

export interface RestoreShardOptions {
  /** Which shard of the snapshot's; default: the one that a snapshot of one shard holds, else the one of the same number. */
  readonly from?: number
  /** Which collection of the snapshot; needed where it holds several. */
  readonly collection?: string
  /** Name of the snapshot that keeps what is replaced. Default: `before-rollback-<id>`. */
  readonly undoName?: string
}

const ofRestore: Members<RestoreShardOptions> = { from: true, collection: true, undoName: true }

/** One shard of a collection: reads see its points only. Shards are numbered from 0. */
export class CollectionShard extends CollectionReader {
  readonly #engine: Engine
  readonly #collection: CollectionId
  /** Its number. */
  readonly index: number

  constructor(
    engine: Engine,
    collection: { readonly id: CollectionId; readonly name: string },
    index: number,
  ) {
    super({
      get name() {
        return collection.name
      },
      id: collection.id,
      view: () => {
        const state = engine.state(collection.id)
        checkShard(state, index)
        const whole = state.view(engine.appliedSeq)
        const part = viewOfShard(whole, index)
        whole.release()
        return part
      },
      loaded: () => engine.parts.loader.whenLoaded(collection.id),
      random: () => engine.parts.random.next(),
      services: engine.parts.reading,
    })
    this.#engine = engine
    this.#collection = collection.id
    this.index = index
  }

  /**
   * Names this moment of the shard: one log record, whatever the size. The snapshot's scope is `shard`; a rollback to it
   * replaces this shard only. @throws snapshot-exists, shard-not-found, request-invalid
   */
  createSnapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    return submitSnapshot(this.#engine, 'shard', [this.#collection], options, this.index)
  }

  /** Those of this shard, in order of creation. */
  listSnapshots(): readonly Snapshot[] {
    const { catalog } = this.#engine.parts
    const states = [...catalog.snapshotsFrom(shardOrigin(this.name, this.index)).values()]
    return states
      .filter(({ record }) => record.collections[0]!.collection === this.#collection)
      .map((state) => new Snapshot(this.#engine, state))
  }

  /**
   * The shard as it is now as an archive, and what it is made of. No snapshot is made; its newest rows are flushed.
   * Close the archive. @throws shard-not-found, request-invalid
   */
  archive(options: ShardArchiveOptions = {}): Promise<ShardArchive> {
    return archiveShard(this.#engine, this.#collection, this.index, options)
  }

  /** What the shard is made of; flushes its newest rows. @throws shard-not-found */
  segments(): Promise<readonly ShardSegment[]> {
    return shardSegments(this.#engine, this.#collection, this.index)
  }

  /**
   * The shard becomes what a snapshot holds of a shard, in place, at once, at the cost of a manifest; the other shards and
   * the configuration stay. Gives the snapshot of what was replaced.
   * @throws snapshot-incompatible (other vectors, or a point that belongs to another shard, by its id), shard-not-found,
   * snapshot-not-found, collection-not-found; then nothing has changed
   */
  async restore(snapshot: Snapshot, options: RestoreShardOptions = {}): Promise<Snapshot> {
    checkMembers(options, ofRestore, { cannot: 'Cannot restore the shard', of: 'the options' })
    const state = this.#engine.state(this.#collection)
    const source = options.from ?? snapshot.info().shard ?? this.index
    const { undo } = await submitRestore(
      this.#engine,
      { snapshot: snapshot.id },
      {
        collections: [
          {
            source: snapshot.resolve(options.collection).collection,
            into: {
              id: this.#collection,
              name: this.name,
              shard: { source, target: this.index, of: state.config.shardNumber },
            },
          },
        ],
        ...(options.undoName === undefined ? {} : { undoName: options.undoName }),
      },
    )
    return undo!
  }

  /**
   * The shard becomes what the archive of a shard holds, of this collection or of another one, in this store or elsewhere:
   * every byte is checked, the points are counted and looked at, and then one record puts them in place of the old ones.
   * @throws archive-invalid (naming the entry), checksum-mismatch, snapshot-incompatible (other vectors, or a point that
   * belongs to another shard, by its id), shard-not-found, collection-not-found; then nothing has changed
   */
  restoreArchive(
    source: AsyncIterable<Uint8Array>,
    options: Omit<RestoreShardArchiveOptions, 'collection' | 'shard'> = {},
  ): Promise<void> {
    return restoreShardArchive(this.#engine, source, {
      ...options,
      collection: this.name,
      shard: this.index,
    })
  }
}
