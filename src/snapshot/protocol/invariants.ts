import type { Program } from './step.ts'
import { Broken, newActor, readyStep, runStep } from './step.ts'
import { catalogRoots, keysOfSealed, memoryRoots } from './upkeep.ts'
import { contentOf, contentOfStored, keysOfStored, mustGet } from './views.ts'
import { copyWorld, type Row, type World } from './world.ts'

// I1: a snapshot equals the state at its number. So does every living collection.
// I2: a snapshot is there, whole, if it was acknowledged; otherwise it is whole or not there.
// I3: no file that a live manifest, snapshot, pin or view reaches is deleted; no other survives two collections.
// I4: what was refused has changed nothing.
//
// I2 and I4 follow from comparing with what the acknowledged records describe, after every step and every crash.

/** @throws Broken, Missing */
export function checkWorld(world: World): void {
  compareNames('collections', [...world.collections.keys()], Object.keys(world.expected.collections))
  compareNames('snapshots', [...world.snapshots.keys()], Object.keys(world.expected.snapshots))
  for (const [name, collection] of world.collections) {
    const entries = collection.entries.map((entry) => ({
      ...entry,
      limit: entry.limit ?? mustGet(world.handles, entry.segment, 'rows in memory of').rows.length,
      deletionCount: world.deletions.get(entry.deletions)!.own.length,
    }))
    const rows = contentOf(world, { seq: world.appliedSeq, entries })
    compareRows(`I4: collection ${name}`, rows, world.expected.collections[name]!)
  }
  for (const [id, { view, sealed }] of world.snapshots) {
    if (view === undefined && sealed === undefined)
      throw new Broken(`I1: snapshot ${id} has neither a view nor files`)
    const rows =
      view !== undefined
        ? contentOf(world, view)
        : contentOfStored(world, mustGet(world.objects, sealed!, 'file').view!)
    compareRows(`I1: snapshot ${id}`, rows, world.expected.snapshots[id]!)
  }
  checkReachable(world)
}

function compareNames(what: string, found: readonly string[], expected: readonly string[]): void {
  const [left, right] = [found.toSorted().join(', '), expected.toSorted().join(', ')]
  if (left !== right) throw new Broken(`I2: there are the ${what} (${left}), there should be (${right})`)
}

function compareRows(what: string, found: readonly Row[], expected: readonly Row[]): void {
  const [left, right] = [found.join(', '), expected.join(', ')]
  if (left !== right) throw new Broken(`${what} holds (${left}), it should hold (${right})`)
}

/** I3: everything that something reaches is there. */
function checkReachable(world: World): void {
  for (const key of reachable(world))
    if (!world.objects.has(key)) throw new Broken(`I3: ${key} is reached, and it is gone`)
}

function reachable(world: World): string[] {
  return [
    ...catalogRoots(world),
    ...namedByCatalogs(world),
    ...memoryRoots(world),
    ...[...world.snapshots.values()].flatMap(({ sealed }) =>
      sealed === undefined ? [] : keysOfSealed(world, sealed),
    ),
    ...[...world.actors.values()].flatMap(({ pinned }) => pinned ?? []),
  ]
}

/** By the newest catalog that has its name, durable or not, and by the newest durable one. */
function namedByCatalogs(world: World): string[] {
  const keys = [...world.objects.keys()].filter((key) => key.startsWith('catalog/')).sort()
  const durable = keys.findLast((key) => world.objects.get(key)!.isDurable)
  return [...new Set([keys.at(-1), durable])].flatMap((key) => {
    const catalog = key === undefined ? undefined : world.objects.get(key)!.catalog
    if (key === undefined || catalog === undefined) return []
    return [
      ...Object.values(catalog.collections).flatMap((manifest) => [
        manifest,
        ...keysOfStored(mustGet(world.objects, manifest, 'file').view!),
      ]),
      ...Object.values(catalog.snapshots).flatMap(({ sealed }) => keysOfSealed(world, sealed)),
    ]
  })
}

/** When nobody acts any more: two collections leave exactly what is reached, and memory holds exactly what is used. */
export function checkQuiescence(before: World, collector: Program): void {
  const world = copyWorld(before)
  world.actors.clear()
  for (let pass = 0; pass < 2; pass++) runAlone(world, `pass ${pass}`, collector)
  checkWorld(world)
  const reached = new Set(reachable(world))
  for (const key of world.objects.keys())
    if (!reached.has(key)) throw new Broken(`I3: nothing reaches ${key}, and two collections left it`)
  if (world.pins.size > 0) throw new Broken(`I3: ${[...world.pins.keys()].join(', ')} stays pinned for ever`)
  const used = new Map<string, number>()
  const views = [...world.snapshots.values()].flatMap(({ view }) => view?.entries ?? [])
  for (const { segment } of [...views, ...[...world.collections.values()].flatMap(({ entries }) => entries)])
    used.set(segment, (used.get(segment) ?? 0) + 1)
  for (const [segment, { users }] of world.handles)
    if (users !== (used.get(segment) ?? 0))
      throw new Broken(
        `segment ${segment} is retained ${users} times and used ${used.get(segment) ?? 0} times`,
      )
}

/** Runs a program to its end while nobody else acts. */
export function runAlone(world: World, name: string, program: Program): void {
  let me = newActor(name)
  world.actors.set(name, me)
  while (!me.isAtEnd) {
    const step = readyStep(world, program, me)
    if (step === undefined) throw new Broken(`${name} waits for ever: ${program[me.at]!.says}`)
    runStep(world, program, me, step)
    me = world.actors.get(name)!
  }
  world.actors.delete(name)
}
