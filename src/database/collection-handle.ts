import { WritableCollection } from '../collection/collection.ts'
import type { CollectionState } from '../collection/collection-state.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import type { CollectionId } from '../ids/brands.ts'
import { checkShard } from './shards/check-shard.ts'
import type { SnapshotState } from './catalog-state.ts'
import type { Engine } from './engine.ts'
import { restoreSourceOf, submitRestore } from './restore-snapshot.ts'
import { Snapshot } from './snapshot-handle.ts'
import { CollectionShard } from './shards/shard-handle.ts'
import type { SnapshotOptions } from './snapshot-options.ts'
import { submitSnapshot } from './submit-snapshot.ts'

/** A snapshot (`snapshot.id`), a number, or a time in milliseconds since the epoch. */
export type RollbackTarget = Snapshot | { readonly seq: number } | { readonly time: number }

export interface RollbackOptions {
  /** Which collection of the snapshot; needed where it holds several. */
  readonly collection?: string
  /** Name of the snapshot that keeps what it was. Default: `before-rollback-<id>`. */
  readonly undoName?: string
}

const ofRollback: Members<RollbackOptions> = { collection: true, undoName: true }

/** A collection of an open database. The handle stays valid until the collection is dropped. */
export class Collection extends WritableCollection {
  readonly #engine: Engine

  constructor(engine: Engine, state: CollectionState) {
    super(
      {
        get name() {
          return state.name
        },
        id: state.id,
        view: () => engine.state(state.id).view(engine.appliedSeq),
        loaded: () => engine.parts.loader.whenLoaded(state.id),
        config: () => engine.state(state.id).config,
        random: () => engine.parts.random.next(),
        services: engine.parts.reading,
        isOptimizing: () => engine.isMissingGraphs(engine.state(state.id)),
      },
      engine,
    )
    this.#engine = engine
  }

  /** False while its rows are not in memory, or cannot be: see `Database.loading`. */
  get isLoaded(): boolean {
    return this.#engine.state(this.id).isLoaded
  }

  /** Names this moment: one log record, whatever the size. Every write acknowledged so far is in it. @throws snapshot-exists */
  async createSnapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    return submitSnapshot(this.#engine, 'collection', [this.id], options)
  }

  /**
   * One of its shards, numbered from 0: to be read, snapshotted, archived and restored by itself.
   * @throws shard-not-found
   */
  shard(index: number): CollectionShard {
    checkShard(this.#engine.state(this.id), index)
    return new CollectionShard(this.#engine, this.#engine.state(this.id), index)
  }

  /** In order of creation; those of single shards are listed by the shard. */
  listSnapshots(): readonly Snapshot[] {
    return this.#states().map((state) => new Snapshot(this.#engine, state))
  }

  /** @throws snapshot-not-found */
  getSnapshot(name: string): Snapshot {
    this.#engine.state(this.id)
    const state = this.#engine.parts.catalog.snapshotNamed(this.id, name)
    if (state === undefined) throw snapshotNotFound(name)
    return new Snapshot(this.#engine, state)
  }

  /**
   * Becomes what it was at a snapshot or at a moment that the retention window keeps: in place, at once, at the cost of
   * a manifest. Readers see the old or the new state. What it was before is kept as the snapshot that is returned, so
   * that a rollback to it undoes this one. Writes whose record comes before the rollback's are in the undo snapshot,
   * later ones apply to the new state; none is lost between them.
   * @throws snapshot-not-found, moment-not-kept, segment-corrupt; then nothing has changed
   */
  async rollback(target: RollbackTarget, options: RollbackOptions = {}): Promise<Snapshot> {
    checkMembers(options, ofRollback, { cannot: 'Cannot roll back', of: 'the options' })
    const source = restoreSourceOf(this.#engine, target)
    const { undo } = await submitRestore(this.#engine, source, {
      collections: [
        {
          source:
            target instanceof Snapshot ? target.resolve(options.collection).collection : this.#stateId(),
          into: { id: this.id, name: this.name },
        },
      ],
      ...(options.undoName === undefined ? {} : { undoName: options.undoName }),
    })
    return undo!
  }

  #stateId(): CollectionId {
    return this.#engine.state(this.id).id
  }

  #states(): SnapshotState[] {
    this.#engine.state(this.id)
    return [...this.#engine.parts.catalog.snapshotsFrom(this.name).values()].filter(
      ({ record }) => record.collections[0]!.collection === this.id,
    )
  }
}

export function snapshotNotFound(name: string): DatabaseError {
  return new DatabaseError('snapshot-not-found', `Cannot find snapshot "${name}": it does not exist`, {
    name,
  })
}
