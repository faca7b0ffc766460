import type { Bug } from './planted.ts'
import { unpin, type Step } from './step.ts'
import { releaseView, retainView, storedView, viewOf, viewsOfCapture } from './views.ts'
import {
  catalogKey,
  rowsKey,
  type Actor,
  type Capture,
  type Catalog,
  type Committed,
  type View,
  type World,
} from './world.ts'

// Mirrors src/database/checkpointer.ts. Runs under the maintenance mutex of src/database/engine.ts.

/** `Engine.#checkpoint`. */
export function checkpoint(bug: Bug | undefined): Step[] {
  const isCutEarly = bug === 'the log is cut before the catalog is published'
  const cutAt = (world: World, me: Actor): number =>
    isCutEarly ? (me.capture?.seq ?? 0) : world.checkpointSeq
  const cut: Step = {
    says: 'cuts the log behind the checkpoint',
    mirrors: 'src/log/file-log.ts: truncateBefore',
    isSkipped: (world, me) => !world.log.some(({ seq }) => seq <= cutAt(world, me)),
    run: (world, me) => {
      world.log = world.log.filter(({ seq }) => seq > cutAt(world, me))
      return undefined
    },
  }
  const publish = publishSteps(bug)
  return [captureStep, ...writeSteps(bug), ...(isCutEarly ? [cut, ...publish] : [...publish, cut])]
}

const captureStep: Step = {
  says: 'takes the maintenance mutex and captures what a checkpoint will hold, if the catalog is behind',
  mirrors: 'src/database/engine.ts: #checkpoint; src/database/checkpointer.ts: capture',
  isReady: (world) => world.lockedBy === undefined,
  run: (world, me) => {
    world.lockedBy = me.name
    return isBehind(world) ? { capture: capture(world) } : {}
  },
}

/** `Checkpointer.isBehind`. */
function isBehind(world: World): boolean {
  if (world.appliedSeq !== world.checkpointSeq) return true
  return [...world.collections].some(([name, { changeCount }]) => hasChanged(world, name, changeCount))
}

function hasChanged(world: World, name: string, changeCount: number): boolean {
  return world.committed.manifests[name]?.changeCount !== changeCount
}

function capture(world: World): Capture {
  const seq = world.appliedSeq
  world.attempt += 1
  const collections: Record<string, { view: View | undefined; changeCount: number }> = {}
  for (const name of [...world.collections.keys()].sort()) {
    const { changeCount, ...collection } = world.collections.get(name)!
    const isChanged = hasChanged(world, name, changeCount)
    const frozen = { ...collection, changeCount, memtable: undefined }
    if (isChanged) world.collections.set(name, frozen)
    const view = isChanged ? retainView(world, viewOf(world, frozen, seq)) : undefined
    collections[name] = { view, changeCount }
  }
  const snapshots: Record<string, Capture['snapshots'][string]> = {}
  for (const id of [...world.snapshots.keys()].sort()) {
    const snapshot = world.snapshots.get(id)!
    if (snapshot.view !== undefined) retainView(world, snapshot.view)
    snapshots[id] = snapshot
  }
  return { seq, collections, snapshots, sealed: {}, manifests: {} }
}

/** Segments, then deltas, then snapshots, then manifests: each durable before what names it. */
function writeSteps(bug: Bug | undefined): Step[] {
  return [
    {
      says: 'writes a segment',
      mirrors: 'src/database/checkpointer.ts: #writeSegments',
      isDone: (world, me) => unwrittenSegment(world, me) === undefined,
      run: (world, me) => {
        const segment = unwrittenSegment(world, me)!
        const handle = world.handles.get(segment)!
        world.objects.set(rowsKey(segment), { isDurable: true, rows: handle.rows })
        world.handles.set(segment, { ...handle, isWritten: true })
        return undefined
      },
    },
    {
      says: 'writes a delta file',
      mirrors: 'src/database/checkpointer.ts: #writeDeletions',
      isDone: (world, me) => unwrittenDeletions(world, me) === undefined,
      run: (world, me) => {
        const { id, segment, count } = unwrittenDeletions(world, me)!
        const deletions = world.deletions.get(id)!
        const pairs = deletions.own.slice(deletions.persistedCount, count)
        const key = `segments/${segment}/delta-${id}-${nameTag(world)}`
        world.objects.set(key, { isDurable: true, deletions: pairs })
        const ref = { key, upTo: pairs.at(-1)!.seq }
        const persisted = [...deletions.persisted, ref]
        world.deletions.set(id, { ...deletions, persisted, persistedCount: count })
        return undefined
      },
    },
    {
      says: 'seals a snapshot',
      mirrors: 'src/database/checkpointer.ts: #seal; src/snapshot/seal.ts: sealView',
      isDone: (_world, me) => unsealed(me) === undefined,
      run: (world, me) => {
        const id = unsealed(me)!
        const sealed = `snapshots/${id}/${nameTag(world)}`
        const view = storedView(world, me.capture!.snapshots[id]!.view!)
        world.objects.set(sealed, { isDurable: true, view })
        if (bug === 'views of snapshots are released before the catalog names their files')
          dropView(world, id)
        return { capture: { ...me.capture!, sealed: { ...me.capture!.sealed, [id]: sealed } } }
      },
    },
    {
      says: 'writes a manifest',
      mirrors: 'src/database/checkpointer.ts: #writeManifests',
      isDone: (_world, me) => unwrittenManifest(me) === undefined,
      run: (world, me) => {
        const name = unwrittenManifest(me)!
        const { view, changeCount } = me.capture!.collections[name]!
        const key = `collections/${name}/${nameTag(world)}`
        const stored = storedView(world, view!)
        world.objects.set(key, { isDurable: true, view: stored })
        const manifests = { ...me.capture!.manifests, [name]: { key, changeCount, view: stored } }
        return { capture: { ...me.capture!, manifests } }
      },
    },
  ]
}

/** In the names of a checkpoint's files; the code uses random ones. */
function nameTag(world: World): string {
  return `${world.generation + 1}.${world.life}.${world.attempt}`
}

function unwrittenSegment(world: World, { capture: captured }: Actor): string | undefined {
  if (captured === undefined) return undefined
  const entries = viewsOfCapture(captured).flatMap((view) => view.entries)
  return entries.find(({ segment }) => world.handles.get(segment)?.isWritten === false)?.segment
}

function unwrittenDeletions(
  world: World,
  { capture: captured }: Actor,
): { readonly id: string; readonly segment: string; readonly count: number } | undefined {
  if (captured === undefined) return undefined
  const pending = new Map<string, { id: string; segment: string; count: number }>()
  const add = (id: string, segment: string, count: number): void => {
    if ((pending.get(id)?.count ?? 0) < count) pending.set(id, { id, segment, count })
    const base = world.deletions.get(id)?.base
    if (base !== undefined) add(base.source, segment, base.count)
  }
  for (const view of viewsOfCapture(captured))
    for (const entry of view.entries) add(entry.deletions, entry.segment, entry.deletionCount)
  return [...pending.values()].find(({ id, count }) => world.deletions.get(id)!.persistedCount < count)
}

function unsealed({ capture: captured }: Actor): string | undefined {
  if (captured === undefined) return undefined
  return Object.keys(captured.snapshots).find(
    (id) => captured.snapshots[id]!.view !== undefined && captured.sealed[id] === undefined,
  )
}

function unwrittenManifest({ capture: captured }: Actor): string | undefined {
  if (captured === undefined) return undefined
  return Object.keys(captured.collections).find(
    (name) => captured.collections[name]!.view !== undefined && captured.manifests[name] === undefined,
  )
}

function publishSteps(bug: Bug | undefined): Step[] {
  return [
    {
      says: 'gives the new catalog its name',
      mirrors: 'src/manifest/writer.ts: publishCatalog; src/storage/local-object-store.ts: #publish',
      isSkipped: (_world, me) => me.capture === undefined,
      run: (world, me) => {
        const key = catalogKey(world.generation + 1)
        world.objects.set(key, { isDurable: false, catalog: catalogOf(world, me.capture!) })
        if (bug === 'the old catalog is deleted before the new one is durable')
          world.objects.delete(catalogKey(world.generation))
        return undefined
      },
    },
    {
      says: 'makes the name of the catalog durable, and commits in memory',
      mirrors: 'src/storage/local-object-store.ts: #publish; src/database/checkpointer.ts: #write',
      isSkipped: (_world, me) => me.capture === undefined,
      run: (world, me) => {
        const key = catalogKey(world.generation + 1)
        world.objects.set(key, { ...world.objects.get(key)!, isDurable: true })
        commit(world, me.capture!)
        for (const view of viewsOfCapture(me.capture!)) releaseView(world, view)
        return { capture: undefined }
      },
    },
  ]
}

function committedOf(world: World, captured: Capture): Committed {
  const manifests: Record<string, Committed['manifests'][string]> = {}
  for (const name of Object.keys(captured.collections))
    manifests[name] = captured.manifests[name] ?? world.committed.manifests[name]!
  const snapshots: Record<string, string> = {}
  for (const [id, { sealed }] of Object.entries(captured.snapshots))
    snapshots[id] = (sealed ?? captured.sealed[id])!
  return { manifests, snapshots }
}

function catalogOf(world: World, captured: Capture): Catalog {
  const { manifests, snapshots } = committedOf(world, captured)
  return {
    seq: captured.seq,
    collections: Object.fromEntries(Object.entries(manifests).map(([name, { key }]) => [name, key])),
    snapshots: Object.fromEntries(
      Object.entries(snapshots).map(([id, sealed]) => [id, { seq: captured.snapshots[id]!.seq, sealed }]),
    ),
  }
}

/** From here the newest catalog is this one: snapshots live in their files, and imports up to it need no pin. */
function commit(world: World, captured: Capture): void {
  world.committed = committedOf(world, captured)
  world.generation += 1
  world.attempt = 0
  world.checkpointSeq = captured.seq
  for (const [id, sealed] of Object.entries(captured.sealed)) {
    dropView(world, id)
    const snapshot = world.snapshots.get(id)
    if (snapshot !== undefined) world.snapshots.set(id, { ...snapshot, sealed })
  }
  for (const { segment } of world.recentImports.filter(({ seq }) => seq <= captured.seq))
    unpin(world, segment)
  world.recentImports = world.recentImports.filter(({ seq }) => seq > captured.seq)
}

function dropView(world: World, id: string): void {
  const snapshot = world.snapshots.get(id)
  if (snapshot === undefined) return
  releaseView(world, snapshot.view)
  world.snapshots.set(id, { ...snapshot, view: undefined })
}
