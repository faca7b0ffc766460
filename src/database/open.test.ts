import { expect, test } from 'vitest'
import { failing, intercepted, type DiskOperation } from '../../test/support/disk-faults.ts'
import { openQuietly } from '../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../test/support/simulated-disk.ts'
import { vectorMemoryStats } from '../graph/vector-memory.ts'
import type { Disk } from '../storage/disk.ts'
import { open } from './open.ts'

/** A disk with a checkpoint, a sealed snapshot, and records behind the checkpoint that restore from it. */
async function usedDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const db = await openQuietly(open, disk, 1)
  const collection = await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
  await collection.upsert([{ id: 1, vectors: { '': [1, 2] } }])
  const snapshot = await collection.createSnapshot({ name: 's' })
  await db.flush()
  await collection.upsert([{ id: 2, vectors: { '': [3, 4] } }])
  await db.restore(snapshot, { as: 'clone' })
  await collection.rollback(snapshot)
  await db.close()
  return disk
}

/** Counts operations, and the files that are open. */
function counted(disk: Disk): { disk: Disk; operations: () => number; openFiles: () => number } {
  let operations = 0
  let openFiles = 0
  const counting = intercepted(disk, async (_operation, _path, proceed) => {
    operations += 1
    return proceed()
  })
  const tracked = async (opening: ReturnType<Disk['append']>): ReturnType<Disk['append']> => {
    const file = await opening
    openFiles += 1
    return { ...file, close: () => ((openFiles -= 1), file.close()) }
  }
  return {
    disk: {
      ...counting,
      create: (path) => tracked(counting.create(path)),
      append: (path) => tracked(counting.append(path)),
    },
    operations: () => operations,
    openFiles: () => openFiles,
  }
}

test('a start that the disk stops anywhere says so, leaves no file open and nothing in memory, and can be tried again', async () => {
  const disk = await usedDisk()
  const before = vectorMemoryStats().bytesInUse
  const whole = counted(disk)
  const db = await openQuietly(open, whole.disk, 2)
  const hash = await db.getCollection('c').contentHash()
  await db.close()
  expect(vectorMemoryStats().bytesInUse).toBe(before)
  expect(whole.openFiles()).toBe(0)
  for (let at = 0; at < whole.operations(); at++) {
    const again = disk.stateAt(disk.journal.length, 'all')
    const watched = counted(again)
    let count = 0
    const error = await openQuietly(
      open,
      failing(watched.disk, () => count++ === at),
      3,
    ).then(
      (opened) => opened.close(),
      (refused: unknown) => refused,
    )
    if (error !== undefined) expect(error).toMatchObject({ name: 'DatabaseError', kind: 'unavailable' })
    expect(watched.openFiles(), `after operation ${at} failed`).toBe(0)
    expect(vectorMemoryStats().bytesInUse, `after operation ${at} failed`).toBe(before)
    const recovered = await openQuietly(open, again, 4)
    expect(await recovered.getCollection('c').contentHash()).toBe(hash)
    await recovered.close()
  }
})

test('what the system refuses before there is a store or a lock becomes write-failed', async () => {
  const refusing = (operation: DiskOperation) => failing(new SimulatedDisk(), (kind) => kind === operation)
  await expect(openQuietly(open, refusing('makeDirectory'), 1)).rejects.toMatchObject({
    code: 'write-failed',
  })
  const noLock: Disk = {
    ...refusing('truncate'),
    lock: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })),
  }
  await expect(openQuietly(open, noLock, 1)).rejects.toMatchObject({ code: 'write-failed' })
})

test('a log file that the system does not close properly is closed all the same', async () => {
  const disk = new SimulatedDisk()
  const unwilling = async (opening: ReturnType<Disk['append']>): ReturnType<Disk['append']> => ({
    ...(await opening),
    close: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })),
  })
  const bound = intercepted(disk, async (_operation, _path, proceed) => proceed())
  const db = await openQuietly(
    open,
    {
      ...bound,
      create: (path) => unwilling(bound.create(path)),
      append: (path) => unwilling(bound.append(path)),
    },
    1,
  )
  await db.createCollection('c', { vectors: {} })
  // A checkpoint begins a new log file, and closes the old one.
  await db.flush()
  await db.createCollection('d', { vectors: {} })
  await db.close()
  const again = await openQuietly(open, disk, 2)
  expect(again.listCollections().map(({ name }) => name)).toEqual(['c', 'd'])
  await again.close()
})

test('a clock that is set before 1970 spoils no snapshot', async () => {
  const disk = new SimulatedDisk()
  const clock = { now: () => -86_400_000, monotonic: () => 0, after: () => ({ cancel: () => undefined }) }
  const db = await openQuietly(open, disk, 1, { clock })
  const collection = await db.createCollection('c', { vectors: {} })
  await collection.upsert([{ id: 1 }])
  const snapshot = await collection.createSnapshot()
  await db.flush()
  await db.close()
  const again = await openQuietly(open, disk, 2, { clock })
  await using reader = await again.getCollection('c').getSnapshot(snapshot.name).collection()
  expect(await reader.count()).toBe(1)
  await again.close()
})

test('a snapshot that is deleted while it is opened is not found, and no file is said to be missing', async () => {
  const disk = new SimulatedDisk()
  let letGo: (() => Promise<unknown>) | undefined
  const slow = intercepted(disk, async (operation, path, proceed) => {
    // Its metadata are read; before its segment is, somebody deletes it and collects the garbage.
    if (operation === 'readRange' && path.includes('/segments/')) {
      const act = letGo
      letGo = undefined
      await act?.()
    }
    return proceed()
  })
  const db = await openQuietly(open, slow, 1)
  const collection = await db.createCollection('c', { vectors: {} })
  await collection.upsert([{ id: 1 }])
  const snapshot = await collection.createSnapshot()
  await db.flush()
  await db.dropCollection('c')
  letGo = async () => {
    await snapshot.delete()
    await db.collectGarbage()
  }
  await expect(snapshot.collection()).rejects.toMatchObject({ code: 'snapshot-not-found' })
  await db.close()
})
