import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

let folder: string
let db: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-space-'))
  db = await reopen()
  await db.createCollection('c', { vectors: { '': { size: 2, distance: 'Dot' } } })
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

function reopen(): Promise<Database> {
  return open(folder, { workers: 0, background: false, flushOnClose: false })
}

async function write(from: number): Promise<void> {
  await db
    .getCollection('c')
    .upsert(Array.from({ length: 20 }, (_, i) => ({ id: from + i, vectors: { '': [i, 1] } })))
}

test('a snapshot of the present holds its own files only; of the past, what was replaced', async () => {
  await write(0)
  const snapshot = await db.createSnapshot({ name: 's' })
  const now = await snapshot.space()
  expect(now.freedByDelete).toBe(now.exclusiveBytes)
  expect(now.exclusiveBytes).toBeLessThan(now.bytes)
  const { liveBytes } = await db.space()
  expect(now.bytes - now.exclusiveBytes).toBe(liveBytes)
  await db.dropCollection('c')
  expect(await snapshot.space()).toEqual({ ...now, exclusiveBytes: now.bytes, freedByDelete: now.bytes })
  expect(await db.space()).toMatchObject({ liveBytes: 0, snapshotBytes: now.bytes, totalBytes: now.bytes })
})

test('a snapshot that is not sealed is sealed, so that its bytes are known', async () => {
  await write(0)
  const snapshot = await db.createSnapshot({ name: 's' })
  expect(snapshot.info().isSealed).toBe(false)
  expect((await db.space()).snapshots).toHaveLength(1)
  expect(snapshot.info().isSealed).toBe(true)
})

test('two snapshots of one moment free nothing alone but all together', async () => {
  await write(0)
  const snapshots = [await db.createSnapshot({ name: 'a' }), await db.createSnapshot({ name: 'b' })]
  await db.dropCollection('c')
  const ids = snapshots.map(({ id }) => id)
  const [a, b] = await Promise.all(snapshots.map((snapshot) => snapshot.space()))
  const both = await db.spaceFreedBy(ids)
  expect(both.bytes).toBe((await db.space()).totalBytes)
  expect(a!.exclusiveBytes + b!.exclusiveBytes).toBeLessThan(both.bytes)
  expect(await db.spaceFreedBy([...ids, ...ids])).toEqual(both)
})

test('what a running job reads is not freed, though nothing else refers to it', async () => {
  await write(0)
  const snapshot = await db.createSnapshot({ name: 's' })
  await snapshot.seal()
  await db.dropCollection('c')
  const archive = await snapshot.archive()
  const held = await snapshot.space()
  expect(held.exclusiveBytes).toBe(held.bytes)
  expect(held.freedByDelete).toBeLessThan(held.bytes)
  archive.close()
  expect((await snapshot.space()).freedByDelete).toBe(held.bytes)
})

test('moments that retention keeps hold what they need', async () => {
  await db.setRetention({ windowMs: 3_600_000 })
  await write(0)
  const snapshot = await db.createSnapshot({ name: 's' })
  await db.dropCollection('c')
  const space = await snapshot.space()
  expect(space.exclusiveBytes).toBeLessThan(space.bytes)
  await db.setRetention({ windowMs: 0 })
  expect((await snapshot.space()).exclusiveBytes).toBe(space.bytes)
})

test('after a restart it is the same', async () => {
  await write(0)
  const snapshot = await db.createSnapshot({ name: 's' })
  await write(100)
  await db.createSnapshot({ name: 't' })
  const before = await db.space()
  await db.close()
  db = await reopen()
  expect(await db.space()).toEqual(before)
  await db.findSnapshot(snapshot.id)!.delete()
  expect((await db.space()).snapshots.map(({ name }) => name)).toEqual(['t'])
})

test('only what has changed is read again', async () => {
  await write(0)
  for (let i = 0; i < 20; i++) await db.createSnapshot({ name: `s${i}` })
  const first = await db.space()
  // Unreadable from now on: it would be noticed.
  for (const name of await readdir(join(folder, 'snapshots'), { recursive: true })) {
    if (name.endsWith('.json')) await writeFile(join(folder, 'snapshots', name), 'gone')
  }
  expect(await db.space()).toEqual(first)
})

test('snapshots whose files cannot be read are named, and nothing is made up', async () => {
  await write(0)
  const snapshot = await db.createSnapshot({ name: 's' })
  await snapshot.seal()
  const name = (await readdir(join(folder, 'snapshots'), { recursive: true })).find((one) =>
    one.endsWith('.avro'),
  )!
  const path = join(folder, 'snapshots', name)
  const bytes = await readFile(path)
  bytes[100]! ^= 1
  await writeFile(path, bytes)
  const details = { key: `snapshots/${name}`, snapshot: snapshot.id }
  await expect(db.space()).rejects.toMatchObject({ code: 'manifest-corrupt', details })
  bytes[100]! ^= 1
  await writeFile(path, bytes)
  expect((await db.space()).snapshots).toHaveLength(1)
})

test('a snapshot that does not exist', async () => {
  const snapshot = await db.createSnapshot({ name: 's' })
  await snapshot.delete()
  await expect(snapshot.space()).rejects.toMatchObject({ code: 'snapshot-not-found' })
  await expect(db.spaceFreedBy([snapshot.id])).rejects.toMatchObject({ code: 'snapshot-not-found' })
})
