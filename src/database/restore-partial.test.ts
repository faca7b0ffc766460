import { plainVector } from '../collection/plain-vector.ts'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../runtime/random.ts'
import type { CollectionReader } from '../collection/reader.ts'
import type { Collection } from './collection-handle.ts'
import type { Database } from './database.ts'
import { open } from './open.ts'
import type { RestorePartialOptions } from './restore-partial.ts'

let folder: string
let db: Database
let source: Collection

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-partial-'))
  db = await reopen()
  source = await db.createCollection('c', {
    vectors: { '': { size: 2, distance: 'Dot' }, side: { size: 1, distance: 'Euclid' } },
    shardNumber: 2,
    payloadIndexes: { n: { type: 'integer' } },
  })
  const random = seededRandom(77)
  await source.upsert(
    Array.from({ length: 400 }, (_, id) => ({
      id: id % 3 === 0 ? 2n ** 60n + BigInt(id) : id,
      vectors: { '': [id, 1], ...(id % 2 === 0 ? { side: [random.next()] } : {}) },
      payload: { n: id % 5, text: `t${id}`, deep: { keep: id, expires_at: 12 } },
    })),
  )
  await source.createSnapshot({ name: 's' })
  await source.delete({ filter: { must: [{ kind: 'field', path: 'n', match: { value: 1 } }] } })
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

const reopen = (): Promise<Database> => open(folder, { workers: 0, background: false, flushOnClose: false })

async function all(reader: CollectionReader) {
  const { points } = await reader.scroll({ limit: 10_000, payload: true, vectors: true })
  return points.map(({ id, payload, vectors }) => ({
    id,
    payload: payload!.value(),
    vectors: Object.fromEntries(
      Object.entries(vectors!).map(([name, vector]) => [name, plainVector(vector)]),
    ),
  }))
}

const segmentFolders = async (): Promise<string[]> =>
  (await readdir(join(folder, 'segments')).catch(() => [])).sort()

test('the points of a filter of a snapshot, with another shard number, one vector and some payload', async () => {
  await using reader = await db.openReader('c@s')
  const expected = (await all(reader)).flatMap(({ id, payload, vectors }) => {
    const { n, deep } = payload as { n: number; deep: { keep: number } }
    return n === 1 ? [{ id, payload: { n, deep: { keep: deep.keep } }, vectors: { '': vectors[''] } }] : []
  })
  expect(expected).toHaveLength(80)
  const made = await db.restorePartial('c@s', {
    as: 'part',
    filter: { must: [{ kind: 'field', path: 'n', match: { value: 1 } }] },
    vectors: [''],
    payload: { include: ['n', 'deep'], exclude: ['deep.expires_at'] },
    shardNumber: 5,
    payloadIndexes: { 'deep.keep': { type: 'integer' } },
    settings: { note: 'a part' },
  })
  expect(await all(made)).toEqual(expected)
  const { config } = made.info()
  expect(config.shardNumber).toBe(5)
  expect(Object.keys(config.vectors)).toEqual([''])
  expect(config.payloadIndexes).toEqual({ 'deep.keep': { type: 'integer' } })
  expect(config.settings).toEqual({ note: 'a part' })
  const hash = await made.contentHash()
  for (const flush of [false, true]) {
    if (flush) await db.flush()
    await db.collectGarbage()
    await db.close()
    db = await reopen()
    expect(await db.getCollection('part').contentHash()).toBe(hash)
  }
  // It is a collection like others, and the source has not changed.
  await db.getCollection('part').upsert([{ id: 5, vectors: { '': [9, 9] } }])
  expect(await db.getCollection('part').count()).toBe(81)
  expect(await db.getCollection('c').count()).toBe(320)
})

test('the whole of the present under another shard number has the same content', async () => {
  for (const shardNumber of [1, 3]) {
    const made = await db.restorePartial('c', { as: `all${shardNumber}`, shardNumber })
    expect(await made.contentHash()).toBe(await source.contentHash())
  }
})

test('points by id, exact beyond 2^53, and none at all', async () => {
  const ids = [1, 2, 2n ** 60n + 3n, 7_777]
  const made = await db.restorePartial('c@s', { as: 'few', ids })
  expect((await all(made)).map(({ id }) => String(id))).toEqual(['1', '2', String(2n ** 60n + 3n)])
  const none = await db.restorePartial('c@s', { as: 'none', ids: [] })
  expect(await none.count()).toBe(0)
  await db.close()
  db = await reopen()
  expect(await db.getCollection('none').count()).toBe(0)
  expect(await db.getCollection('few').count()).toBe(3)
})

const refusals: readonly [string, string, RestorePartialOptions, string][] = [
  ['a name that is taken', 'c', { as: 'c' }, 'collection-exists'],
  ['a name that an alias has', 'c', { as: 'alias' }, 'alias-exists'],
  ['an unknown vector', 'c', { as: 'x', vectors: ['other'] }, 'vector-unknown'],
  [
    'settings of a vector left out',
    'c',
    { as: 'x', vectors: [''], vectorSettings: { side: {} } },
    'vector-unknown',
  ],
  [
    'another size of a vector',
    'c',
    { as: 'x', vectorSettings: { side: { size: 2, on_disk: true } } },
    'request-invalid',
  ],
  ['another distance', 'c', { as: 'x', vectorSettings: { side: { distance: 'Dot' } } }, 'request-invalid'],
  [
    'a filter that is none',
    'c',
    { as: 'x', filter: { must: [{ kind: 'field', path: 'a[b', match: { value: 1 } }] } },
    'filter-invalid',
  ],
  ['an id that is none', 'c', { as: 'x', ids: [-1] }, 'request-invalid'],
  ['more shards than there may be', 'c', { as: 'x', shardNumber: 5_000 }, 'request-invalid'],
  ['a shard number of 0', 'c', { as: 'x', shardNumber: 0 }, 'request-invalid'],
  ['a malformed payload path', 'c', { as: 'x', payload: { include: ['a[b'] } }, 'request-invalid'],
  ['an unknown snapshot', 'c@nothing', { as: 'x' }, 'snapshot-not-found'],
  ['an unknown collection', 'd', { as: 'x' }, 'collection-not-found'],
]

test.each(refusals)('%s is refused, and nothing is left behind', async (_name, reference, options, code) => {
  await db.updateAliases([{ kind: 'create', alias: 'alias', collection: 'c' }])
  const before = await segmentFolders()
  await expect(db.restorePartial(reference, options)).rejects.toMatchObject({ code })
  expect(await segmentFolders()).toEqual(before)
  expect(db.findCollection('x')).toBeUndefined()
})

test('what is wrong with the request shows before a segment is read', async () => {
  await db.dropCollection('c')
  await db.flush()
  await db.close()
  // Nobody needs the segments now but the snapshot; its metadata is all that can still be read.
  for (const segment of await segmentFolders())
    await rm(join(folder, 'segments', segment), { recursive: true })
  db = await reopen()
  for (const [, reference, options, code] of refusals) {
    if (reference !== 'c' || ['c', 'alias'].includes(options.as)) continue
    await expect(db.restorePartial('c@s', options), code).rejects.toMatchObject({ code })
  }
  await expect(db.restorePartial('c@s', { as: 'x' })).rejects.toMatchObject({ code: 'object-not-found' })
  expect(db.findCollection('x')).toBeUndefined()
})

test('of a moment that the retention window keeps, with its own settings and a progress that adds up', async () => {
  await db.setRetention({ windowMs: 3_600_000 })
  const { seq } = await source.delete({ ids: [2, 4] })
  await source.updateSettings({ note: 'later' })
  await source.dropPayloadIndex('n')
  await source.delete({ filter: {} })
  await db.flush()
  const seen: string[] = []
  const made = await db.restorePartial(`c@seq:${seq}`, {
    as: 'then',
    filter: { must: [{ kind: 'field', path: 'n', match: { value: 2 } }] },
    vectorSettings: { side: { distance: 'Euclid', on_disk: true } },
    onProgress: ({ rows, total }) => seen.push(`${rows} of ${total}`),
  })
  // 80 had the value; 2 was among them.
  expect(await made.count()).toBe(79)
  expect(seen.at(-1)).toBe('79 of 79')
  const { config } = made.info()
  expect(config.settings).toBeUndefined()
  expect(config.payloadIndexes).toEqual({ n: { type: 'integer' } })
  expect(config.vectors['side']).toEqual({
    size: 1,
    distance: 'Euclid',
    settings: { distance: 'Euclid', on_disk: true },
  })
})

test('cancelled on the way, it leaves nothing behind', async () => {
  const before = await segmentFolders()
  const controller = new AbortController()
  const work = db.restorePartial('c@s', {
    as: 'x',
    signal: controller.signal,
    onProgress: () => controller.abort(),
  })
  await expect(work).rejects.toMatchObject({ code: 'cancelled' })
  expect(await segmentFolders()).toEqual(before)
  expect(db.findCollection('x')).toBeUndefined()
})

test('a name that is taken while it works is refused at the end, and nothing is left behind', async () => {
  const before = await segmentFolders()
  const work = db.restorePartial('c@s', { as: 'x' })
  const other = db.createCollection('x', { vectors: {} })
  await expect(work).rejects.toMatchObject({ code: 'collection-exists' })
  await other
  expect(await db.getCollection('x').count()).toBe(0)
  expect(await segmentFolders()).toEqual(before)
})
