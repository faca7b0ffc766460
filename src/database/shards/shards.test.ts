import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chunked, collect } from '../../../test/support/archives.ts'
import { openQuietly, unreachable } from '../../../test/support/crash-suite.ts'
import { SimulatedDisk } from '../../../test/support/simulated-disk.ts'
import { verifyAllSnapshots } from '../../../test/support/verify-snapshots.ts'
import { hashWords, wordsOfId } from '../../ids/point-id.ts'
import type { Archive } from '../../snapshot/snapshot-archive.ts'
import type { Collection } from '../collection-handle.ts'
import type { Database } from '../database.ts'
import { open } from '../open.ts'

const shardNumber = 3
const config = { vectors: { '': { size: 2, distance: 'Dot' as const } }, shardNumber }
const homeOf = (id: number, shards = shardNumber): number => hashWords(wordsOfId(id)) % shards
const idsOf = (shard: number, from = 1, to = 30): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((id) => homeOf(id) === shard)

let disk: SimulatedDisk
let db: Database
let points: Collection

beforeEach(async () => {
  disk = new SimulatedDisk()
  db = await openQuietly(open, disk, 1)
  points = await db.createCollection('points', config)
  await put(points, 1, 30)
})

afterEach(async () => {
  await db.close()
})

async function put(collection: Collection, from: number, to: number, word = 'first'): Promise<void> {
  const ids = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  await collection.upsert(ids.map((id) => ({ id, vectors: { '': [id, 1] }, payload: { word } })))
}

async function idsIn(reader: Pick<Collection, 'scroll'>): Promise<unknown[]> {
  return (await reader.scroll({ limit: 1_000 })).points.map(({ id }) => id)
}

async function wordsIn(reader: Pick<Collection, 'scroll'>): Promise<Set<string>> {
  const { points } = await reader.scroll({ limit: 1_000, payload: true })
  return new Set(points.map(({ payload }) => payload!.text))
}

async function bytesOf(archive: Archive): Promise<Uint8Array> {
  try {
    return await collect(archive.stream())
  } finally {
    archive.close()
  }
}

async function reopened(): Promise<void> {
  await db.close()
  db = await openQuietly(open, disk, 2)
  points = db.getCollection('points')
}

test('a shard is read by itself', async () => {
  for (let shard = 0; shard < shardNumber; shard++) {
    const one = points.shard(shard)
    expect(await idsIn(one)).toEqual(idsOf(shard))
    expect(await one.count()).toBe(idsOf(shard).length)
    const [own] = idsOf(shard)
    const [other] = idsOf((shard + 1) % shardNumber)
    expect((await one.get([own!, other!])).map(({ id }) => id)).toEqual([own])
  }
  expect(() => points.shard(3)).toThrow(expect.objectContaining({ code: 'shard-not-found' }))
})

describe('a snapshot of one shard', () => {
  test('holds that shard only, is listed by itself and survives a restart', async () => {
    const before = db.stats().appliedSeq
    const snapshot = await points.shard(1).createSnapshot({ name: 's' })
    expect(db.stats().appliedSeq).toBe(before + 1)
    await put(points, 1, 30, 'later')
    expect(snapshot.info()).toMatchObject({ scope: 'shard', shard: 1, isSealed: false })
    // The same name is free in every other scope.
    await points.createSnapshot({ name: 's' })
    await points.shard(0).createSnapshot({ name: 's' })
    await expect(points.shard(1).createSnapshot({ name: 's' })).rejects.toMatchObject({
      code: 'snapshot-exists',
    })
    await db.flush()
    await reopened()
    const [found] = points.shard(1).listSnapshots()
    expect(found!.info()).toMatchObject({ name: 's', scope: 'shard', shard: 1, isSealed: true })
    expect(points.listSnapshots()).toHaveLength(1)
    expect(points.shard(2).listSnapshots()).toEqual([])
    expect(db.querySnapshots({ scope: 'shard', collection: 'points' }).snapshots).toHaveLength(2)
    expect(db.findSnapshotFrom('points', 's', 1)!.id).toBe(found!.id)
    await using reader = await found!.collection()
    expect(await idsIn(reader)).toEqual(idsOf(1))
    expect(await wordsIn(reader)).toEqual(new Set(['{"word":"first"}']))
    expect(await found!.verify()).toMatchObject({ ok: true })
    expect(await found!.drill()).toMatchObject({ ok: true })
    expect((await found!.space()).bytes).toBeGreaterThan(0)
    const clone = await db.restore(found!, { as: 'clone' })
    expect(await idsIn(clone)).toEqual(idsOf(1))
  })

  test('outlives its collection: read, cloned and restored in part by its id', async () => {
    const snapshot = await points.shard(1).createSnapshot({ name: 's' })
    await db.dropCollection('points')
    const reference = `points@${snapshot.info().id}`
    await using reader = await db.openReader(reference)
    expect(await idsIn(reader)).toEqual(idsOf(1))
    await db.clone(reference, 'again')
    expect(await idsIn(db.getCollection('again'))).toEqual(idsOf(1))
    await db.restorePartial(reference, { as: 'part', payload: { exclude: ['word'] } })
    expect(await idsIn(db.getCollection('part'))).toEqual(idsOf(1))
    await expect(db.openReader(`others@${snapshot.info().id}`)).rejects.toMatchObject({
      code: 'collection-not-found',
    })
  })

  test('goes back into its place, alone, and the way back is kept', async () => {
    const snapshot = await points.shard(1).createSnapshot({ name: 's' })
    await points.delete({ ids: [1, 2, 3, 4, 5, 6] })
    await put(points, 20, 40, 'later')
    const others = [...(await idsIn(points.shard(0))), ...(await idsIn(points.shard(2)))]
    const replaced = await idsIn(points.shard(1))
    const undo = await points.shard(1).restore(snapshot)
    const check = async (): Promise<void> => {
      expect(await idsIn(points.shard(1))).toEqual(idsOf(1))
      expect([...(await idsIn(points.shard(0))), ...(await idsIn(points.shard(2)))]).toEqual(others)
      expect(points.info().pointCount).toBe(others.length + idsOf(1).length)
      // Writes find the points where they are now.
      const [id] = idsOf(1)
      expect(await points.get([id!])).toHaveLength(1)
    }
    await check()
    await reopened()
    await check()
    await db.flush()
    await reopened()
    await check()
    expect(undo.info()).toMatchObject({ scope: 'shard', shard: 1, reason: 'before-rollback' })
    const again = db.findSnapshot(undo.id)!
    // A rollback of the collection to a snapshot of one shard is one of that shard, too.
    await points.rollback(again)
    expect(await idsIn(points.shard(1))).toEqual(replaced)
    expect([...(await idsIn(points.shard(0))), ...(await idsIn(points.shard(2)))]).toEqual(others)
  })

  test('is not put where its points do not belong', async () => {
    const snapshot = await points.shard(1).createSnapshot({ name: 's' })
    const before = db.stats().appliedSeq
    await expect(points.shard(0).restore(snapshot)).rejects.toMatchObject({
      code: 'snapshot-incompatible',
      message: `Cannot restore shard 0 of collection "points": point ${idsOf(1)[0]!}: it belongs to shard 1 of 3`,
    })
    const other = await db.createCollection('other', { ...config, vectors: {} })
    await expect(other.shard(1).restore(snapshot)).rejects.toMatchObject({ code: 'snapshot-incompatible' })
    expect(await idsIn(points)).toHaveLength(30)
    expect(db.stats().appliedSeq).toBeLessThanOrEqual(before + 2)
  })

  test('is compared with its shard', async () => {
    await points.shard(1).createSnapshot({ name: 's' })
    const [changed, gone] = idsOf(1)
    await put(points, changed!, changed!, 'later')
    await points.delete({ ids: [gone!] })
    const id = points.shard(1).listSnapshots()[0]!.id
    const expected = { added: 0, changed: 1, removed: 1, unchanged: idsOf(1).length - 2 }
    await using diff = await db.diff(`points@${id}`, 'points')
    expect(diff.counts).toEqual(expected)
    await using back = await db.diff('points', `points@${id}`)
    expect(back.counts).toEqual({ ...expected, added: 1, removed: 0 })
  })
})

describe('an archive of one shard', () => {
  test('goes back into its place and into the same place elsewhere', async () => {
    const snapshot = await points.shard(1).createSnapshot({ name: 's' })
    const bytes = await bytesOf(await snapshot.archive())
    await points.delete({ filter: {} })
    await put(points, 31, 60, 'later')
    const others = [...(await idsIn(points.shard(0))), ...(await idsIn(points.shard(2)))]
    await points.shard(1).restoreArchive(chunked(bytes, 999))
    expect(await idsIn(points.shard(1))).toEqual(idsOf(1))
    expect([...(await idsIn(points.shard(0))), ...(await idsIn(points.shard(2)))]).toEqual(others)
    const twin = await db.createCollection('twin', {
      ...config,
      payloadIndexes: { word: { type: 'keyword' } },
    })
    await twin.shard(1).restoreArchive(chunked(bytes, 5_000))
    expect(await idsIn(twin)).toEqual(idsOf(1))
    expect(twin.info().config.payloadIndexes).toEqual({ word: { type: 'keyword' } })
    await reopened()
    expect(await idsIn(db.getCollection('twin'))).toEqual(idsOf(1))
    expect([...(await idsIn(points.shard(0))), ...(await idsIn(points.shard(2)))]).toEqual(others)
    await db.collectGarbage()
    await db.collectGarbage()
    await verifyAllSnapshots(db)
    expect(await unreachable(disk)).toEqual([])
  })

  test('of another kind, of other points or with a wrong byte changes nothing', async () => {
    const { archive } = await points.shard(1).archive()
    const shard = await bytesOf(archive)
    const whole = await bytesOf(await (await points.createSnapshot()).archive())
    const wide = await db.createCollection('wide', { ...config, shardNumber: 2 })
    await put(wide, 1, 4)
    const moved = idsOf(1).find((id) => homeOf(id, 2) !== 1)!
    await expect(wide.shard(1).restoreArchive(chunked(shard, 999))).rejects.toMatchObject({
      code: 'snapshot-incompatible',
      details: { what: 'points', id: String(moved), shard: 1 },
    })
    await expect(points.shard(1).restoreArchive(chunked(whole, 999))).rejects.toMatchObject({
      code: 'archive-invalid',
      message: 'Cannot restore a shard from this archive: it holds one collection',
    })
    await expect(db.restoreArchive(chunked(shard, 999), { into: 'new' })).rejects.toMatchObject({
      code: 'archive-invalid',
      message: 'Cannot restore a collection from this archive: it holds one shard of a collection',
    })
    await expect(db.restoreStoreArchive(chunked(shard, 999))).rejects.toMatchObject({
      code: 'archive-invalid',
    })
    const damaged = shard.slice()
    damaged[damaged.length - 2_000]! ^= 1
    await expect(points.shard(1).restoreArchive(chunked(damaged, 999))).rejects.toMatchObject({
      code: 'archive-invalid',
    })
    expect(await idsIn(points)).toHaveLength(30)
    expect(await idsIn(wide)).toHaveLength(4)
    await db.collectGarbage()
    await db.collectGarbage()
    expect(await unreachable(disk)).toEqual([])
  })

  test('a collection that is dropped or made anew meanwhile is not touched', async () => {
    const bytes = await bytesOf(await (await points.shard(1).createSnapshot()).archive())
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 4_000)
      await db.dropCollection('points')
      await db.createCollection('points', { ...config, shardNumber: 2 })
      yield bytes.subarray(4_000)
    }
    await expect(points.shard(1).restoreArchive(slowly())).rejects.toMatchObject({
      code: 'snapshot-incompatible',
    })
    expect(await db.getCollection('points').count()).toBe(0)
  })
})

describe('what a shard is made of', () => {
  test('is the same in every store with the same points in the same files', async () => {
    const { archive, segments } = await points.shard(1).archive()
    expect((await points.shard(1).segments()).map(({ id }) => id)).toEqual(segments.map(({ id }) => id))
    const disk = new SimulatedDisk()
    const elsewhere = await openQuietly(open, disk, 9)
    const twin = await elsewhere.createCollection('twin', config)
    await twin.shard(1).restoreArchive(chunked(await bytesOf(archive), 999))
    expect((await twin.shard(1).segments()).map(({ id }) => id)).toEqual(segments.map(({ id }) => id))

    // Only what is new goes over the wire: one more segment, and deletions in the old one.
    const [gone] = idsOf(1)
    const last = await points.delete({ ids: [gone!] })
    await put(points, 31, 40)
    const known = (await twin.shard(1).segments()).flatMap(({ files }) => files)
    const update = await points.shard(1).archive({ known })
    const [old] = update.segments
    expect(old!.version).toBeGreaterThanOrEqual(last.seq)
    const bytes = await bytesOf(update.archive)
    await twin.shard(1).restoreArchive(chunked(bytes, 999))
    expect(await idsIn(twin)).toEqual(await idsIn(points.shard(1)))
    const ids = update.segments.map(({ id }) => id)
    expect((await twin.shard(1).segments()).map(({ id }) => id)).toEqual(ids)
    // Without the older state it cannot be used, and says so.
    const empty = await elsewhere.createCollection('empty', config)
    await elsewhere.dropCollection('twin')
    await elsewhere.collectGarbage()
    await elsewhere.collectGarbage()
    await expect(empty.shard(1).restoreArchive(chunked(bytes, 999))).rejects.toMatchObject({
      code: 'archive-base-missing',
    })
    await elsewhere.close()
  })

  test('asking writes nothing to the log and keeps nothing', async () => {
    const { appliedSeq } = db.stats()
    const { archive } = await points.shard(1).archive()
    await bytesOf(archive)
    await points.shard(1).segments()
    expect(db.stats().appliedSeq).toBe(appliedSeq)
    expect(db.listAllSnapshots()).toEqual([])
    await reopened()
    expect(await idsIn(points)).toHaveLength(30)
    await db.collectGarbage()
    await db.collectGarbage()
    expect(await unreachable(disk)).toEqual([])
  })
})
