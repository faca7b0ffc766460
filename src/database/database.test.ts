import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { open } from './open.ts'

let folder: string
let db: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-database-'))
  db = await open(folder, { workers: 0, background: false })
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

test('a folder of archives is one object, so that its changes are kept apart', () => {
  const archives = db.archiveFolder(join(folder, 'archives'))
  expect(db.archiveFolder(join(folder, 'archives'))).toBe(archives)
  expect(db.archiveFolder(join(folder, 'others'))).not.toBe(archives)
})

test('points are counted by shard, without those that were deleted or replaced', async () => {
  const collection = await db.createCollection('c', {
    vectors: { '': { size: 1, distance: 'Dot' } },
    shardNumber: 3,
  })
  const points = Array.from({ length: 100 }, (_, id) => ({ id, vectors: { '': [id] } }))
  await collection.upsert(points)
  await collection.upsert(points.slice(0, 40))
  await db.flush()
  await collection.delete({ ids: points.slice(20, 30).map(({ id }) => id) })

  const { pointCount, shardPointCounts } = collection.info()
  expect(pointCount).toBe(90)
  expect(shardPointCounts).toHaveLength(3)
  expect(shardPointCounts.reduce((sum, count) => sum + count, 0)).toBe(90)
  expect(Math.min(...shardPointCounts)).toBeGreaterThan(0)
})

test.each(['.', '..', 'a/b', 'a\nb'])('no way of making a collection takes the name %j', async (name) => {
  const collection = await db.createCollection('c', { vectors: {} })
  const snapshot = await collection.createSnapshot()
  const refused = { code: 'request-invalid' }
  await expect(db.createCollection(name, { vectors: {} })).rejects.toMatchObject(refused)
  await expect(db.clone('c', name)).rejects.toMatchObject(refused)
  await expect(db.restore(snapshot, { as: name })).rejects.toMatchObject(refused)
  await expect(db.restoreAll(snapshot, { collections: { c: name } })).rejects.toMatchObject(refused)
  expect(db.listCollections().map((c) => c.name)).toEqual(['c'])
})
