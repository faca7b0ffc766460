import { expect, test } from 'vitest'
import { open, type Database } from '../../src/index.ts'
import { chunked, collect } from '../support/archives.ts'
import { openQuietly, unreachable } from '../support/crash-suite.ts'
import { fingerprintOf } from '../support/history.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'
import { verifyAllSnapshots } from '../support/verify-snapshots.ts'

// Goal: a crash while a shard is snapshotted, archived or restored leaves the shard as it was before or as it is after,
//   the other shards untouched, and no file that nothing names.
// Method: crash before every mutation that these make, in three ways, and start again.

const config = { vectors: { '': { size: 2, distance: 'Dot' as const } }, shardNumber: 2 }

async function put(db: Database, from: number, to: number): Promise<void> {
  const ids = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  await db.getCollection('c').upsert(ids.map((id) => ({ id, vectors: { '': [id, 1] }, payload: { from } })))
}

test('a shard that is snapshotted, archived and restored is whole wherever a crash comes', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const collection = await db.createCollection('c', config)
  await put(db, 1, 12)
  await db.flush()
  await put(db, 5, 20)
  const states: { readonly at: number; readonly fingerprint: string }[] = []
  const acknowledge = async (): Promise<void> => {
    states.push({ at: disk.journal.length, fingerprint: await fingerprintOf(db) })
  }
  await acknowledge()
  const snapshot = await collection.shard(0).createSnapshot({ name: 's' })
  await acknowledge()
  const { archive } = await collection.shard(1).archive()
  const bytes = await collect(archive.stream())
  archive.close()
  await collection.delete({ filter: {} })
  await acknowledge()
  await put(db, 30, 40)
  await acknowledge()
  await collection.shard(0).restore(snapshot, { undoName: 'undo' })
  await acknowledge()
  await collection.shard(1).restoreArchive(chunked(bytes, 999))
  await acknowledge()
  await db.flush()
  await acknowledge()
  await snapshot.delete()
  await acknowledge()
  await db.close()

  const [first] = states
  let points = 0
  for (let at = first!.at; at <= disk.journal.length; at++) {
    // The mutation at this index did not happen: what was acknowledged by then must be there, or what came next.
    const done = states.findLastIndex((state) => state.at <= at)
    const allowed = states.slice(done, done + 2).map(({ fingerprint }) => fingerprint)
    for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
      const where = `mutation ${at} of ${first!.at} to ${disk.journal.length}, ${JSON.stringify(variant)}`
      const crashed = disk.stateAt(at, variant)
      const after = await openQuietly(open, crashed, at)
      expect(allowed, where).toContain(await fingerprintOf(after))
      if (at % 4 === 0) {
        await after.collectGarbage()
        await after.collectGarbage()
        await verifyAllSnapshots(after)
        expect(await unreachable(crashed), where).toEqual([])
        expect(allowed, where).toContain(await fingerprintOf(after))
      }
      await after.close()
      points += 1
    }
  }
  expect(points).toBeGreaterThan(100)
}, 120_000)
