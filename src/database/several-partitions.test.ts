import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, type Collection, type Database, type Point } from '../index.ts'

let folder: string
let db: Database
let collection: Collection

const reopen = (): Promise<Database> => open(folder, { workers: 0, background: false, flushOnClose: false })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-partitions-'))
  db = await reopen()
  const vectors = { '': { size: 2, distance: 'Dot' as const } }
  const payloadIndexes = { n: { type: 'integer' as const } }
  collection = await db.createCollection('c', { vectors, shardNumber: 2, payloadIndexes })
  for (const name of ['a', 'b', 'c']) await collection.createPartition(name)
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true })
})

const point = (id: number, x: number, where: string) => ({
  id,
  vectors: { '': [x, 1] },
  payload: { where, n: x },
})
const shown = ({ id, partition }: Point) => `${String(id)}${partition ?? '-'}`
const counts = () => db.getCollection('c').info().partitions

/** Points 1 to 4 in `a`, 3 to 6 in `b`; those in `b` are closer to [1, 0]. */
async function fill(): Promise<void> {
  await collection.upsert(
    [1, 2, 3, 4].map((id) => point(id, id, 'a')),
    { partition: 'a' },
  )
  await collection.upsert(
    [3, 4, 5, 6].map((id) => point(id, id + 10, 'b')),
    { partition: 'b' },
  )
}

test('a write to several partitions is one record, whole or not at all, now and on replay', async () => {
  const before = db.stats().appliedSeq
  const written = await collection.upsert([point(1, 1, 'both'), point(2, 2, 'both')], {
    partition: ['a', 'b', 'a'],
  })
  expect(written).toMatchObject({ seq: before + 1, affected: 4 })
  expect(counts()).toEqual({ _default: 0, a: 2, b: 2, c: 0 })
  const twice = collection.upsert([point(9, 9, 'x')], { partition: ['a', 'none'] })
  await expect(twice).rejects.toMatchObject({ code: 'partition-not-found' })
  const nowhere = collection.upsert([point(9, 9, 'x')], { partition: [] })
  await expect(nowhere).rejects.toMatchObject({ code: 'request-invalid' })
  await collection.setPayload({ ids: [1, 7] }, { seen: true }, { partition: ['b', 'c'] })
  await collection.delete({ filter: {} }, { partition: ['a', 'c'] })
  const changed = await collection.updateVectors([{ id: 2, vectors: { '': [7, 7] } }], {
    partition: ['a', 'b'],
  })
  // Missing in one of them, and changed in the other.
  expect(changed).toMatchObject({ missing: [2], affected: 1 })
  const rows = async () =>
    (await db.getCollection('c').scroll({ payload: true, vectors: true, partition: true })).points.map(
      ({ id, payload, vectors, partition }) => [
        id,
        partition,
        payload!.text,
        [...(vectors![''] as Float32Array)],
      ],
    )
  const expected = [
    [1, 'b', '{"where":"both","n":1,"seen":true}', [1, 1]],
    [2, 'b', '{"where":"both","n":2}', [7, 7]],
  ]
  expect(await rows()).toEqual(expected)
  await db.close()
  db = await reopen()
  expect(await rows()).toEqual(expected)
})

test('a write to several partitions changes nothing when one of them is dropped before its turn', async () => {
  const dropped = collection.dropPartition('b')
  const late = collection.upsert([point(1, 1, 'x')], { partition: ['a', 'b'] })
  const later = collection.delete({ ids: [1] }, { partition: ['a', 'b'] })
  await dropped
  await expect(late).rejects.toMatchObject({ code: 'partition-not-found' })
  await expect(later).rejects.toMatchObject({ code: 'partition-not-found' })
  expect(counts()).toEqual({ _default: 0, a: 0, c: 0 })
})

test('points tell their partition, in memory, written and merged', async () => {
  await fill()
  const seen = async () => {
    const reader = db.getCollection('c')
    const { points } = await reader.scroll({ partition: true, limit: 20 })
    const hits = await reader.query({ vector: [1, 0], limit: 20, partition: true })
    return [points, hits].map((list) => list.map(shown).sort().join(' '))
  }
  const all = '1a 2a 3a 3b 4a 4b 5b 6b'
  expect(await seen()).toEqual([all, all])
  await db.flush()
  await collection.upsert([point(6, 16, 'b')], { partition: 'b' })
  await db.flush()
  await db.optimize()
  expect(await seen()).toEqual([all, all])
  const snapshot = await collection.createSnapshot()
  await collection.delete({ ids: [3] }, { partition: 'a' })
  await using past = await db.openReader(`c@${snapshot.info().name}`)
  expect((await past.get([3], { partition: true })).map(({ partition }) => partition)).toEqual(['a', 'b'])
})

test('once per id: the first of a page, the best of a search, full pages all the same', async () => {
  await fill()
  const once = { oncePerId: true, partition: true }
  const pages: string[] = []
  let offset: number | undefined
  do {
    const at = offset === undefined ? {} : { offset }
    const page = await collection.scroll({ limit: 2, ...once, ...at })
    pages.push(page.points.map(shown).join(' '))
    offset = page.next as number | undefined
  } while (offset !== undefined)
  expect(pages).toEqual(['1a 2a', '3a 4a', '5b 6b'])
  expect((await collection.get([4, 5], once)).map(shown)).toEqual(['4a', '5b'])
  const search = async (limit: number, offset = 0) =>
    (await collection.query({ vector: [1, 0], limit, offset, ...once })).map(shown)
  expect(await search(10)).toEqual(['6b', '5b', '4b', '3b', '2a', '1a'])
  expect(await search(5)).toEqual(['6b', '5b', '4b', '3b', '2a'])
  expect(await search(2, 3)).toEqual(['3b', '2a'])
  expect(await collection.query({ vector: [1, 0], limit: 10 })).toHaveLength(8)
  const groups = await collection.queryGroups({ vector: [1, 0], groupBy: 'n', groupSize: 5, ...once })
  expect(groups.every(({ hits }) => hits.length === 1)).toBe(true)
})

test('an example is taken from where is searched, else from anywhere, and is no result anywhere', async () => {
  await fill()
  const by = async (id: number, request: object = {}) =>
    (await collection.query({ query: { kind: 'nearest', to: { id, ...request } }, partitions: ['b'] })).map(
      ({ id: found, score }) => [found, score],
    )
  // Point 3 is [13, 1] in b, and [3, 1] in a.
  expect(await by(3)).toEqual([
    [6, 16 * 13 + 1],
    [5, 15 * 13 + 1],
    [4, 14 * 13 + 1],
  ])
  expect((await by(3, { partitions: ['a'] }))[0]).toEqual([6, 16 * 3 + 1])
  expect((await by(1))[0]).toEqual([6, 17])
  await expect(by(5, { partitions: ['a'] })).rejects.toMatchObject({ code: 'point-not-found' })
  const everywhere = await collection.query({ query: { kind: 'nearest', to: { id: 3 } }, limit: 20 })
  expect(everywhere.map(({ id }) => id)).not.toContain(3)
})
