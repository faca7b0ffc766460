import { expect, test } from 'vitest'
import { openQuietly } from '../../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../../test/support/simulated-disk.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

const vectors = { '': { size: 2, distance: 'Dot' } } as const
const point = (id: number): object => ({ id, vectors: { '': [id, 1] } })

async function filled(disk: SimulatedDisk): Promise<Database> {
  const db = await openQuietly(open, disk, 1)
  const a = await db.createCollection('a', { vectors })
  await a.upsert([point(1)] as never)
  await db.updateAliases([{ kind: 'create', alias: 'alias', collection: 'a' }])
  await a.createSnapshot({ name: 's' })
  await a.shard(0).createSnapshot({ name: 'shard' })
  await a.upsert([point(2)] as never)
  return db
}

/** What is to be seen of `b`, which was `a`. */
async function checkRenamed(db: Database, id: string): Promise<void> {
  expect(db.listCollections().map(({ name }) => name)).toEqual(['b'])
  const b = db.getCollection('b')
  expect(b.id).toBe(id)
  expect(db.findCollection('a')).toBeUndefined()
  expect(db.getCollection('alias').name).toBe('b')
  expect(db.listAliases()).toEqual([{ alias: 'alias', collection: 'b' }])
  expect(b.info()).toMatchObject({ name: 'b', pointCount: 2 })
  expect(b.listSnapshots().map(({ name }) => name)).toEqual(['s'])
  expect(
    b
      .shard(0)
      .listSnapshots()
      .map(({ name }) => name),
  ).toEqual(['shard'])
  expect(db.listSnapshotsFrom('b').map(({ name }) => name)).toEqual(['s'])
  expect(db.listSnapshotsFrom('b', 0).map(({ name }) => name)).toEqual(['shard'])
  expect(db.listSnapshotsFrom('a')).toEqual([])
  const reader = await db.openReader('b@s')
  expect(reader.info().pointCount).toBe(1)
  reader.close()
}

test.each(['the log', 'a checkpoint', 'a checkpoint before it'])(
  'a renamed collection is the same one, also after a start from %s',
  async (from) => {
    const disk = new SimulatedDisk()
    let db = await filled(disk)
    const handle = db.getCollection('a')
    if (from === 'a checkpoint before it') await db.flush()
    const renamed = await db.renameCollection('a', 'b')
    expect(renamed.name).toBe('b')
    // A handle from before is as good.
    expect(handle.name).toBe('b')
    await checkRenamed(db, handle.id)
    if (from === 'a checkpoint') await db.flush()
    await db.close()
    db = await openQuietly(open, disk, 2)
    await checkRenamed(db, handle.id)
    await db.getCollection('b').rollback(db.getCollection('b').getSnapshot('s'))
    expect(db.getCollection('b').info().pointCount).toBe(1)
    await db.close()
  },
)

test('a name that is taken, or none, is refused, and nothing changes', async () => {
  const disk = new SimulatedDisk()
  let db = await filled(disk)
  await db.createCollection('c', { vectors })
  await expect(db.renameCollection('a', 'c')).rejects.toThrow(
    'Cannot rename collection "a" to "c": a collection has this name',
  )
  await expect(db.renameCollection('a', 'a')).rejects.toThrow('a collection has this name')
  await expect(db.renameCollection('c', 'alias')).rejects.toThrow('an alias has this name')
  await expect(db.renameCollection('alias', 'd')).rejects.toThrow('it does not exist')
  await expect(db.renameCollection('a', '')).rejects.toThrow()
  await db.close()
  db = await openQuietly(open, disk, 2)
  expect(db.listCollections().map(({ name }) => name)).toEqual(['a', 'c'])
  await db.close()
})

test('a rename while a checkpoint is written belongs to the next one', async () => {
  const disk = new SimulatedDisk()
  let db = await filled(disk)
  const { id } = db.getCollection('a')
  const flushed = db.flush()
  await db.renameCollection('a', 'b')
  await flushed
  await db.close()
  db = await openQuietly(open, disk, 2)
  await checkRenamed(db, id)
  await db.close()
})

test('the old name is free; what it was stands under the name that it had then', async () => {
  const db = await openQuietly(open, new SimulatedDisk(), 1)
  await db.setRetention({ windowMs: 60_000 })
  const a = await db.createCollection('a', { vectors })
  await a.upsert([point(1)] as never)
  const before = db.stats().appliedSeq
  await db.renameCollection('a', 'b')
  const other = await db.createCollection('a', { vectors })
  await other.upsert([point(7), point(8)] as never)
  const ids = async (reference: string): Promise<unknown[]> => {
    const reader = await db.openReader(reference)
    const { points } = await reader.scroll({ limit: 9 })
    reader.close()
    return points.map(({ id }) => id)
  }
  expect(await ids('a')).toEqual([7, 8])
  expect(await ids('b')).toEqual([1])
  expect(await ids(`a@seq:${before}`)).toEqual([1])
  expect(await ids(`b@seq:${before}`)).toEqual([1])
  expect(await ids(`a@seq:${db.stats().appliedSeq}`)).toEqual([7, 8])
  await db.dropCollection('a')
  expect(await ids(`a@seq:${before}`)).toEqual([1])
  await db.close()
})

test('a snapshot of a dropped collection does not hide that of a living one', async () => {
  const disk = new SimulatedDisk()
  let db = await filled(disk)
  const b = await db.createCollection('b', { vectors })
  await b.createSnapshot({ name: 's' })
  await db.dropCollection('b')
  await db.renameCollection('a', 'b')
  const check = (): void => {
    expect(db.getCollection('b').listSnapshots()).toHaveLength(1)
    expect(db.findSnapshotFrom('b', 's')!.id).toBe(db.getCollection('b').getSnapshot('s').id)
  }
  check()
  await db.close()
  db = await openQuietly(open, disk, 2)
  check()
  // Without its collection a snapshot stands under the name that it was taken under.
  await db.dropCollection('b')
  expect(db.listSnapshotsFrom('a').map(({ name }) => name)).toEqual(['s'])
  await db.close()
})

test('snapshots of the store know the name of then, and take the one of now', async () => {
  const db = await filled(new SimulatedDisk())
  const whole = await db.createSnapshot({ name: 'whole' })
  await db.renameCollection('a', 'b')
  expect(whole.info().collections.map(({ name }) => name)).toEqual(['a'])
  for (const name of ['a', 'b']) {
    const reader = await whole.collection(name)
    expect(reader.info().pointCount).toBe(2)
    reader.close()
  }
  await db.close()
})
