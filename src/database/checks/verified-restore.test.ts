import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openQuietly } from '../../../test/support/crash-suite.ts'
import { intercepted } from '../../../test/support/disk-faults.ts'
import { SimulatedDisk } from '../../../test/support/simulated-disk.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'
import type { Snapshot } from '../snapshot-handle.ts'

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

describe('with `trustUnchanged`', () => {
  const isSegment = (path: string): boolean => path.includes('/segments/')

  /** Counts the bytes that are read of segments. `isDamaging`: their last bytes come as others. */
  class WatchedDisk {
    readonly below: SimulatedDisk
    readonly disk: Disk
    bytes = 0
    isDamaging = false

    constructor(below = new SimulatedDisk()) {
      this.below = below
      const counted = intercepted(below, async (operation, path, proceed) => {
        const result = await proceed()
        if (operation.startsWith('read') && isSegment(path)) this.bytes += (result as Uint8Array).byteLength
        return result
      })
      this.disk = damaging(counted, (path) => this.isDamaging && isSegment(path))
    }

    segments(): readonly string[] {
      return this.below.paths().filter(isSegment)
    }

    async segmentBytes(): Promise<number> {
      const stats = await Promise.all(this.segments().map((path) => this.below.stat(path)))
      return stats.reduce((sum, stat) => sum + stat!.bytes, 0)
    }
  }

  let watched: WatchedDisk
  let db: Database

  beforeEach(async () => {
    watched = new WatchedDisk()
    db = await store(watched.disk)
    watched.bytes = 0
  })
  afterEach(() => db.close())

  async function restart(): Promise<void> {
    await db.close()
    db = await openQuietly(open, watched.disk, 2)
    watched.bytes = 0
  }

  const snapshot = (): Snapshot => db.getCollection('c').getSnapshot('s')

  /** Restores it; gives how many bytes were said to be read, and how many were. */
  async function restoring(as: string): Promise<{ readonly said: number; readonly read: number }> {
    let said = -1
    const before = watched.bytes
    const onStart = ({ bytes }: { readonly bytes: number }): void => void (said = bytes)
    const clone = await db.restore(snapshot(), { as, verify: { trustUnchanged: true, onStart } })
    expect(await clone.count()).toBe(2)
    return { said, read: watched.bytes - before }
  }

  /** Deletions are read by whoever opens a sealed snapshot; they are few. */
  async function deletionBytes(): Promise<number> {
    const deltas = watched.segments().filter((path) => path.includes('/deltas-'))
    const stats = await Promise.all(deltas.map((path) => watched.below.stat(path)))
    return stats.reduce((sum, stat) => sum + stat!.bytes, 0)
  }

  test('a restore does not read what this process has written', async () => {
    expect(snapshot().info().isSealed).toBe(true)
    expect(await restoring('d')).toEqual({ said: 0, read: await deletionBytes() })
    expect(snapshot().info().verified).toBeNull()
  })

  test('the first restore after a start reads every byte, the second none', async () => {
    await restart()
    const bytes = await watched.segmentBytes()
    expect(await restoring('d')).toEqual({ said: bytes, read: bytes + (await deletionBytes()) })
    expect(snapshot().info().verified).toMatchObject({ ok: true })
    expect((await restoring('e')).said).toBe(0)
  })

  test('what a verification has read need not be read again, but is by the next one', async () => {
    await restart()
    await snapshot().verify()
    expect(watched.bytes).toBe(await watched.segmentBytes())
    expect((await restoring('d')).said).toBe(0)
    watched.bytes = 0
    await snapshot().verify()
    expect(watched.bytes).toBe(await watched.segmentBytes())
    watched.bytes = 0
    await db.restore(snapshot(), { as: 'e', verify: {} })
    expect(watched.bytes).toBe((await watched.segmentBytes()) + (await deletionBytes()))
  })

  test('a file that somebody touched is read, each time that it is damaged', async () => {
    const path = watched.segments().find((one) => one.endsWith('.parquet'))!
    const whole = await watched.below.readFile(path)
    const replace = async (bytes: Uint8Array): Promise<void> => {
      const file = await watched.below.append(path)
      await file.truncate(0)
      await file.write(bytes)
    }
    const bad = Uint8Array.from(whole)
    bad[bad.length >> 1]! ^= 1
    await replace(bad)
    for (const as of ['d', 'e']) {
      await expect(restoring(as)).rejects.toMatchObject({ code: 'segment-corrupt' })
      expect(db.findCollection(as)).toBeUndefined()
    }
    expect(snapshot().info().verified).toMatchObject({ ok: false })
    await replace(whole)
    expect((await restoring('d')).said).toBe(whole.length)
    expect((await restoring('e')).said).toBe(0)
    await watched.below.remove(path)
    await expect(restoring('f')).rejects.toMatchObject({ code: 'segment-corrupt' })
  })

  test('what no file system notices is found by a verification, and then believed', async () => {
    watched.isDamaging = true
    const report = await snapshot().verify()
    expect(report.problems).toHaveLength(watched.segments().length)
    await expect(restoring('d')).rejects.toMatchObject({ code: 'segment-corrupt' })
    watched.isDamaging = false
    expect((await restoring('d')).said).toBe(await watched.segmentBytes())
  })

  test('a snapshot that is not flushed yet stays so, and its files are looked at', async () => {
    const collection = db.getCollection('c')
    await collection.upsert([{ id: 9, vectors: { '': [9, 1] } }])
    const fresh = await collection.createSnapshot({ name: 'fresh' })
    const mutations = watched.below.journal.length
    const clone = await db.restore(fresh, { as: 'd', verify: { trustUnchanged: true } })
    expect(await clone.count()).toBe(3)
    expect(fresh.info().isSealed).toBe(false)
    expect(watched.bytes).toBe(0)
    // One record, and its sync.
    expect(watched.below.journal.length - mutations).toBe(2)
    const [path] = watched.segments()
    await watched.below.remove(path!)
    await expect(db.restore(fresh, { as: 'e', verify: { trustUnchanged: true } })).rejects.toMatchObject({
      code: 'segment-corrupt',
    })
  })

  test('what has left the memory is said to be read', async () => {
    await db.dropCollection('c')
    await db.flush()
    const [only] = db.listAllSnapshots()
    let said = -1
    const verify = { trustUnchanged: true, onStart: ({ bytes }: { bytes: number }) => void (said = bytes) }
    await db.restore(only!, { as: 'd', verify })
    expect(said).toBe((await watched.segmentBytes()) - (await deletionBytes()))
  })

  test('an archive that was restored is known as well', async () => {
    await using archive = await snapshot().archive()
    const clone = await db.restoreArchive(archive.stream(), { into: 'd' })
    await db.flush()
    const taken = await clone.createSnapshot({ name: 'second' })
    await taken.seal()
    let said = -1
    const verify = { trustUnchanged: true, onStart: ({ bytes }: { bytes: number }) => void (said = bytes) }
    await db.restore(taken, { as: 'e', verify })
    expect(said).toBe(0)
  })
})
