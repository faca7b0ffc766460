import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, type Collection, type CollectionReader, type Database } from '../index.ts'

let folder: string
let db: Database

const reopen = (): Promise<Database> => open(folder, { workers: 0, background: false, flushOnClose: false })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-partitions-'))
  db = await reopen()
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true })
})

const config = { vectors: { '': { size: 2, distance: 'Dot' as const } }, shardNumber: 2 }
const ids = Array.from({ length: 12 }, (_, id) => id)

/** Points 0 to 11 in `_default`, 0 to 5 in `a` and 6 to 11 in `b`; the payload says where. */
async function fill(name = 'c'): Promise<Collection> {
  const collection = await db.createCollection(name, config)
  await collection.createPartition('a')
  await collection.createPartition('b')
  const of = (where: string, chosen: readonly number[]) =>
    chosen.map((id) => ({ id, vectors: { '': [id, 1] }, payload: { where } }))
  await collection.upsert(of('_default', ids))
  await collection.upsert(of('a', ids.slice(0, 6)), { partition: 'a' })
  await collection.upsert(of('b', ids.slice(6)), { partition: 'b' })
  return collection
}

async function all(reader: CollectionReader): Promise<unknown[]> {
  const found: unknown[] = []
  for (const partition of Object.keys(reader.info().partitions)) {
    const { points } = await reader.scroll({
      limit: 100,
      payload: true,
      vectors: true,
      partitions: [partition],
    })
    for (const { id, payload, vectors } of points)
      found.push([partition, id, payload!.text, Array.from(vectors![''] as Float32Array)])
  }
  return found
}

const counts = (collection: CollectionReader) => collection.info().partitions

test('the default partition is always there, and others are made once and dropped once', async () => {
  const collection = await db.createCollection('c', config)
  expect(counts(collection)).toEqual({ _default: 0 })
  expect(collection.config()).not.toHaveProperty('partitions')
  await collection.createPartition('a')
  await expect(collection.createPartition('a')).rejects.toMatchObject({ code: 'partition-exists' })
  await expect(collection.createPartition('_default')).rejects.toMatchObject({ code: 'partition-exists' })
  for (const name of ['', 'a/b', 'x'.repeat(256)])
    await expect(collection.createPartition(name)).rejects.toMatchObject({ code: 'request-invalid' })
  await expect(collection.dropPartition('b')).rejects.toMatchObject({ code: 'partition-not-found' })
  await expect(collection.dropPartition('_default')).rejects.toMatchObject({ code: 'request-invalid' })
  expect(collection.info().shardPointCounts).toHaveLength(4)
  await collection.dropPartition('a')
  expect(collection.config()).not.toHaveProperty('partitions')
  expect(collection.info().shardPointCounts).toHaveLength(2)
})

test('a place in the middle keeps the numbers of the shards behind it, and is taken again', async () => {
  const collection = await fill()
  const before = collection.info().shardPointCounts
  await collection.dropPartition('a')
  expect(collection.config().partitions).toEqual(['_default', null, 'b'])
  expect(collection.info().shardPointCounts).toEqual([...before.slice(0, 2), 0, 0, ...before.slice(4)])
  expect(await collection.count()).toBe(18)
  await collection.createPartition('z')
  expect(collection.config().partitions).toEqual(['_default', 'z', 'b'])
  expect(counts(collection)).toEqual({ _default: 12, z: 0, b: 6 })
  await collection.dropPartition('z')
  await collection.dropPartition('b')
  expect(collection.config()).not.toHaveProperty('partitions')
})

test('reads see all partitions or those that are asked for', async () => {
  const collection = await fill()
  expect(counts(collection)).toEqual({ _default: 12, a: 6, b: 6 })
  const where = (points: readonly { payload?: { text: string } }[]) =>
    points.map(({ payload }) => payload!.text)
  const [inDefault, inA, inB] = ['_default', 'a', 'b'].map((name) => JSON.stringify({ where: name }))
  expect(where(await collection.get([7, 1], { payload: true }))).toEqual([inDefault, inB, inDefault, inA])
  expect(where(await collection.get([7, 1], { payload: true, partitions: ['b'] }))).toEqual([inB])
  expect(await collection.count()).toBe(24)
  expect(await collection.count(undefined, { partitions: ['a', 'b'] })).toBe(12)
  const few = { must: [{ kind: 'has-id' as const, ids: [1, 7] }] }
  expect(await collection.count(few, { partitions: ['a'] })).toBe(1)
  const vector = [1, 0]
  const best = await collection.query({ vector, limit: 3, payload: true, partitions: ['a'] })
  expect(best.map(({ id }) => id)).toEqual([5, 4, 3])
  expect(where(best)).toEqual([inA, inA, inA])
  expect((await collection.query({ vector, limit: 2 })).map(({ id }) => id)).toEqual([11, 11])
  const groups = await collection.queryGroups({ vector, groupBy: 'where', partitions: ['b'], groupSize: 1 })
  expect(groups.map(({ id }) => id)).toEqual(['b'])
  expect((await collection.distanceMatrix({ sample: 50, partitions: ['a'] })).ids).toEqual([0, 1, 2, 3, 4, 5])
  await expect(collection.scroll({ partitions: ['none'] })).rejects.toMatchObject({
    code: 'partition-not-found',
  })
})

test('a page of points ends with the last point of an id', async () => {
  const collection = await fill()
  const seen: unknown[] = []
  let offset: number | undefined
  do {
    const page = await collection.scroll({ limit: 1, ...(offset === undefined ? {} : { offset }) })
    expect(page.points).toHaveLength(2)
    seen.push(...page.points.map(({ id }) => id))
    offset = page.next as number | undefined
  } while (offset !== undefined)
  expect(seen).toEqual(ids.flatMap((id) => [id, id]))
})

test('writes change one partition, the default one if none is named', async () => {
  const collection = await fill()
  const everything = { filter: {} }
  expect(await collection.delete({ ids: [0] })).toMatchObject({ affected: 1 })
  expect(await collection.delete({ ids: [0] }, { partition: 'b' })).toMatchObject({ missing: [0] })
  expect(counts(collection)).toEqual({ _default: 11, a: 6, b: 6 })
  await collection.setPayload(everything, { x: 1 }, { partition: 'a' })
  const isX = { must: [{ kind: 'field' as const, path: 'x', match: { value: 1 } }] }
  expect(await collection.count(isX)).toBe(6)
  await collection.overwritePayload({ ids: [6] }, { x: 1 }, { partition: 'b' })
  await collection.deletePayload({ ids: [0] }, ['x'], { partition: 'a' })
  await collection.clearPayload({ ids: [1] }, { partition: 'a' })
  expect(await collection.count(isX, { partitions: ['a'] })).toBe(4)
  expect(await collection.count(isX, { partitions: ['b'] })).toBe(1)
  await collection.updateVectors([{ id: 6, vectors: { '': [100, 0] } }], { partition: 'b' })
  await collection.deleteVectors({ ids: [7] }, [''], { partition: 'b' })
  const [best] = await collection.query({ vector: [1, 0], limit: 1 })
  expect(best).toMatchObject({ id: 6, score: 100 })
  expect(await collection.query({ vector: [1, 0], limit: 9, partitions: ['b'] })).toHaveLength(5)
  await collection.delete(everything, { partition: 'b' })
  expect(counts(collection)).toEqual({ _default: 11, a: 6, b: 0 })
  const point = [{ id: 1, vectors: { '': [1, 1] } }]
  await expect(collection.upsert(point, { partition: 'none' })).rejects.toMatchObject({
    code: 'partition-not-found',
    details: { partition: 'none' },
  })
  await expect(collection.delete({ ids: [1] }, { partition: 'none' })).rejects.toMatchObject({
    code: 'partition-not-found',
  })
})

test('a write whose partition is dropped before its turn changes nothing, now and on replay', async () => {
  const collection = await fill()
  const dropped = collection.dropPartition('a')
  const late = collection.upsert([{ id: 50, vectors: { '': [1, 1] } }], { partition: 'a' })
  await dropped
  await expect(late).rejects.toMatchObject({ code: 'partition-not-found' })
  const before = await all(collection)
  await db.close()
  db = await reopen()
  expect(await all(db.getCollection('c'))).toEqual(before)
})

test('partitions survive replay, flush, merge and restart', async () => {
  const collection = await fill()
  await collection.delete({ ids: [1] }, { partition: 'a' })
  const before = await all(collection)
  const hash = await collection.contentHash()
  const check = async (): Promise<void> => {
    expect(await all(db.getCollection('c'))).toEqual(before)
    expect(await db.getCollection('c').contentHash()).toBe(hash)
  }
  await db.close()
  db = await reopen()
  await check()
  for (let round = 0; round < 5; round++) {
    await db.getCollection('c').upsert([{ id: 100, vectors: { '': [round, 1] } }], { partition: 'b' })
    await db.flush()
  }
  await db.getCollection('c').delete({ ids: [100] }, { partition: 'b' })
  await db.flush()
  await db.optimize()
  await check()
  await db.close()
  db = await reopen()
  await check()
  await db.getCollection('c').dropPartition('a')
  await db.flush()
  await db.close()
  db = await reopen()
  expect(counts(db.getCollection('c'))).toEqual({ _default: 12, b: 6 })
})

test('snapshots, clones, rollbacks and moments have the partitions of their time', async () => {
  await db.setRetention({ windowMs: 1e9 })
  const collection = await fill()
  const before = await all(collection)
  const snapshot = await collection.createSnapshot({ name: 's' })
  const seq = snapshot.info().seq
  await collection.dropPartition('a')
  await collection.createPartition('z')
  await collection.upsert([{ id: 1, vectors: { '': [9, 9] }, payload: { where: 'z' } }], { partition: 'z' })
  const after = await all(collection)
  await using past = await db.openReader(`c@seq:${seq}`)
  expect(await all(past)).toEqual(before)
  const clone = await db.restore(snapshot, { as: 'clone' })
  expect(await all(clone)).toEqual(before)
  expect(clone.config().partitions).toEqual(['_default', 'a', 'b'])
  const undo = await collection.rollback(snapshot)
  expect(await all(collection)).toEqual(before)
  await collection.rollback(undo)
  expect(await all(collection)).toEqual(after)
  await db.flush()
  await db.close()
  db = await reopen()
  expect(await all(db.getCollection('c'))).toEqual(after)
  expect(await all(db.getCollection('clone'))).toEqual(before)
})

test('an archive takes partitions along, as a new collection and in place of one', async () => {
  const collection = await fill()
  await collection.dropPartition('a')
  const before = await all(collection)
  const archive = await (await collection.createSnapshot()).archive()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive.stream()) chunks.push(chunk)
  archive.close()
  await db.createCollection('other', config)
  async function* bytes(): AsyncIterable<Uint8Array> {
    yield* chunks
  }
  for (const [into, replace] of [
    ['fresh', false],
    ['other', true],
  ] as const) {
    await db.restoreArchive(bytes(), { into, replace })
    expect(await all(db.getCollection(into))).toEqual(before)
    expect(await db.getCollection(into).contentHash()).toBe(await collection.contentHash())
  }
})

test('a partial restore takes some partitions, also into another number of shards', async () => {
  const collection = await fill()
  await collection.dropPartition('a')
  const part = await db.restorePartial('c', { as: 'part', partitions: ['b'], shardNumber: 3 })
  expect(counts(part)).toEqual({ _default: 0, b: 6 })
  expect(await all(part)).toEqual((await all(collection)).filter((row) => (row as unknown[])[0] === 'b'))
  const whole = await db.restorePartial('c', { as: 'whole', shardNumber: 1 })
  expect(await whole.contentHash()).toBe(await collection.contentHash())
  expect(whole.config().partitions).toEqual(['_default', 'b'])
  const plain = await db.restorePartial('c', { as: 'plain', partitions: ['_default'] })
  expect(plain.config()).not.toHaveProperty('partitions')
  await part.upsert([{ id: 6, vectors: { '': [1, 1] } }], { partition: 'b' })
  expect(counts(part)).toEqual({ _default: 0, b: 6 })
  await expect(db.restorePartial('c', { as: 'x', partitions: ['a'] })).rejects.toMatchObject({
    code: 'partition-not-found',
  })
})

test('the content hash and the diff tell the partitions apart', async () => {
  const collection = await db.createCollection('c', config)
  const plain = await db.createCollection('plain', config)
  const point = [{ id: 1, vectors: { '': [1, 2] }, payload: { n: 1 } }]
  await plain.upsert(point)
  await collection.createPartition('a')
  await collection.upsert(point)
  expect(await collection.contentHash()).toBe(await plain.contentHash())
  const snapshot = await collection.createSnapshot({ name: 's' })
  await collection.delete({ ids: [1] })
  await collection.upsert(point, { partition: 'a' })
  expect(await collection.contentHash()).not.toBe(await plain.contentHash())
  await using diff = await db.diff(`c@${snapshot.info().name}`, 'c')
  expect(diff.counts).toEqual({ added: 1, removed: 1, changed: 0, unchanged: 0 })
  const points = []
  for await (const { before: _, after: __, ...one } of diff.points()) points.push(one)
  expect(points).toEqual([
    { kind: 'removed', id: 1, vectors: [''], payload: true },
    { kind: 'added', id: 1, partition: 'a', vectors: [''], payload: true },
  ])
  await collection.dropPartition('a')
  await using gone = await db.diff('plain', 'c')
  expect(gone.counts).toEqual({ added: 0, removed: 1, changed: 0, unchanged: 0 })
})

test('a shard of a partition is restored where its partition is, and nowhere else', async () => {
  const collection = await fill()
  // Shards 2 and 3 are those of partition a.
  const shard = collection.shard(2)
  const count = await shard.count()
  const snapshot = await shard.createSnapshot({ name: 's' })
  await collection.delete({ filter: {} }, { partition: 'a' })
  await expect(collection.shard(0).restore(snapshot)).rejects.toMatchObject({ code: 'snapshot-incompatible' })
  await collection.shard(2).restore(snapshot)
  expect(counts(collection)).toEqual({ _default: 12, a: count, b: 6 })
  await collection.dropPartition('a')
  await collection.createPartition('z')
  await expect(collection.rollback(snapshot)).rejects.toMatchObject({ code: 'snapshot-incompatible' })
  expect(counts(collection)).toEqual({ _default: 12, z: 0, b: 6 })
})

test('verification, drills and the report of space know partitions', async () => {
  const collection = await fill()
  // Of the same id: one that a search for the other would find first.
  await collection.upsert([{ id: 1, vectors: { '': [50, 50] } }], { partition: 'a' })
  const snapshot = await collection.createSnapshot({ name: 's' })
  await db.flush()
  await collection.dropPartition('a')
  expect((await snapshot.verify()).problems).toEqual([])
  expect((await snapshot.drill({ searches: 40 })).problems).toEqual([])
  const { freedByDelete } = await snapshot.space()
  expect(freedByDelete).toBeGreaterThan(0)
})

test('a write to all partitions is one record: rows of each, and of those that are there by then', async () => {
  const collection = await fill()
  const before = (await collection.setPayload({ ids: [0] }, { marked: true }, { partition: null })).seq
  const { points } = await collection.scroll({ limit: 100, payload: true })
  expect(points.filter(({ payload }) => payload!.text.includes('marked'))).toHaveLength(2)
  const [deleted, created] = await Promise.all([
    collection.delete({ ids: [3, 7, 99] }, { partition: null }),
    collection.createPartition('late'),
  ])
  expect(deleted).toMatchObject({ seq: before + 1, affected: 4, missing: [99] })
  expect(created.seq).toBe(before + 2)
  expect(counts(collection)).toEqual({ _default: 10, a: 5, b: 5, late: 0 })
  await collection.dropPartition('a')
  const emptied = await collection.delete({ filter: {} }, { partition: null })
  expect(emptied.affected).toBe(15)
  await db.close()
  db = await reopen()
  expect(counts(db.getCollection('c'))).toEqual({ _default: 0, b: 0, late: 0 })
})
