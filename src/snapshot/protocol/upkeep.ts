import type { Bug } from './planted.ts'
import { pin, pinnedPrefixes, unpin, type Step } from './step.ts'
import {
  keysOfStored,
  knownRefs,
  mustGet,
  noDeletions,
  release,
  releaseView,
  retain,
  retainView,
  rowsOf,
  viewOf,
} from './views.ts'
import { catalogKey, rowsKey, type Actor, type Entry, type StoredView, type World } from './world.ts'

// Mirrors src/database/optimizer.ts, src/collection/merge.ts and src/snapshot/collect-garbage.ts. Runs under the
// maintenance mutex of src/database/engine.ts, behind a checkpoint.

/** `runMerges`, once; two written segments are worth it, or one with deleted rows. */
export function merge(bug: Bug | undefined): Step[] {
  return [
    {
      says: 'plans a merge and pins the segment that it will write, if a merge is worth it',
      mirrors: 'src/database/optimizer.ts: merge; src/collection/merge.ts: planMerge, mergeRows',
      run: (world) => ({ merge: planMerge(world) }),
    },
    {
      says: 'writes the merged segment',
      mirrors: 'src/database/optimizer.ts: merge',
      isSkipped: (_world, { merge: plan }) => plan === undefined || plan.rows.length === 0,
      run: (world, me) => {
        const { segment, rows } = me.merge!
        world.objects.set(rowsKey(segment), { isDurable: true, rows })
        world.handles.set(segment, { ...world.handles.get(segment)!, isWritten: true })
        return undefined
      },
    },
    {
      says: 'puts the merged segment in the place of its sources',
      mirrors: 'src/collection/merge.ts: installMerge',
      isSkipped: (_world, { merge: plan }) => plan === undefined,
      run: (world, me) => {
        const plan = me.merge!
        installMerge(world, plan, bug)
        if (plan.rows.length > 0) {
          unpin(world, plan.segment)
          release(world, plan.segment)
        }
        releaseView(world, plan.view)
        return { merge: undefined }
      },
    },
  ]
}

function planMerge(world: World): Actor['merge'] {
  for (const collection of [...world.collections.keys()].sort()) {
    const view = viewOf(world, world.collections.get(collection)!, world.appliedSeq)
    const sources = view.entries.filter(({ segment }) => world.handles.get(segment)!.isWritten)
    const rows = sources.flatMap((entry) => rowsOf(world, entry))
    const stored = sources.flatMap(({ segment }) => world.handles.get(segment)!.rows)
    if (sources.length < 2 && rows.length === stored.length) continue
    retainView(world, view)
    const segment = `m${world.life}(${sources.map((entry) => entry.segment).join('+')})`
    if (rows.length > 0) {
      world.handles.set(segment, { rows, isWritten: false, users: 1 })
      pin(world, segment)
    }
    return { collection, view, sources, segment, rows }
  }
  return undefined
}

function installMerge(world: World, plan: NonNullable<Actor['merge']>, bug: Bug | undefined): void {
  const collection = world.collections.get(plan.collection)
  const present = new Set(collection?.entries.map(({ deletions }) => deletions))
  // A rollback or restore may have replaced the entries meanwhile: then the merge was for nothing.
  if (collection === undefined || plan.sources.some(({ deletions }) => !present.has(deletions))) return
  const late = plan.sources
    .flatMap(({ deletions, deletionCount }) => world.deletions.get(deletions)!.own.slice(deletionCount))
    .filter(({ row }) => plan.rows.includes(row))
    .sort((a, b) => a.seq - b.seq)
  const gone = new Set(plan.sources.map(({ segment }) => segment))
  let entries: Entry[] = collection.entries.filter(({ segment }) => !gone.has(segment))
  if (plan.rows.length > 0) {
    const deletions = `${plan.collection}:${plan.segment}`
    const own = bug === 'a merge forgets the deletions that came meanwhile' ? [] : late
    world.deletions.set(deletions, { ...noDeletions, own })
    retain(world, plan.segment)
    const { length: limit } = plan.rows
    entries = [{ segment: plan.segment, foreign: true, rowsUpTo: null, limit, deletions }, ...entries]
  }
  world.collections.set(plan.collection, { ...collection, entries, changeCount: collection.changeCount + 1 })
  for (const { segment } of plan.sources) {
    release(world, segment)
    if (bug === 'a merge deletes the files of its sources') world.objects.delete(rowsKey(segment))
  }
}

/** `collectGarbage`. */
export function collect(bug: Bug | undefined): Step[] {
  const list: Step = {
    says: 'lists the objects',
    mirrors: 'src/snapshot/collect-garbage.ts: collectGarbage',
    run: (world) => ({ keys: [...world.objects.keys()].sort() }),
  }
  const isForgetful = bug === 'garbage collection forgets what only the newest catalog names'
  const readRoots: Step[] = [
    {
      says: 'reads what the newest catalog reaches',
      mirrors: 'src/database/checkpointer.ts: committedKeys',
      run: (world) => ({ roots: isForgetful ? livingRoots(world) : catalogRoots(world) }),
    },
    {
      says: 'reads what memory and the pins reach',
      mirrors: 'src/database/engine.ts: #readRoots',
      run: (world, me) => ({ roots: [...me.roots!, ...memoryRoots(world), ...pinnedPrefixes(world)] }),
    },
  ]
  const isSwapped = bug === 'garbage collection reads the roots before it lists'
  return [
    ...(isSwapped ? [...readRoots, list] : [list, ...readRoots]),
    {
      says: 'deletes what nothing reaches of one folder',
      mirrors: 'src/snapshot/collect-garbage.ts: collectGarbage',
      isDone: (world, me) => deadKeys(world, me).length === 0,
      run: (world, me) => {
        const dead = deadKeys(world, me)
        for (const key of dead) if (folderOf(key) === folderOf(dead[0]!)) world.objects.delete(key)
        return undefined
      },
    },
  ]
}

const folderOf = (key: string): string => key.split('/')[0]!

/** In the order in which they are deleted. */
function deadKeys(world: World, { keys, roots }: Actor): string[] {
  const folders = ['segments', 'collections', 'catalog', 'snapshots']
  const isReached = (key: string): boolean =>
    roots!.some((root) => key === root || (root.endsWith('/') && key.startsWith(root)))
  const dead = keys?.filter((key) => world.objects.has(key) && !isReached(key)) ?? []
  return folders.flatMap((folder) => dead.filter((key) => folderOf(key) === folder))
}

/** Every object that the newest catalog reaches, the catalog first. @throws Missing */
export function catalogRoots(world: World): string[] {
  const { manifests, snapshots } = world.committed
  return [
    catalogKey(world.generation),
    ...Object.values(manifests).flatMap(({ key, view }) => [key, ...keysOfStored(view)]),
    ...Object.values(snapshots).flatMap((key) => keysOfSealed(world, key)),
  ]
}

/** The planted bug: what the newest catalog reaches, without the snapshots that have been deleted since. */
function livingRoots(world: World): string[] {
  const snapshots = Object.entries(world.committed.snapshots).filter(([id]) => world.snapshots.has(id))
  return catalogRoots({
    ...world,
    committed: { ...world.committed, snapshots: Object.fromEntries(snapshots) },
  })
}

export function keysOfSealed(world: World, key: string): string[] {
  return [key, ...keysOfStored(mustGet(world.objects, key, 'file').view as StoredView)]
}

/** Every object that living collections and the views of snapshots reach. */
export function memoryRoots(world: World): string[] {
  const entries = [
    ...[...world.snapshots.values()].flatMap(({ view }) => view?.entries ?? []),
    ...[...world.collections.values()].flatMap((collection) => collection.entries),
  ]
  return entries.flatMap(({ segment, deletions }) => [
    ...(world.handles.get(segment)?.isWritten === true ? [rowsKey(segment)] : []),
    ...knownRefs(world, deletions).map(({ key }) => key),
  ])
}
