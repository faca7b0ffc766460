import { expect, test } from 'vitest'
import { openQuietly } from '../../../test/support/crash-suite.ts'
import { intercepted } from '../../../test/support/disk-faults.ts'
import { SimulatedDisk } from '../../../test/support/simulated-disk.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

async function store(disk: Disk): Promise<Database> {
  const db = await openQuietly(open, disk, 1)
  const collection = await db.createCollection('c', {
    vectors: { '': { size: 2, distance: 'Dot' } },
    settings: { note: 'first' },
  })
  await collection.upsert([1, 2, 3].map((id) => ({ id, vectors: { '': [id, 1] }, payload: { id } })))
  await db.flush()
  await collection.delete({ ids: [2] })
  await collection.createSnapshot({ name: 's' })
  await db.flush()
  return db
}

/** Reads of files that `select` picks give bytes of which the last is another one. */
const damaging = (disk: Disk, select: (path: string) => boolean): Disk =>
  intercepted(disk, async (operation, path, proceed) => {
    const bytes = await proceed()
    if (operation !== 'readFile' && operation !== 'readRange') return bytes
    if (!select(path) || (bytes as Uint8Array).length === 0) return bytes
    const changed = Uint8Array.from(bytes as Uint8Array)
    changed[changed.length - 1]! ^= 1
    return changed
  })

test('settings and a receipt come with the clone, at once, and after a start', async () => {
  const disk = new SimulatedDisk()
  const db = await store(disk)
  const snapshot = db.getCollection('c').getSnapshot('s')
  const seen: number[] = []
  const clone = await db.restore(snapshot, {
    as: 'd',
    settings: { note: 'second' },
    receipt: 'restored/d',
    verify: { onProgress: ({ bytes }) => seen.push(bytes) },
  })
  expect(seen.at(-1)).toBeGreaterThan(0)
  expect(clone.config().settings).toEqual({ note: 'second' })
  expect((await snapshot.config()).settings).toEqual({ note: 'first' })
  expect(snapshot.info().verified).toMatchObject({ ok: true })
  await db.close()
  const again = await openQuietly(open, disk, 2)
  expect(again.documents.get('restored/d')).toBe(clone.id)
  expect(again.getCollection('d').id).toBe(clone.id)
  expect(again.getCollection('d').config().settings).toEqual({ note: 'second' })
  expect(await again.getCollection('d').count()).toBe(2)
  await again.close()
})

test('an archive is restored with other settings and a receipt, too', async () => {
  const disk = new SimulatedDisk()
  const db = await store(disk)
  await using archive = await db.getCollection('c').getSnapshot('s').archive()
  const clone = await db.restoreArchive(archive.stream(), {
    into: 'd',
    settings: ({ settings }) => ({ ...settings, more: 1 }),
    receipt: 'restored/d',
  })
  expect(clone.config().settings).toEqual({ note: 'first', more: 1 })
  expect(db.documents.get('restored/d')).toBe(clone.id)
  await expect(
    db.restoreArchive(archive.stream(), { into: 'd', receipt: 'restored/again' }),
  ).rejects.toMatchObject({ code: 'collection-exists' })
  expect(db.documents.get('restored/again')).toBeUndefined()
  await db.close()
})

test('a damaged file of any kind ends it before anything is known of the clone', async () => {
  const disk = new SimulatedDisk()
  const db = await store(disk)
  const [document] = db.getCollection('c').getSnapshot('s').metadataFiles()
  expect(disk.paths()).toContain(`/data/store/${document!}`)
  await db.close()
  const kinds = new Set(
    disk
      .paths()
      .filter((path) => /\/(segments|snapshots)\//.test(path))
      .map((path) => path.replace(/.*\//, '')),
  )
  expect(kinds.size).toBeGreaterThan(4)
  for (const kind of kinds) {
    let isDamaged = false
    const bad = damaging(disk, (path) => isDamaged && path.endsWith(`/${kind}`))
    const after = await openQuietly(open, bad, 3)
    const snapshot = after.getCollection('c').getSnapshot('s')
    isDamaged = true
    const restore = after.restore(snapshot, { as: 'd', receipt: 'r', verify: {} })
    await expect(restore, kind).rejects.toMatchObject({ kind: 'corrupt' })
    expect(after.findCollection('d'), kind).toBeUndefined()
    expect(after.documents.get('r'), kind).toBeUndefined()
    await after.close()
  }
})

test('it can be cancelled', async () => {
  const db = await store(new SimulatedDisk())
  const controller = new AbortController()
  controller.abort()
  const restore = db.restore(db.getCollection('c').getSnapshot('s'), {
    as: 'd',
    verify: { signal: controller.signal },
  })
  await expect(restore).rejects.toMatchObject({ code: 'cancelled' })
  expect(db.findCollection('d')).toBeUndefined()
  await db.close()
})
