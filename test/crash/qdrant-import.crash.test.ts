import { expect, test } from 'vitest'
import { open, type Database } from '../../src/index.ts'
import { openQuietly } from '../support/crash-suite.ts'
import { upsertOf, walArchive } from '../support/qdrant-archive/wal-archive.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: an archive of Qdrant is imported whole or not at all, wherever a crash comes, and nothing of it stays that no
//   collection names.
// Method: crash before every mutation of an import over a living collection, of one beside it, and of the checkpoint that
//   follows, in three ways; start again, compare the points, flush, collect garbage, and count what is left.

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 1500) yield bytes.subarray(at, at + 1500)
}

async function stateOf(database: Database): Promise<string> {
  const shown: string[] = []
  for (const { name } of database.listCollections()) {
    const { points } = await database.getCollection(name).scroll({ limit: 100, payload: true, vectors: true })
    const texts = points.map(({ id, payload, vectors }) => {
      const vector = vectors?.[''] as Float32Array | undefined
      return `${String(id)}=${payload?.text ?? ''}/${vector?.join() ?? ''}`
    })
    shown.push(`${name}: ${texts.join(' ')}`)
  }
  return shown.join('; ')
}

/** Segments on the disk, and what else an import has below the store's root. */
function leftOf(disk: SimulatedDisk): { readonly segments: number; readonly staging: readonly string[] } {
  const paths = disk.paths()
  const ids = paths.flatMap((path) => /\/segments\/([^/]+)\//.exec(path)?.[1] ?? [])
  return { segments: new Set(ids).size, staging: paths.filter((path) => path.includes('/staging/')) }
}

const entries = [
  upsertOf([1, 2, 3, 4]),
  { set_payload: { payload: { more: 1 }, points: [1, 2] } },
  { delete_points: { ids: [3] } },
]

test('a crash in an import leaves the old state or the new one, and no file that nothing names', async () => {
  const disk = new SimulatedDisk()
  const database = await openQuietly(open, disk, 1)
  await database.createCollection('living', { vectors: { '': { size: 4, distance: 'Dot' } } })
  await database
    .getCollection('living')
    .upsert([{ id: 9, vectors: { '': [9, 9, 9, 9] }, payload: { old: true } }])
  await database.flush()
  await database.collectGarbage()
  const first = disk.journal.length
  const states = [await stateOf(database)]
  const archive = walArchive({ shards: [{ entries }] })
  await database.restoreArchive(chunked(archive), { into: 'living', replace: true })
  states.push(await stateOf(database))
  const parts = [{ entries }, { entries: [upsertOf([7, 8])] }]
  await database.restoreArchive(chunked(walArchive({ shards: parts })), { into: 'beside' })
  states.push(await stateOf(database))
  await database.flush()
  await database.close()
  expect(new Set(states).size).toBe(3)

  const seen = new Set<string>()
  for (let at = first; at <= disk.journal.length; at++) {
    for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
      const where = `mutation ${at} of ${first} to ${disk.journal.length}, ${JSON.stringify(variant)}`
      const after = disk.stateAt(at, variant)
      const again = await openQuietly(open, after, at)
      const state = await stateOf(again)
      expect(states, where).toContain(state)
      seen.add(state)
      await again.flush()
      await again.collectGarbage()
      expect(await stateOf(again), where).toBe(state)
      const used = again
        .listCollections()
        .reduce((sum, { name }) => sum + again.getCollection(name).info().segmentCount, 0)
      expect(leftOf(after), where).toEqual({ segments: used, staging: [] })
      await again.close()
    }
  }
  expect(seen.size).toBe(3)
})
