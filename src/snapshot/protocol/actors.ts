import { checkpoint } from './checkpoint.ts'
import type { Bug } from './planted.ts'
import { openSource } from './records.ts'
import { pin, submit, unpin, type Program, type Step } from './step.ts'
import { collect, merge } from './upkeep.ts'
import { keysOfStored, mustGet, openStored, releaseView } from './views.ts'
import {
  rowsKey,
  type Actor,
  type LogRecord,
  type Row,
  type Source,
  type StoredView,
  type World,
} from './world.ts'

// Who acts in the model. Mirrors the callers of `Engine.submit`: src/database/database.ts, collection-handle.ts,
// restore-snapshot.ts, restore-archive.ts and archive-snapshot.ts.

export type ActorName =
  | 'writer'
  | 'creator'
  | 'deleter'
  | 'cloner'
  | 'roller'
  | 'present cloner'
  | 'importer in place'
  | 'importer'
  | 'broken importer'
  | 'archiver'
  | 'dropper'
  | 'upkeep'
  | 'collector'

/** Every program, by the actor that runs it. Collection `c` and its snapshot `s1` are there from the start. */
export function programs(bug: Bug | undefined): Readonly<Record<ActorName, Program>> {
  const once = (record: LogRecord): Step[] => submit(() => record, bug)
  return {
    writer: once({ type: 'put', collection: 'c', point: 'a' }),
    creator: once({ type: 'create-snapshot', snapshot: 's2', collection: 'c' }),
    deleter: once({ type: 'delete-snapshot', snapshot: 's1' }),
    cloner: [
      ...restore({ snapshot: 's1' }, (source) => ({ type: 'clone', source, as: 'k' }), bug),
      ...once({ type: 'put', collection: 'k', point: 'a' }),
    ],
    roller: restore(
      { snapshot: 's1' },
      (source) => ({ type: 'rollback', source, collection: 'c', undo: 'u' }),
      bug,
    ),
    'present cloner': restore(
      { seq: 0, collection: 'c' },
      (source) => ({ type: 'clone', source, as: 'p' }),
      bug,
    ),
    'importer in place': importArchive('c', true, bug),
    importer: importArchive('k', false, bug),
    'broken importer': brokenImport,
    archiver: archive(bug),
    dropper: once({ type: 'drop', collection: 'c' }),
    upkeep: [...checkpoint(bug), ...merge(bug), ...collect(bug)],
    // Without the mutex, which the checkpoint takes.
    collector:
      bug === 'garbage collection runs beside a checkpoint'
        ? collect(bug)
        : [...checkpoint(bug), ...collect(bug)],
  }
}

export type Preparation = 'unsealed' | 'sealed' | 'alone'

const add = (record: LogRecord): Step[] => submit(() => record, undefined)
const put = (point: string): Step[] => add({ type: 'put', collection: 'c', point })
const create = add({ type: 'create-snapshot', snapshot: 's1', collection: 'c' })
const flush = checkpoint(undefined)

/** What is there before the actors begin: made by the same steps, one program after another. */
export const preparations: Readonly<Record<Preparation, readonly Program[]>> = {
  // A segment on the disk, a deletion and a memtable behind it, and the snapshot in memory.
  unsealed: [put('a'), put('b'), flush, put('a'), create],
  // Two segments on the disk and a delta file; the snapshot in its files, and the collection one record on.
  sealed: [
    ...[put('a'), put('b'), flush, put('a'), create, flush],
    add({ type: 'remove', collection: 'c', point: 'b' }),
  ],
  // The collection is gone, the snapshot is there.
  alone: [put('a'), put('b'), flush, put('a'), create, add({ type: 'drop', collection: 'c' }), flush],
}

/**
 * `submitRestore`: opens the source, logs one record, lets go of what it opened. Its pin keeps the files of a present
 * that has been merged meanwhile until the record puts them back.
 */
function restore(source: Source, record: (source: Source) => LogRecord, bug: Bug | undefined): Step[] {
  const isPinning = bug !== 'a restore does not pin what it opened'
  const resolve = (world: World): Source => ('seq' in source ? { ...source, seq: world.appliedSeq } : source)
  return [
    {
      says: 'opens what it restores and pins its segments',
      mirrors: 'src/database/restore-snapshot.ts: submitRestore; src/database/recovery.ts: openKeptView',
      run: (world, me) => {
        const view = openSource(world, resolve(world), me.name)
        if (view === undefined) return { isAtEnd: true }
        if (isPinning) for (const { segment } of view.entries) pin(world, segment)
        return { view }
      },
    },
    ...submit(
      (_world, me) => record('seq' in source ? { ...source, seq: me.view!.seq } : source),
      bug,
      (world, me) => {
        if (isPinning) for (const { segment } of me.view!.entries) unpin(world, segment)
        return letGo(world, me)
      },
    ),
  ]
}

function letGo(world: World, me: Actor): Partial<Actor> {
  releaseView(world, me.view)
  return { view: undefined }
}

/** The archive's only segment, under a new id. */
function staged(world: World, { name }: Actor): { readonly stored: StoredView; readonly segment: string } {
  const segment = `x${world.life}-${name}`
  const entry = { segment, foreign: true, rowsUpTo: null, inherited: [], deltas: [] }
  return { segment, stored: { seq: 0, entries: [entry] } }
}

/** Numbers of another database. */
const archived: readonly Row[] = ['a90', 'b91']

/** `restore` of restore-archive.ts, up to where the files are staged. */
function stage(into: string, replace: boolean, isLate: boolean): Step[] {
  return [
    {
      says: 'accepts the manifest of the archive and pins the segments that it will write',
      mirrors: 'src/database/restore-archive.ts: restore, checkTargets; src/snapshot/pins.ts: pin',
      run: (world, me) => {
        if (!replace && world.collections.has(into)) return { isAtEnd: true }
        if (!isLate) pin(world, staged(world, me).segment)
        return { pinned: [] }
      },
    },
    {
      says: 'writes the files of the archive to the store',
      mirrors: 'src/snapshot/archive/import-archive.ts: importArchive',
      run: (world, me) => {
        const { segment } = staged(world, me)
        world.objects.set(rowsKey(segment), { isDurable: true, rows: archived })
        return { pinned: [rowsKey(segment)] }
      },
    },
  ]
}

/** What a refused or broken import does: first the files go, then the pin. */
const discard: Program = [
  {
    says: 'deletes the files that it wrote',
    mirrors: 'src/database/restore-archive.ts: restore; src/snapshot/archive/import-archive.ts: discard',
    isDone: (_world, me) => me.pinned === undefined || me.pinned.length === 0,
    run: (world, me) => {
      world.objects.delete(me.pinned![0]!)
      return { pinned: me.pinned!.slice(1) }
    },
  },
  {
    says: 'lets go of its pin',
    mirrors: 'src/database/restore-archive.ts: restore',
    isSkipped: (_world, me) => me.pinned === undefined,
    run: (world, me) => {
      unpin(world, staged(world, me).segment)
      return { pinned: undefined }
    },
  },
]

function importArchive(into: string, replace: boolean, bug: Bug | undefined): Step[] {
  const isLate = bug === 'an import pins its segments only when it opens them'
  return [
    ...stage(into, replace, isLate),
    {
      says: 'opens what it wrote',
      mirrors: 'src/database/restore-archive.ts: openStaged',
      run: (world, me) => {
        const { segment, stored } = staged(world, me)
        if (isLate) pin(world, segment)
        return { view: openStored(world, stored, me.name) }
      },
    },
    ...submit(
      (world, me) => ({ type: 'import', stored: staged(world, me).stored, rows: archived, into, replace }),
      bug,
      (world, me) => {
        if (me.outcome === 'refused') return letGo(world, me)
        unpin(world, staged(world, me).segment)
        return { ...letGo(world, me), pinned: undefined }
      },
    ),
    ...discard,
  ]
}

/** An archive that turns out to be damaged when all of its files are written. */
const brokenImport: Program = [...stage('c', true, false), ...discard]

/** `Snapshot.archive`: the segments are pinned until it is closed. */
function archive(bug: Bug | undefined): Step[] {
  return [
    {
      says: 'sees the snapshot sealed and reads its metadata',
      mirrors: 'src/database/archives/archive-snapshot.ts: readSnapshot; src/snapshot/seal.ts: readSealed',
      isReady: (world) => world.snapshots.get('s1')?.view === undefined,
      run: (world) => {
        const sealed = world.snapshots.get('s1')?.sealed
        if (sealed === undefined) return { isAtEnd: true }
        return { keys: keysOfStored(mustGet(world.objects, sealed, 'file').view!) }
      },
    },
    {
      says: 'pins the segments, and looks again whether the snapshot is there',
      mirrors:
        'src/snapshot/snapshot-archive.ts: openArchive; src/database/archives/archive-snapshot.ts: archiveSnapshot',
      run: (world, me) => {
        const isThere = world.snapshots.has('s1')
        if (!isThere && bug !== 'an archive does not look again after it has pinned')
          return { isAtEnd: true, keys: undefined }
        for (const key of me.keys!) pin(world, key.split('/')[1]!)
        return { keys: undefined, pinned: me.keys }
      },
    },
    {
      says: 'closes the archive',
      mirrors: 'src/snapshot/snapshot-archive.ts: close',
      run: (world, me) => {
        for (const key of me.pinned!) unpin(world, key.split('/')[1]!)
        return { pinned: undefined }
      },
    },
  ]
}
