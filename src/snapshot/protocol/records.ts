import type { Bug } from './planted.ts'
import {
  become,
  Missing,
  noDeletions,
  openStored,
  pointOf,
  release,
  releaseView,
  retain,
  retainView,
  rowsOf,
  viewOf,
} from './views.ts'
import type { Collection, Expected, LogRecord, Row, Source, View, World } from './world.ts'

// Mirrors src/database/apply.ts: one record applied in memory, the same at the first time and on replay.

export type Outcome = 'done' | 'refused'

export function applyRecord(
  world: World,
  record: LogRecord,
  seq: number,
  prepared: View | undefined,
  bug: Bug | undefined,
): Outcome {
  switch (record.type) {
    case 'put':
    case 'remove':
      return applyPoint(world, record, seq)
    case 'drop':
      return dropCollection(world, record.collection)
    case 'create-snapshot':
      return createSnapshot(world, record.snapshot, record.collection, seq, bug)
    case 'delete-snapshot':
      return deleteSnapshot(world, record.snapshot)
    case 'clone':
    case 'rollback':
      return applyRestore(world, record, seq, prepared, bug)
    case 'import':
      if (!isImportable(world, record)) return 'refused'
      become(world, record.into, prepared!, seq, bug)
      return 'done'
  }
}

function applyPoint(
  world: World,
  { type, collection: name, point }: Extract<LogRecord, { type: 'put' | 'remove' }>,
  seq: number,
): Outcome {
  const collection = world.collections.get(name)
  if (collection === undefined) return 'refused'
  deletePoint(world, collection, point, seq)
  const changed = { ...collection, changeCount: collection.changeCount + 1 }
  world.collections.set(name, type === 'put' ? withRow(world, name, changed, `${point}${seq}`) : changed)
  return 'done'
}

/** `Shard.find` and `Shard.delete`. */
function deletePoint(world: World, collection: Collection, point: string, seq: number): void {
  const view = viewOf(world, collection, seq)
  for (const entry of view.entries) {
    const row = rowsOf(world, entry).find((one) => pointOf(one) === point)
    if (row === undefined) continue
    const deletions = world.deletions.get(entry.deletions)!
    world.deletions.set(entry.deletions, { ...deletions, own: [...deletions.own, { row, seq }] })
  }
}

/** `Shard.append`. */
function withRow(world: World, name: string, collection: Collection, row: Row): Collection {
  if (collection.memtable !== undefined) {
    const handle = world.handles.get(collection.memtable)!
    world.handles.set(collection.memtable, { ...handle, rows: [...handle.rows, row] })
    return collection
  }
  const segment = `${name}${row.slice(1)}`
  const deletions = `${name}:${segment}`
  world.handles.set(segment, { rows: [row], isWritten: false, users: 0 })
  world.deletions.set(deletions, noDeletions)
  retain(world, segment)
  const entry = { segment, foreign: false, rowsUpTo: null, limit: undefined, deletions }
  return { ...collection, entries: [...collection.entries, entry], memtable: segment }
}

function dropCollection(world: World, name: string): Outcome {
  const collection = world.collections.get(name)
  if (collection === undefined) return 'refused'
  world.collections.delete(name)
  for (const { segment } of collection.entries) release(world, segment)
  return 'done'
}

function createSnapshot(
  world: World,
  snapshot: string,
  collection: string,
  seq: number,
  bug: Bug | undefined,
): Outcome {
  if (world.snapshots.has(snapshot) || !world.collections.has(collection)) return 'refused'
  captureSnapshot(world, snapshot, collection, seq, bug)
  return 'done'
}

function captureSnapshot(
  world: World,
  snapshot: string,
  collection: string,
  seq: number,
  bug: Bug | undefined,
): void {
  const view = viewOf(world, world.collections.get(collection)!, seq)
  if (bug !== 'a snapshot does not retain its segments') retainView(world, view)
  world.snapshots.set(snapshot, { seq, view, sealed: undefined })
}

function deleteSnapshot(world: World, snapshot: string): Outcome {
  const state = world.snapshots.get(snapshot)
  if (state === undefined) return 'refused'
  world.snapshots.delete(snapshot)
  releaseView(world, state.view)
  return 'done'
}

function applyRestore(
  world: World,
  record: Extract<LogRecord, { type: 'clone' | 'rollback' }>,
  seq: number,
  prepared: View | undefined,
  bug: Bug | undefined,
): Outcome {
  if (!isKept(world, record.source, seq, bug)) return 'refused'
  if (record.type === 'clone') {
    if (world.collections.has(record.as)) return 'refused'
    become(world, record.as, prepared!, seq, bug)
    return 'done'
  }
  if (!world.collections.has(record.collection) || world.snapshots.has(record.undo)) return 'refused'
  const view = prepared!
  const isTooEarly = bug === 'a rollback is applied before the undo snapshot is captured'
  if (isTooEarly) become(world, record.collection, view, seq, bug)
  captureSnapshot(world, record.undo, record.collection, seq, bug)
  if (!isTooEarly) become(world, record.collection, view, seq, bug)
  return 'done'
}

/** `checkSource`. Without a retention window only the present is kept, and it must still be the present. */
function isKept(world: World, source: Source, seq: number, bug: Bug | undefined): boolean {
  if ('snapshot' in source) return world.snapshots.has(source.snapshot)
  if (bug === 'a restored moment need not be kept any more') return true
  return source.seq === seq - 1 && world.collections.has(source.collection)
}

export function isImportable(world: World, record: Extract<LogRecord, { type: 'import' }>): boolean {
  return record.replace || !world.collections.has(record.into)
}

/** `prepareRecord`: what replaying a record needs opened. @throws Missing */
export function prepareRecord(world: World, record: LogRecord, lastSeq: number): View | undefined {
  if (record.type === 'import')
    return isImportable(world, record) ? openStored(world, record.stored, `replay ${lastSeq}`) : undefined
  if (record.type !== 'clone' && record.type !== 'rollback') return undefined
  return openSource(world, record.source, `replay ${lastSeq}`)
}

/** `openKeptView`, `openMomentView`. Undefined if there is no such snapshot or collection. @throws Missing */
export function openSource(world: World, source: Source, by: string): View | undefined {
  if ('collection' in source) {
    const collection = world.collections.get(source.collection)
    return collection === undefined ? undefined : retainView(world, viewOf(world, collection, source.seq))
  }
  const snapshot = world.snapshots.get(source.snapshot)
  if (snapshot?.view !== undefined) return retainView(world, snapshot.view)
  if (snapshot?.sealed === undefined) return undefined
  return openStored(world, world.objects.get(snapshot.sealed)?.view ?? missing(snapshot.sealed), by)
}

function missing(key: string): never {
  throw new Missing(`file ${key} is gone`)
}

// What a record should do, said without segments: the oracle.

export function expectedAfter(
  before: Expected,
  record: LogRecord,
  seq: number,
): { readonly expected: Expected; readonly outcome: Outcome } {
  const refused = { expected: before, outcome: 'refused' as const }
  const { collections, snapshots } = before
  const done = (expected: Partial<Expected>) => ({
    expected: { ...before, ...expected },
    outcome: 'done' as const,
  })
  switch (record.type) {
    case 'put':
    case 'remove': {
      const old = collections[record.collection]
      if (old === undefined) return refused
      const others = old.filter((row) => pointOf(row) !== record.point)
      const rows = record.type === 'put' ? [...others, `${record.point}${seq}`].sort() : others
      return done({ collections: { ...collections, [record.collection]: rows } })
    }
    case 'drop': {
      const { [record.collection]: gone, ...rest } = collections
      return gone === undefined ? refused : done({ collections: rest })
    }
    case 'create-snapshot': {
      const rows = collections[record.collection]
      if (rows === undefined || snapshots[record.snapshot] !== undefined) return refused
      return done({ snapshots: { ...snapshots, [record.snapshot]: rows } })
    }
    case 'delete-snapshot': {
      const { [record.snapshot]: gone, ...rest } = snapshots
      return gone === undefined ? refused : done({ snapshots: rest })
    }
    case 'clone': {
      const rows = sourceRows(before, record.source, seq)
      if (rows === undefined || collections[record.as] !== undefined) return refused
      return done({ collections: { ...collections, [record.as]: rows } })
    }
    case 'rollback': {
      const rows = sourceRows(before, record.source, seq)
      const old = collections[record.collection]
      if (rows === undefined || old === undefined || snapshots[record.undo] !== undefined) return refused
      return done({
        collections: { ...collections, [record.collection]: rows },
        snapshots: { ...snapshots, [record.undo]: old },
      })
    }
    case 'import': {
      if (!record.replace && collections[record.into] !== undefined) return refused
      return done({ collections: { ...collections, [record.into]: record.rows } })
    }
  }
}

function sourceRows(expected: Expected, source: Source, seq: number): readonly Row[] | undefined {
  if ('snapshot' in source) return expected.snapshots[source.snapshot]
  return source.seq === seq - 1 ? expected.collections[source.collection] : undefined
}
