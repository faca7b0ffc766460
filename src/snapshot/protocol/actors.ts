import { checkpoint, collect, merge, unlock } from './maintenance.ts'
import type { Bug } from './planted.ts'
import { openSource } from './records.ts'
import { pin, submit, unpin, type Program, type Step } from './step.ts'
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
// restore-snapshot.ts, restore-archive.ts and snapshot-handle.ts.

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
    writer: [
      ...once({ type: 'put', collection: 'c', point: 'a' }),
      ...once({ type: 'remove', collection: 'c', point: 'b' }),
    ],
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
    'broken importer': brokenImport(bug),
    archiver: archive(bug),
    dropper: once({ type: 'drop', collection: 'c' }),
    upkeep: [...checkpoint(bug), ...merge(bug), ...collect(bug)],
    collector: [...checkpoint(bug), ...collect(bug)],
  }
}

/** What is there before the actors begin: written by the same steps, one actor after another. */
export function preparations(
  bug: Bug | undefined,
): Readonly<Record<'unsealed' | 'sealed', readonly Program[]>> {
  const once = (record: LogRecord): Step[] => submit(() => record, bug)
  const put = (point: string) => once({ type: 'put', collection: 'c', point })
  const flush = [...checkpoint(bug), unlock]
  const create = once({ type: 'create-snapshot', snapshot: 's1', collection: 'c' })
  return {
    // A segment on the disk, a deletion and a memtable behind it, and the snapshot in memory.
    unsealed: [put('a'), put('b'), flush, put('a'), create],
    // Two segments on the disk and a delta file; the snapshot in its files, and the collection one record on.
    sealed: [
      put('a'),
      put('b'),
      flush,
      put('a'),
      create,
      flush,
      once({ type: 'remove', collection: 'c', point: 'b' }),
    ],
  }
}

/** `submitRestore`: opens the source, logs one record, lets go of what it opened. */
function restore(source: Source, record: (source: Source) => LogRecord, bug: Bug | undefined): Step[] {
  const resolve = (world: World): Source => ('seq' in source ? { ...source, seq: world.appliedSeq } : source)
  const [append, acknowledge] = submit(
    (_world, me) => record('seq' in source ? { ...source, seq: me.view!.seq } : source),
    bug,
  )
  return [
    {
      says: 'opens what it restores',
      mirrors: 'src/database/restore-snapshot.ts: submitRestore; src/database/recovery.ts: openKeptView',
      run: (world, me) => {
        const view = openSource(world, resolve(world), me.name)
        return view === undefined ? { isAtEnd: true } : { view }
      },
    },
    append!,
    acknowledge!,
    {
      says: 'lets go of what it restored',
      mirrors: 'src/database/restore-snapshot.ts: submitRestore',
      run: (world, me) => {
        releaseView(world, me.view)
        return { view: undefined }
      },
    },
  ]
}

/** The archive's only segment under a new id; one of its two points is deleted. */
function staged(world: World, { name }: Actor): { readonly stored: StoredView; readonly segment: string } {
  const segment = `x${world.life}-${name}`
  const inherited = [{ key: `segments/${segment}/delta`, upTo: 99 }]
  return {
    segment,
    stored: { seq: 0, entries: [{ segment, foreign: true, rowsUpTo: null, inherited, deltas: [] }] },
  }
}

const archived: readonly Row[] = ['a90', 'b91']

/** `restore` of restore-archive.ts, up to where the files are staged. */
function stage(into: string, replace: boolean, bug: Bug | undefined): Step[] {
  const isLate = bug === 'an import pins its segments only when it has written them'
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
      says: 'writes a file of the archive to the store',
      mirrors: 'src/snapshot/archive/import-archive.ts: importArchive',
      isDone: (world, me) => me.pinned?.length === keysOfStored(staged(world, me).stored).length,
      run: (world, me) => {
        const { segment, stored } = staged(world, me)
        const keys = keysOfStored(stored)
        const key = keys[me.pinned!.length]!
        const object =
          key === rowsKey(segment) ? { rows: archived } : { deletions: [{ row: 'b91', seq: 92 }] }
        world.objects.set(key, { isDurable: true, ...object })
        if (isLate && me.pinned!.length + 1 === keys.length) pin(world, segment)
        return { pinned: [...me.pinned!, key] }
      },
    },
  ]
}

function discard(): Step[] {
  return [
    {
      says: 'deletes a file that it wrote',
      mirrors: 'src/database/restore-archive.ts: restore; src/snapshot/archive/import-archive.ts: discard',
      isDone: (_world, me) => me.outcome === 'done' || me.pinned?.length === 0,
      run: (world, me) => {
        world.objects.delete(me.pinned![0]!)
        return { pinned: me.pinned!.slice(1) }
      },
    },
    {
      says: 'lets go of what it opened and pinned',
      mirrors: 'src/database/restore-archive.ts: restore',
      run: (world, me) => {
        releaseView(world, me.view)
        unpin(world, staged(world, me).segment)
        return { view: undefined, pinned: undefined }
      },
    },
  ]
}

function importArchive(into: string, replace: boolean, bug: Bug | undefined): Step[] {
  return [
    ...stage(into, replace, bug),
    {
      says: 'opens what it wrote',
      mirrors: 'src/database/restore-archive.ts: openStaged',
      run: (world, me) => ({ view: openStored(world, staged(world, me).stored, me.name) }),
    },
    ...submit(
      (world, me) => ({ type: 'import', stored: staged(world, me).stored, rows: ['a90'], into, replace }),
      bug,
    ),
    ...discard(),
  ]
}

/** An archive that turns out to be damaged when all of its files are written. */
function brokenImport(bug: Bug | undefined): Step[] {
  return [...stage('c', true, bug), ...discard()]
}

/** `Snapshot.archive`: the segments are pinned until it is closed. */
function archive(bug: Bug | undefined): Step[] {
  return [
    {
      says: 'sees the snapshot sealed and reads its metadata',
      mirrors: 'src/database/snapshot-handle.ts: archive; src/snapshot/seal.ts: readSealed',
      isReady: (world) => world.snapshots.get('s1')?.view === undefined,
      run: (world) => {
        const sealed = world.snapshots.get('s1')?.sealed
        if (sealed === undefined) return { isAtEnd: true }
        return { keys: keysOfStored(mustGet(world.objects, sealed, 'file').view!) }
      },
    },
    {
      says: 'pins the segments, and looks again whether the snapshot is there',
      mirrors: 'src/snapshot/snapshot-archive.ts: openArchive; src/database/snapshot-handle.ts: archive',
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
