import type { ObjectStore } from '../storage/object-store.ts'
import type { VerifiedObjects } from '../storage/verified-objects.ts'

export interface GarbageReport {
  readonly deletedObjects: number
  readonly deletedBytes: number
}

export interface Roots {
  /** Objects that something reaches. */
  readonly keys: ReadonlySet<string>
  /** Folders (ending in `/`) in which everything is kept, and keys: what a running job writes or reads. */
  readonly prefixes: readonly string[]
}

const collected = ['segments/', 'collections/', 'catalog/', 'snapshots/', 'history/', 'staging/']

/**
 * Deletes what no root reaches. If the roots cannot be read, nothing is deleted.
 *
 * `readRoots` is called after the listing. Otherwise: we read the roots; a flush writes segment 9 and publishes it;
 * we list, find that no root of ours names segment 9, and delete it.
 */
export async function collectGarbage(
  store: ObjectStore,
  readRoots: () => Promise<Roots>,
  verified?: VerifiedObjects,
): Promise<GarbageReport> {
  const objects = []
  for (const prefix of collected) objects.push(...(await store.list(prefix)))
  const roots = await readRoots()
  const dead = objects.filter(
    ({ key }) => !roots.keys.has(key) && !roots.prefixes.some((prefix) => key.startsWith(prefix)),
  )
  const keys = dead.map(({ key }) => key)
  verified?.forget(keys)
  await store.delete(keys)
  return { deletedObjects: dead.length, deletedBytes: dead.reduce((sum, { bytes }) => sum + bytes, 0) }
}
