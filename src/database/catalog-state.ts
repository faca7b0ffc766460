import type { CollectionState } from '../collection/collection-state.ts'
import type { View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { CollectionId, SnapshotId } from '../ids/brands.ts'
import type { SealedRef, SnapshotRecord } from '../manifest/format.ts'

/** A snapshot in memory: its views until it is sealed, then the files that hold them. */
export interface SnapshotState {
  readonly record: SnapshotRecord
  views: ReadonlyMap<CollectionId, View> | undefined
  sealed: readonly SealedRef[] | undefined
}

/** The fold over the log: which collections, aliases and snapshots there are. */
export class CatalogState {
  readonly collections = new Map<CollectionId, CollectionState>()
  readonly aliases = new Map<string, string>()
  readonly snapshots = new Map<SnapshotId, SnapshotState>()
  readonly #byName = new Map<string, CollectionState>()
  /** Snapshots of one scope have unique names: `<collection id or ''>\n<name>`. */
  readonly #snapshotNames = new Map<string, SnapshotState>()

  /** By the name that the collection had ('' for the whole store), then by the snapshot's own: they outlive their collections. */
  readonly #snapshotsByOrigin = new Map<string, Map<string, SnapshotState>>()

  addCollection(state: CollectionState): void {
    this.collections.set(state.id, state)
    this.#byName.set(state.name, state)
  }

  removeCollection(state: CollectionState): void {
    this.collections.delete(state.id)
    this.#byName.delete(state.name)
    for (const [alias, name] of this.aliases) if (name === state.name) this.aliases.delete(alias)
    state.release()
  }

  /** By its own name only. */
  collectionNamed(name: string): CollectionState | undefined {
    return this.#byName.get(name)
  }

  /** By name or alias. */
  findCollection(name: string): CollectionState | undefined {
    return this.#byName.get(this.aliases.get(name) ?? name)
  }

  addSnapshot(state: SnapshotState): void {
    this.snapshots.set(state.record.id, state)
    this.#snapshotNames.set(snapshotKey(state.record), state)
    const origin = originOf(state.record)
    const others = this.#snapshotsByOrigin.get(origin)
    if (others === undefined) this.#snapshotsByOrigin.set(origin, new Map([[state.record.name, state]]))
    else others.set(state.record.name, state)
  }

  removeSnapshot(state: SnapshotState): void {
    this.snapshots.delete(state.record.id)
    this.#snapshotNames.delete(snapshotKey(state.record))
    const others = this.#snapshotsByOrigin.get(originOf(state.record))
    if (others?.get(state.record.name) === state) others.delete(state.record.name)
    if (others?.size === 0) this.#snapshotsByOrigin.delete(originOf(state.record))
    for (const view of state.views?.values() ?? []) view.release()
    state.views = undefined
  }

  /** Within the snapshots of one collection (by id), or of the whole store (''). */
  snapshotNamed(scope: string, name: string): SnapshotState | undefined {
    return this.#snapshotNames.get(`${scope}\n${name}`)
  }

  /** Snapshots of whatever collection had the name, or of the whole store (''). */
  snapshotsFrom(origin: string): ReadonlyMap<string, SnapshotState> {
    return this.#snapshotsByOrigin.get(origin) ?? new Map<string, SnapshotState>()
  }

  getSnapshot(id: string): SnapshotState {
    const state = this.snapshots.get(id as SnapshotId)
    if (state === undefined)
      throw new DatabaseError('snapshot-not-found', `Cannot use snapshot ${id}: it does not exist`, { id })
    return state
  }
}

function originOf(record: SnapshotRecord): string {
  return record.scope === 'store' ? '' : record.collections[0]!.name
}

function snapshotKey(record: SnapshotRecord): string {
  const scope = record.scope === 'store' ? '' : record.collections[0]!.collection
  return `${scope}\n${record.name}`
}
