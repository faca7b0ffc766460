import { WritableCollection } from '../collection/collection.ts'
import type { CollectionState } from '../collection/collection-state.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { snapshotIdOf } from '../ids/brands.ts'
import type { SnapshotState } from './catalog-state.ts'
import type { Engine } from './engine.ts'
import { Snapshot } from './snapshot-handle.ts'

export interface SnapshotOptions {
  /** Unique within its collection, or among those of the whole store. Default: `snapshot-<time>-<random>`. */
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
}

/** A collection of an open database. The handle stays valid until the collection is dropped. */
export class Collection extends WritableCollection {
  readonly #engine: Engine

  constructor(engine: Engine, state: CollectionState) {
    super(
      {
        name: state.name,
        id: state.id,
        view: () => engine.state(state.id).view(engine.appliedSeq),
        random: () => engine.parts.random.next(),
      },
      engine,
    )
    this.#engine = engine
  }

  /** Names this moment: one log record, whatever the size. Every write acknowledged so far is in it. @throws snapshot-exists */
  async createSnapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    return submitSnapshot(this.#engine, this.id, options)
  }

  /** In order of creation. */
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
   * Becomes what the snapshot holds, in place, at once: readers see the old or the new state. What it was before is
   * kept as the snapshot that is returned, so that a rollback to it undoes this one. Writes that were acknowledged
   * before the rollback's record are in the undo snapshot, later ones apply to the new state.
   * @throws snapshot-not-found, segment-corrupt; then nothing has changed
   */
  async rollback(
    snapshot: Snapshot,
    options: { readonly collection?: string; readonly undoName?: string } = {},
  ): Promise<Snapshot> {
    const { catalog, clock, random } = this.#engine.parts
    const source = snapshot.resolve(options.collection)
    const view = await this.#engine.openSnapshot(catalog.getSnapshot(snapshot.id), source.collection)
    try {
      const undo = {
        id: random.uuid(),
        name: options.undoName ?? `before-rollback-${random.uuid()}`,
        createdAt: clock.now(),
      }
      await this.#engine.submit(
        { type: 'rollback', snapshot: snapshot.id, source: source.collection, collection: this.id, undo },
        new Map([[source.collection, view]]),
      )
      return new Snapshot(this.#engine, catalog.getSnapshot(undo.id))
    } finally {
      view.release()
    }
  }

  #states(): SnapshotState[] {
    this.#engine.state(this.id)
    return [...this.#engine.parts.catalog.snapshots.values()].filter(
      ({ record }) => record.scope === 'collection' && record.collections[0]!.collection === this.id,
    )
  }
}

export function snapshotNotFound(name: string): DatabaseError {
  return new DatabaseError('snapshot-not-found', `Cannot find snapshot "${name}": it does not exist`, {
    name,
  })
}

/** `collection` null: the whole store. */
export async function submitSnapshot(
  engine: Engine,
  collection: string | null,
  options: SnapshotOptions,
): Promise<Snapshot> {
  const { clock, random } = engine.parts
  const createdAt = clock.now()
  const id = snapshotIdOf(random.uuid())
  const name = options.name ?? `snapshot-${new Date(createdAt).toISOString()}-${id.slice(0, 8)}`
  if (name === '' || name.length > 255) {
    throw new DatabaseError(
      'request-invalid',
      'Cannot create a snapshot: its name must have 1 to 255 characters',
      { name },
    )
  }
  const snapshot = {
    id,
    name,
    createdAt,
    scope: collection === null ? ('store' as const) : ('collection' as const),
    labels: { ...options.labels },
    description: options.description ?? '',
  }
  const state = (await engine.submit({ type: 'create-snapshot', snapshot, collection })) as SnapshotState
  return new Snapshot(engine, state)
}
