import { expect, test } from 'vitest'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { intercepted } from '../../test/support/disk-faults.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { open } from './open.ts'

test('the present that another write has made the past is refused, and the database opens again', async () => {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const collection = await db.createCollection('c', { vectors: {} })
  await collection.upsert([{ id: 1 }])
  const present = { seq: db.stats().appliedSeq }
  const [write, rollback, clone] = await Promise.allSettled([
    collection.upsert([{ id: 2 }]),
    collection.rollback(present),
    db.clone(`c@seq:${present.seq}`, 'k'),
  ])
  expect(write.status).toBe('fulfilled')
  for (const refused of [rollback, clone])
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'moment-not-kept' } })
  await db.close()
  const again = await openQuietly(open, disk, 2)
  expect(await again.getCollection('c').count()).toBe(2)
  expect(again.listCollections()).toHaveLength(1)
  await again.close()
})

test('the present goes back whole although merges and garbage collection came before its record', async () => {
  const disk = new SimulatedDisk()
  const before = await openQuietly(open, disk, 1)
  const created = await before.createCollection('c', { vectors: {} })
  // Segments that are worth a merge with the next one.
  for (let id = 1; id <= 3; id++) {
    await created.upsert([{ id }])
    await before.flush()
  }
  await before.close()

  let letGo = (): void => undefined
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  let arrive = (): void => undefined
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const slow = intercepted(disk, async (operation, path, proceed) => {
    if (operation === 'create' && path.includes('/tmp/')) {
      arrive()
      await gate
    }
    return proceed()
  })
  const db = await openQuietly(open, slow, 2, { background: true, memtableBytesMax: 1 })
  const collection = db.getCollection('c')
  // The first write starts a checkpoint, which the gate holds up; the second one asks for another.
  await collection.upsert([{ id: 5 }])
  await reached
  await collection.upsert([{ id: 6 }])
  // Opens what stands in memory, and waits for room: for both checkpoints, and the garbage collection; a merge runs beside.
  const rollback = collection.rollback({ seq: db.stats().appliedSeq })
  letGo()
  await rollback
  await db.flush()
  await db.close()
  const again = await openQuietly(open, disk, 3)
  expect(await again.getCollection('c').count()).toBe(5)
  await again.close()
})
