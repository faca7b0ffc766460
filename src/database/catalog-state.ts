import type { CollectionState } from '../collection/collection-state.ts'
import type { View } from '../collection/view.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { JsonValue } from '../encoding/json.ts'
import type { CollectionId, SequenceNumber, SnapshotId } from '../ids/brands.ts'
import { seqOf } from '../ids/brands.ts'
import type { DocumentKind, SealedRef, SnapshotMarks, SnapshotRecord } from '../manifest/format.ts'
import { noMarks } from '../manifest/format.ts'
import { SnapshotIndex } from './snapshot-index.ts'
import { Timeline } from './timeline.ts'

/** What is kept of a moment: its views until they are sealed, then the files that hold them. */
export interface KeptState {
  record: SnapshotRecord
  views: ReadonlyMap<CollectionId, View> | undefined
  sealed: readonly SealedRef[] | undefined
}

/** A snapshot in memory. */
export interface SnapshotState extends KeptState {
  marks: SnapshotMarks
}

/** A stretch of one collection's past, from `from` to the number of its record. */
export interface HistoryState extends KeptState {
  readonly from: SequenceNumber
}

export function keptViews(record: SnapshotRecord, views: ReadonlyMap<CollectionId, View>): SnapshotState {
  return { record, views, sealed: undefined, marks: noMarks }
}

/** The fold over the log: which collections, aliases and snapshots there are. */
export class CatalogState {
  readonly collections = new Map<CollectionId, CollectionState>()
  readonly aliases = new Map<string, string>()
  readonly snapshots = new Map<SnapshotId, SnapshotState>()
  /** In order; by the collection's id. */
  readonly history = new Map<CollectionId, HistoryState[]>()
  /** Moments below this number are let go. */
  horizon: SequenceNumber = seqOf(0)
  timeline = new Timeline()
  readonly documents = new Map<DocumentKind, Map<string, JsonValue>>()
  readonly snapshotIndex = new SnapshotIndex<SnapshotState>()
  readonly #byName = new Map<string, CollectionState>()
  /** Snapshots of one scope have unique names: `<nameScopeOf>\n<name>`. */
  readonly #snapshotNames = new Map<string, SnapshotState>()

  /**
   * By the name of the collection ('' for the whole store), then by the snapshot's own: they outlive their collections, and
   * have then the name that the collection had when they were taken.
   */
  readonly #snapshotsByOrigin = new Map<string, Map<string, SnapshotState>>()

  addCollection(state: CollectionState): void {
    this.collections.set(state.id, state)
    this.#byName.set(state.name, state)
  }

  removeCollection(state: CollectionState): void {
    const own = this.#snapshotsOf(state)
    for (const snapshot of own) this.#removeName(snapshot)
    this.collections.delete(state.id)
    for (const snapshot of own) this.#addName(snapshot)
    this.#byName.delete(state.name)
    for (const [alias, name] of this.aliases) if (name === state.name) this.aliases.delete(alias)
    state.release()
  }

  /** The name must be free. */
  renameCollection(state: CollectionState, name: string, seq: SequenceNumber): void {
    const own = this.#snapshotsOf(state)
    for (const snapshot of own) this.#removeName(snapshot)
    this.#byName.delete(state.name)
    for (const [alias, target] of this.aliases) if (target === state.name) this.aliases.set(alias, name)
    state.rename(name, seq)
    this.#byName.set(name, state)
    for (const snapshot of own) this.#addName(snapshot)
  }

  /** Those of the collection or of one of its shards alone, in order of creation. */
  #snapshotsOf({ id }: CollectionState): SnapshotState[] {
    return [...this.snapshots.values()].filter(
      ({ record: { scope, collections } }) =>
        (scope === 'collection' || scope === 'shard') && collections[0]!.collection === id,
    )
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
    this.snapshotIndex.add(state)
    this.#addName(state)
  }

  /** Gives a snapshot another record of the same id, number and collections. */
  replaceRecord(state: SnapshotState, record: SnapshotRecord): void {
    this.#removeName(state)
    state.record = record
    this.#addName(state)
  }

  #addName(state: SnapshotState): void {
    this.#snapshotNames.set(snapshotKey(state.record), state)
    const origin = this.#originOf(state.record)
    const others = this.#snapshotsByOrigin.get(origin)
    if (others === undefined) this.#snapshotsByOrigin.set(origin, new Map([[state.record.name, state]]))
    else if (this.#isAlive(state) || !this.#isAlive(others.get(state.record.name)))
      others.set(state.record.name, state)
  }

  removeSnapshot(state: SnapshotState): void {
    this.snapshots.delete(state.record.id)
    this.snapshotIndex.remove(state)
    this.#removeName(state)
    releaseKept(state)
  }

  #removeName(state: SnapshotState): void {
    this.#snapshotNames.delete(snapshotKey(state.record))
    const origin = this.#originOf(state.record)
    const others = this.#snapshotsByOrigin.get(origin)
    if (others?.get(state.record.name) === state) others.delete(state.record.name)
    if (others?.size === 0) this.#snapshotsByOrigin.delete(origin)
  }

  /** A snapshot of a living collection comes before one of the same name of a dropped collection that had its name. */
  #isAlive(state: SnapshotState | undefined): boolean {
    const first = state?.record.collections[0]
    return first !== undefined && this.collections.has(first.collection)
  }

  #originOf({ scope, shard, collections }: SnapshotRecord): string {
    if (scope !== 'shard' && scope !== 'collection') return ''
    const { collection, name: then } = collections[0]!
    const name = this.collections.get(collection)?.name ?? then
    return scope === 'shard' ? shardOrigin(name, shard!) : name
  }

  addHistory(state: HistoryState): void {
    const id = state.record.collections[0]!.collection
    const list = this.history.get(id)
    if (list === undefined) this.history.set(id, [state])
    else list.push(state)
  }

  /** Lets go of the moments below a number. */
  forget(horizon: SequenceNumber): void {
    if (horizon <= this.horizon) return
    this.horizon = horizon
    this.timeline.forget(horizon)
    for (const [id, list] of this.history) {
      const kept = list.filter((state) => state.record.seq >= horizon)
      for (const state of list) if (state.record.seq < horizon) releaseKept(state)
      if (kept.length === 0) this.history.delete(id)
      else if (kept.length < list.length) this.history.set(id, kept)
    }
  }

  /** Snapshots and stretches of the past: all that a checkpoint seals and garbage collection keeps. */
  *kept(): Iterable<KeptState> {
    yield* this.snapshots.values()
    for (const list of this.history.values()) yield* list
  }

  /** False once it was deleted, or forgotten. */
  keeps(state: KeptState): boolean {
    for (const kept of this.kept()) if (kept === state) return true
    return false
  }

  /** Lets go of all segments: the database is closed, or could not be opened. */
  release(): void {
    for (const state of this.collections.values()) state.release()
    for (const kept of this.kept()) releaseKept(kept)
  }

  document(kind: DocumentKind, name: string): JsonValue | undefined {
    return this.documents.get(kind)?.get(name)
  }

  setDocument(kind: DocumentKind, name: string, value: JsonValue | null): void {
    let named = this.documents.get(kind)
    if (named === undefined) this.documents.set(kind, (named = new Map<string, JsonValue>()))
    if (value === null) named.delete(name)
    else named.set(name, value)
  }

  /** Within the snapshots of one collection or shard (see `nameScopeOf`), or of the whole store (''). */
  snapshotNamed(scope: string, name: string): SnapshotState | undefined {
    return this.#snapshotNames.get(`${scope}\n${name}`)
  }

  /** Snapshots of whatever collection had the name (or of a shard of it, see `shardOrigin`), or of the whole store (''). */
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

function releaseKept(state: KeptState): void {
  for (const view of state.views?.values() ?? []) view.release()
  state.views = undefined
}

/** Names of collections have no slashes. */
export const shardOrigin = (collection: string, shard: number): string => `${collection}/${shard}`

/**
 * Within what a snapshot's name is unique: its collection, its shard, or all the others: cuts through several
 * collections share one scope of names with those of the whole store. `collection` is an id.
 */
export function nameScopeOf(
  { scope, shard }: Pick<SnapshotRecord, 'scope' | 'shard'>,
  collection: string | undefined,
): string {
  if (scope === 'shard') return `${collection!}/${shard!}`
  return scope === 'collection' ? collection! : ''
}

function snapshotKey(record: SnapshotRecord): string {
  return `${nameScopeOf(record, record.collections[0]?.collection)}\n${record.name}`
}
