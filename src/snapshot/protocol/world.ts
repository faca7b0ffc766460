import { numberOf, Table } from './table.ts'

// The protocol's state, as small as it can be: what is on the disk, what is in memory, and what should be true.
//
// Every value inside the tables is immutable: a step replaces it.

/** `a5`: point `a` as record 5 wrote it. */
export type Row = string

export interface DeltaRef {
  readonly key: string
  readonly upTo: number
}

export interface Deletion {
  readonly row: Row
  readonly seq: number
}

/** What one collection deleted from one segment; `src/collection/deletions.ts`. */
export interface Deletions {
  /** Those of another entry that were in force when this one joined. */
  readonly base: { readonly source: string; readonly count: number; readonly upTo: number } | undefined
  readonly readRefs: readonly DeltaRef[]
  readonly readDead: readonly Row[]
  readonly own: readonly Deletion[]
  readonly persisted: readonly DeltaRef[]
  readonly persistedCount: number
}

/** Rows in memory while anybody uses them; `SegmentHandle`. */
export interface Handle {
  readonly rows: readonly Row[]
  readonly isWritten: boolean
  readonly users: number
}

/** `LiveEntry`. `limit` is undefined where rows may still grow or all of them count. */
export interface Entry {
  readonly segment: string
  readonly foreign: boolean
  readonly rowsUpTo: number | null
  readonly limit: number | undefined
  readonly deletions: string
}

export interface ViewEntry {
  readonly segment: string
  readonly foreign: boolean
  readonly rowsUpTo: number | null
  readonly limit: number
  readonly deletions: string
  readonly deletionCount: number
}

export interface View {
  readonly seq: number
  readonly entries: readonly ViewEntry[]
}

/** `ManifestEntry`. */
export interface StoredEntry {
  readonly segment: string
  readonly foreign: boolean
  readonly rowsUpTo: number | null
  readonly inherited: readonly DeltaRef[]
  readonly deltas: readonly DeltaRef[]
}

export interface StoredView {
  readonly seq: number
  readonly entries: readonly StoredEntry[]
}

export interface Collection {
  readonly entries: readonly Entry[]
  /** Segment of the entry that takes new rows. */
  readonly memtable: string | undefined
  readonly changeCount: number
}

/** `SnapshotState`: a view until it is sealed, then the key of the file that holds it. */
export interface Snapshot {
  readonly seq: number
  readonly view: View | undefined
  readonly sealed: string | undefined
}

export type LogRecord =
  | { readonly type: 'put' | 'remove'; readonly collection: string; readonly point: string }
  | { readonly type: 'drop'; readonly collection: string }
  | { readonly type: 'create-snapshot'; readonly snapshot: string; readonly collection: string }
  | { readonly type: 'delete-snapshot'; readonly snapshot: string }
  | { readonly type: 'clone'; readonly source: Source; readonly as: string }
  | {
      readonly type: 'rollback'
      readonly source: Source
      readonly collection: string
      readonly undo: string
    }
  | {
      readonly type: 'import'
      readonly stored: StoredView
      readonly rows: readonly Row[]
      readonly into: string
      readonly replace: boolean
    }

/** What a clone or rollback reads: a snapshot, or a collection as it was at a number. */
export type Source = { readonly snapshot: string } | { readonly seq: number; readonly collection: string }

export interface Logged {
  readonly seq: number
  readonly record: LogRecord
}

export interface Catalog {
  readonly seq: number
  readonly collections: Readonly<Record<string, string>>
  readonly snapshots: Readonly<Record<string, { readonly seq: number; readonly sealed: string }>>
}

/** An object of the store. A put is durable when it resolves; only a catalog is looked at before that. */
export interface StoredObject {
  readonly isDurable: boolean
  readonly rows?: readonly Row[]
  readonly deletions?: readonly Deletion[]
  readonly view?: StoredView
  readonly catalog?: Catalog
}

/** What the newest catalog reaches, as the checkpointer remembers it. */
export interface Committed {
  readonly manifests: Readonly<
    Record<string, { readonly key: string; readonly changeCount: number; readonly view: StoredView }>
  >
  readonly snapshots: Readonly<Record<string, string>>
}

/** What should be true: the state that the acknowledged records describe, without any segments or files. */
export interface Expected {
  readonly collections: Readonly<Record<string, readonly Row[]>>
  readonly snapshots: Readonly<Record<string, readonly Row[]>>
}

/** Where an actor stands, and what it holds between two steps. */
export interface Actor {
  readonly name: string
  readonly at: number
  readonly isAtEnd: boolean
  readonly outcome: 'done' | 'refused' | undefined
  readonly view: View | undefined
  readonly capture: Capture | undefined
  readonly merge: Merge | undefined
  /** Garbage collection: listed, then those of them that nothing reaches. */
  readonly keys: readonly string[] | undefined
  readonly roots: readonly string[] | undefined
  /** Objects that this actor's pin protects. */
  readonly pinned: readonly string[] | undefined
}

export interface Capture {
  readonly seq: number
  readonly collections: Readonly<
    Record<string, { readonly view: View | undefined; readonly changeCount: number }>
  >
  readonly snapshots: Readonly<
    Record<
      string,
      { readonly seq: number; readonly view: View | undefined; readonly sealed: string | undefined }
    >
  >
  readonly sealed: Readonly<Record<string, string>>
  readonly manifests: Committed['manifests']
}

export interface Merge {
  readonly collection: string
  readonly view: View
  readonly sources: readonly ViewEntry[]
  readonly segment: string
  readonly rows: readonly Row[]
}

export interface World {
  // On the disk.
  objects: Table<StoredObject>
  /** Durable records that have not been cut. */
  log: readonly Logged[]
  /** Appended, not durable yet: power loss keeps some of the first of them. */
  queue: readonly { readonly by: string; readonly record: LogRecord; readonly isApplied: boolean }[]

  // In memory.
  /** How often the process has been started. */
  life: number
  generation: number
  /** Checkpoints begun since the last one that was published: file names are never used twice. */
  attempt: number
  checkpointSeq: number
  appliedSeq: number
  committed: Committed
  collections: Table<Collection>
  snapshots: Table<Snapshot>
  handles: Table<Handle>
  deletions: Table<Deletions>
  pins: Table<number>
  recentImports: readonly { readonly seq: number; readonly segment: string }[]
  /** The maintenance mutex. */
  lockedBy: string | undefined
  actors: Table<Actor>

  // Nowhere: what the checks compare with.
  expected: Expected
}

export function emptyWorld(): World {
  const catalog: Catalog = { seq: 0, collections: {}, snapshots: {} }
  return {
    objects: new Table<StoredObject>([[catalogKey(1), { isDurable: true, catalog }]]),
    log: [],
    queue: [],
    life: 1,
    generation: 1,
    attempt: 0,
    checkpointSeq: 0,
    appliedSeq: 0,
    committed: { manifests: {}, snapshots: {} },
    collections: new Table<Collection>([['c', { entries: [], memtable: undefined, changeCount: 0 }]]),
    snapshots: new Table(),
    handles: new Table(),
    deletions: new Table(),
    pins: new Table(),
    recentImports: [],
    lockedBy: undefined,
    actors: new Table(),
    expected: { collections: { c: [] }, snapshots: {} },
  }
}

export function copyWorld(world: World): World {
  return {
    ...world,
    objects: world.objects.copy(),
    collections: world.collections.copy(),
    snapshots: world.snapshots.copy(),
    handles: world.handles.copy(),
    deletions: world.deletions.copy(),
    pins: world.pins.copy(),
    actors: world.actors.copy(),
  }
}

export const catalogKey = (generation: number): string => `catalog/${String(generation).padStart(3, '0')}`
export const rowsKey = (segment: string): string => `segments/${segment}/rows`

/** Of the newest catalog that a start would see. */
export function newestCatalog(objects: Table<StoredObject>): string | undefined {
  let newest: string | undefined
  for (const key of objects.keys())
    if (key.startsWith('catalog/') && (newest === undefined || key > newest)) newest = key
  return newest
}

/** Equal for equal disks: what survives a crash. */
export function diskKey(world: World): string {
  return [world.objects.number, ...[world.log, world.queue, world.expected].map(numberOf), world.life].join()
}

/** Equal where the invariants say the same. */
export function checkedKey(world: World): string {
  const { objects, collections, snapshots, handles, deletions, generation } = world
  const pinned = [...world.actors.values()].flatMap((actor) => actor.pinned ?? [])
  return [
    ...[objects, collections, snapshots, handles, deletions].map(({ number }) => number),
    generation,
    numberOf(world.committed),
    numberOf(world.expected),
    pinned.length === 0 ? '' : pinned.join(),
  ].join()
}

/** Equal for worlds with the same future: names are derived, they do not depend on the order of independent steps. */
export function worldKey(world: World): string {
  const { life, generation, attempt, checkpointSeq, appliedSeq, lockedBy } = world
  const { collections, snapshots, handles, deletions, pins, actors } = world
  return [
    diskKey(world),
    ...[collections, snapshots, handles, deletions, pins, actors].map(({ number }) => number),
    numberOf(world.committed),
    numberOf(world.recentImports),
    generation,
    attempt,
    checkpointSeq,
    appliedSeq,
    lockedBy ?? '',
    life,
  ].join()
}
