import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { openQuietly, unreachable } from '../support/crash-suite.ts'
import { fingerprintOf } from '../support/history.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'
import { verifyAllSnapshots } from '../support/verify-snapshots.ts'

// Goal: a crash in a drill or a verification leaves no clone, no file and no difference behind.
// Method: crash before every mutation that the two make, in three ways, and start again.
test('a drill and a verification that crash leave nothing behind', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Cosine' } } })
  await collection.upsert(Array.from({ length: 8 }, (_, id) => ({ id, vectors: { '': [id, 1] } })))
  await db.flush()
  await collection.delete({ ids: [2] })
  const snapshot = await db.createSnapshot({ name: 's' })
  await collection.upsert([{ id: 9, vectors: { '': [1, 1] } }])
  const expected = await fingerprintOf(db)
  const first = disk.journal.length
  expect(await snapshot.drill()).toMatchObject({ ok: true })
  expect(await snapshot.verify()).toMatchObject({ ok: true })
  await db.flush()
  const last = disk.journal.length
  expect(last).toBeGreaterThan(first)
  for (let at = first; at <= last; at++) {
    for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
      const where = `mutation ${at} of ${first} to ${last}, ${JSON.stringify(variant)}`
      const crashed = disk.stateAt(at, variant)
      const after = await openQuietly(open, crashed, at)
      expect(await fingerprintOf(after), where).toBe(expected)
      expect(
        after.listCollections().map(({ name }) => name),
        where,
      ).toEqual(['c'])
      await verifyAllSnapshots(after)
      await after.collectGarbage()
      await after.collectGarbage()
      const catalogs = crashed.paths().filter((path) => path.includes('/catalog/'))
      const newest = await crashed.readFile(catalogs.sort().at(-1)!)
      expect(Buffer.from(newest).toString('latin1'), where).not.toContain('drill-')
      expect(await unreachable(crashed), where).toEqual([])
      await after.close()
    }
  }
  await db.close()
})
