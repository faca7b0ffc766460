import type { Bug } from './planted.ts'
import { prepareRecord } from './records.ts'
import { apply, applyAndCompare, Broken } from './step.ts'
import { Missing, mustGet, openStored, pruneDeletions, releaseView } from './views.ts'
import { copyWorld, newestCatalog, type Catalog, type LogRecord, type World } from './world.ts'

// Mirrors src/database/open.ts and src/database/recovery.ts.

/** A killed process leaves what it wrote; power loss takes what was not durable. */
export type CrashKind = 'the process is killed' | 'the power fails'

export interface Crash {
  readonly kind: CrashKind
  /** How many of the records that were not durable yet are there nevertheless. */
  readonly survivors: number
}

/** Every way in which a crash can happen now. */
export function crashesOf(world: World): Crash[] {
  const isAllDurable = [...world.objects.values()].every(({ isDurable }) => isDurable)
  const kinds: CrashKind[] = isAllDurable ? ['the power fails'] : ['the process is killed', 'the power fails']
  return kinds.flatMap((kind) =>
    Array.from({ length: world.queue.length + 1 }, (_, survivors) => ({ kind, survivors })),
  )
}

/** The world after the crash and the next start. @throws Missing, Broken */
export function crashAndRecover(before: World, { kind, survivors }: Crash, bug: Bug | undefined): World {
  const world = copyWorld(before)
  for (const [key, { isDurable }] of before.objects)
    if (!isDurable && kind === 'the power fails') world.objects.delete(key)
  const surviving = world.queue.slice(0, survivors)
  forgetMemory(world)
  recoverCheckpoint(world, bug)
  replayLog(world, bug)
  for (const { record, isApplied } of surviving) {
    world.log = [...world.log, { seq: world.appliedSeq + 1, record }]
    // An unacknowledged record happens completely or not at all: this one happens.
    replay(world, record, isApplied ? apply : applyAndCompare, bug)
  }
  pruneDeletions(world)
  return world
}

function forgetMemory(world: World): void {
  world.queue = []
  world.life += 1
  world.attempt = 0
  world.recentImports = []
  world.lockedBy = undefined
  for (const map of [
    world.collections,
    world.snapshots,
    world.handles,
    world.deletions,
    world.pins,
    world.actors,
  ])
    map.clear()
}

/** `readCheckpoint`, `recoverCheckpoint`. */
function recoverCheckpoint(world: World, bug: Bug | undefined): void {
  const key = newestCatalog(world.objects)
  if (key === undefined) throw new Missing('the catalog is gone')
  const object = world.objects.get(key)!
  if (bug !== 'recovery does not sync the catalog') world.objects.set(key, { ...object, isDurable: true })
  const catalog: Catalog = object.catalog!
  world.generation = Number(key.split('/')[1])
  world.checkpointSeq = catalog.seq
  world.appliedSeq = catalog.seq
  const manifests: Record<string, World['committed']['manifests'][string]> = {}
  for (const [name, manifest] of Object.entries(catalog.collections)) {
    const stored = mustGet(world.objects, manifest, 'file').view!
    const view = openStored(world, stored, `live ${name}`)
    const entries = view.entries.map(({ deletionCount: _count, limit, ...entry }) => ({
      ...entry,
      limit: entry.foreign ? limit : undefined,
    }))
    world.collections.set(name, { entries, memtable: undefined, changeCount: 0 })
    manifests[name] = { key: manifest, changeCount: 0, view: stored }
  }
  const snapshots: Record<string, string> = {}
  for (const [id, { seq, sealed }] of Object.entries(catalog.snapshots)) {
    world.snapshots.set(id, { seq, view: undefined, sealed })
    snapshots[id] = sealed
  }
  world.committed = { manifests, snapshots }
}

/** `replayLog`. What these records do is expected already: memory must follow. */
function replayLog(world: World, bug: Bug | undefined): void {
  for (const { seq, record } of world.log) {
    if (seq <= world.checkpointSeq) continue
    if (seq !== world.appliedSeq + 1)
      throw new Broken(`I2: the log goes on with record ${seq}, the catalog ends with ${world.appliedSeq}`)
    replay(world, record, apply, bug)
  }
}

function replay(world: World, record: LogRecord, how: typeof apply, bug: Bug | undefined): void {
  const prepared = prepareRecord(world, record, world.appliedSeq)
  world.appliedSeq += 1
  how(world, record, prepared, bug)
  releaseView(world, prepared)
}
