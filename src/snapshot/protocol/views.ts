import type { Bug } from './planted.ts'
import type { Table } from './table.ts'
import {
  rowsKey,
  type Collection,
  type DeltaRef,
  type Deletions,
  type Entry,
  type Row,
  type StoredView,
  type View,
  type ViewEntry,
  type World,
} from './world.ts'

// Mirrors src/collection: segment-handle.ts, deletions.ts, view.ts, shard.ts, open-view.ts.

/** Something that the engine needs is not there: a file, or rows that should be in memory. */
export class Missing extends Error {}

export const pointOf = (row: Row): string => row.slice(0, 1)
export const writtenOf = (row: Row): number => Number(row.slice(1))

// Segment handles.

export function retain(world: World, segment: string): void {
  const handle = mustGet(world.handles, segment, 'rows in memory of')
  world.handles.set(segment, { ...handle, users: handle.users + 1 })
}

export function release(world: World, segment: string): void {
  const handle = world.handles.get(segment)
  // Whoever forgot to retain lets go one time too many, here or elsewhere; the engine would stop on an assertion.
  if (handle === undefined) return
  if (handle.users > 1) world.handles.set(segment, { ...handle, users: handle.users - 1 })
  else world.handles.delete(segment)
}

export function retainView(world: World, view: View): View {
  for (const { segment } of view.entries) retain(world, segment)
  return view
}

export function releaseView(world: World, view: View | undefined): void {
  for (const { segment } of view?.entries ?? []) release(world, segment)
}

// Deletions.

export const noDeletions: Deletions = {
  base: undefined,
  readRefs: [],
  readDead: [],
  own: [],
  persisted: [],
  persistedCount: 0,
}

export function deadAfter(world: World, id: string, count: number): readonly Row[] {
  const { base, readDead, own } = mustGet(world.deletions, id, 'deletions')
  const before = base === undefined ? readDead : deadAfter(world, base.source, base.count)
  return [...before, ...own.slice(0, count).map(({ row }) => row)]
}

export function ownRefs(deletions: Deletions, seq: number): DeltaRef[] {
  const refs: DeltaRef[] = []
  let previous = -1
  for (const ref of deletions.persisted) {
    if (previous >= seq || deletions.own[0] === undefined || deletions.own[0].seq > seq) break
    refs.push({ ...ref, upTo: Math.min(ref.upTo, seq) })
    previous = ref.upTo
  }
  return refs
}

export function inheritedRefs(world: World, id: string): DeltaRef[] {
  const { base, readRefs } = world.deletions.get(id)!
  if (base === undefined) return [...readRefs]
  return [...inheritedRefs(world, base.source), ...ownRefs(world.deletions.get(base.source)!, base.upTo)]
}

export function knownRefs(world: World, id: string): readonly DeltaRef[] {
  const { base, readRefs, persisted } = world.deletions.get(id)!
  return [...(base === undefined ? readRefs : knownRefs(world, base.source)), ...persisted]
}

/** Forgets deletions that no entry and no view refers to. */
export function pruneDeletions(world: World): void {
  const used = new Set<string>()
  const use = (id: string): void => {
    used.add(id)
    const base = world.deletions.get(id)?.base
    if (base !== undefined) use(base.source)
  }
  for (const { entries } of world.collections.values()) for (const entry of entries) use(entry.deletions)
  for (const view of viewsInMemory(world)) for (const entry of view.entries) use(entry.deletions)
  for (const id of [...world.deletions.keys()]) if (!used.has(id)) world.deletions.delete(id)
}

/** Views of snapshots and those that an actor holds. */
export function* viewsInMemory(world: World): Iterable<View> {
  for (const { view } of world.snapshots.values()) if (view !== undefined) yield view
  for (const { view, capture, merge } of world.actors.values()) {
    if (view !== undefined) yield view
    if (merge !== undefined) yield merge.view
    if (capture !== undefined) yield* viewsOfCapture(capture)
  }
}

export function viewsOfCapture({
  collections,
  snapshots,
}: {
  readonly collections: Readonly<Record<string, { readonly view: View | undefined }>>
  readonly snapshots: Readonly<Record<string, { readonly view: View | undefined }>>
}): View[] {
  return [...Object.values(collections), ...Object.values(snapshots)].flatMap(({ view }) => view ?? [])
}

// Views of living collections.

function limitOf(world: World, entry: Entry): number {
  return entry.limit ?? mustGet(world.handles, entry.segment, 'rows in memory of').rows.length
}

/** The collection's view, not retained yet. */
export function viewOf(world: World, collection: Collection, seq: number): View {
  return {
    seq,
    entries: collection.entries.map(({ segment, foreign, rowsUpTo, deletions, ...entry }) => ({
      segment,
      foreign,
      rowsUpTo,
      limit: limitOf(world, { segment, foreign, rowsUpTo, deletions, ...entry }),
      deletions,
      deletionCount: world.deletions.get(deletions)!.own.length,
    })),
  }
}

export function rowsOf(world: World, entry: ViewEntry): readonly Row[] {
  const { rows } = mustGet(world.handles, entry.segment, 'rows in memory of')
  const dead = deadAfter(world, entry.deletions, entry.deletionCount)
  return rows.slice(0, entry.limit).filter((row) => !dead.includes(row))
}

/** What a view holds, in order. */
export function contentOf(world: World, view: View): readonly Row[] {
  return view.entries.flatMap((entry) => rowsOf(world, entry)).sort()
}

/** `CollectionState.become`, `adoptView`: every entry of the view as foreign; the old entries are let go. */
export function become(world: World, name: string, view: View, seq: number, bug: Bug | undefined): void {
  const old = world.collections.get(name)
  const entries = view.entries.map((entry, index): Entry => {
    const deletions = `${name}@${seq}.${index}`
    const base = { source: entry.deletions, count: entry.deletionCount, upTo: view.seq }
    world.deletions.set(deletions, { ...noDeletions, base })
    if (bug !== 'a clone does not retain its segments') retain(world, entry.segment)
    const rowsUpTo = entry.foreign ? entry.rowsUpTo : view.seq
    return { segment: entry.segment, foreign: true, rowsUpTo, limit: entry.limit, deletions }
  })
  const changeCount = (old?.changeCount ?? 0) + 1
  world.collections.set(name, { entries, memtable: undefined, changeCount })
  for (const { segment } of old?.entries ?? []) release(world, segment)
}

// Stored views.

/** `View.manifestShards`: every segment and deletion in it is written by now. */
export function storedView(world: World, view: View): StoredView {
  return {
    seq: view.seq,
    entries: view.entries.map(({ segment, foreign, rowsUpTo, deletions }) => ({
      segment,
      foreign,
      rowsUpTo: foreign ? rowsUpTo : view.seq,
      inherited: inheritedRefs(world, deletions),
      deltas: ownRefs(world.deletions.get(deletions)!, view.seq),
    })),
  }
}

const storedKeys = new WeakMap<StoredView, readonly string[]>()

export function keysOfStored(stored: StoredView): readonly string[] {
  let keys = storedKeys.get(stored)
  if (keys === undefined) {
    keys = stored.entries.flatMap(({ segment, inherited, deltas }) => [
      rowsKey(segment),
      ...[...inherited, ...deltas].map(({ key }) => key),
    ])
    storedKeys.set(stored, keys)
  }
  return keys
}

/** `openView`: segments that are not in memory are read. The view is retained. @throws Missing */
export function openStored(world: World, stored: StoredView, by: string): View {
  const entries = stored.entries.map((entry, index): ViewEntry => {
    const deletions = `${by}.${index}`
    const read = (refs: readonly DeltaRef[]) =>
      refs.flatMap(({ key, upTo }) =>
        mustGet(world.objects, key, 'file').deletions!.filter(({ seq }) => seq <= upTo),
      )
    const own = read(entry.deltas)
    world.deletions.set(deletions, {
      ...noDeletions,
      readRefs: entry.inherited,
      readDead: read(entry.inherited).map(({ row }) => row),
      own,
      persisted: entry.deltas,
      persistedCount: own.length,
    })
    const rows =
      world.handles.get(entry.segment)?.rows ?? mustGet(world.objects, rowsKey(entry.segment), 'file').rows!
    const { segment, foreign, rowsUpTo } = entry
    const limit = rows.filter((row) => rowsUpTo === null || writtenOf(row) <= rowsUpTo).length
    return { segment, foreign, rowsUpTo, limit, deletions, deletionCount: own.length }
  })
  for (const { segment } of entries) {
    if (!world.handles.has(segment))
      world.handles.set(segment, {
        rows: world.objects.get(rowsKey(segment))!.rows!,
        isWritten: true,
        users: 0,
      })
    retain(world, segment)
  }
  return { seq: stored.seq, entries }
}

/** What a stored view holds, read from the files alone. @throws Missing */
export function contentOfStored(world: World, stored: StoredView): readonly Row[] {
  return stored.entries
    .flatMap(({ segment, rowsUpTo, inherited, deltas }) => {
      const dead = [...inherited, ...deltas].flatMap(({ key, upTo }) =>
        mustGet(world.objects, key, 'file')
          .deletions!.filter(({ seq }) => seq <= upTo)
          .map(({ row }) => row),
      )
      const { rows } = mustGet(world.objects, rowsKey(segment), 'file')
      return rows!.filter((row) => (rowsUpTo === null || writtenOf(row) <= rowsUpTo) && !dead.includes(row))
    })
    .sort()
}

export function mustGet<T extends object>(map: Table<T>, key: string, what: string): T {
  const value = map.get(key)
  if (value === undefined) throw new Missing(`${what} ${key} is gone`)
  return value
}
