import { afterEach, expect, test } from 'vitest'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { openQuietly } from '../../../../test/support/crash-suite.ts'
import {
  fullWalArchive,
  upsertOf,
  walArchive,
  walShardArchive,
  type WalArchive,
} from '../../../../test/support/qdrant-archive/wal-archive.ts'
import { Float, floats } from '../../../../test/support/qdrant-archive/wal-writer.ts'
import { SimulatedDisk } from '../../../../test/support/simulated-disk.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import type { PointId } from '../../../ids/point-id.ts'
import type { Collection } from '../../collection-handle.ts'
import type { Database } from '../../database.ts'
import { open } from '../../open.ts'
import type { QdrantImportReport } from './import-qdrant.ts'

const opened: Database[] = []
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})

async function database(disk = new SimulatedDisk()): Promise<Database> {
  const one = await openQuietly(open, disk, 1)
  opened.push(one)
  return one
}

async function* chunked(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

/** Each point as text: payload and vectors as they are stored. */
async function contentOf(one: Database, name: string): Promise<Record<string, string>> {
  const points: Record<string, string> = {}
  let offset: PointId | undefined
  do {
    const page = await one
      .getCollection(name)
      .scroll({ limit: 100, payload: true, vectors: true, ...(offset === undefined ? {} : { offset }) })
    for (const { id, payload, vectors, version } of page.points) {
      const shown = Object.entries(vectors ?? {}).map(([vector, value]) => {
        if (value instanceof Float32Array) return [vector, [...value]]
        return [vector, 'indices' in value ? [[...value.indices], [...value.values]] : [...value.values]]
      })
      points[String(id)] = `${version} ${payload?.text ?? ''} ${JSON.stringify(Object.fromEntries(shown))}`
    }
    offset = page.next
  } while (offset !== undefined)
  return points
}

async function restored(archive: WalArchive): Promise<{ one: Database; content: Record<string, string> }> {
  const one = await database()
  await one.restoreArchive(chunked(walArchive(archive)), { into: 'c' })
  return { one, content: await contentOf(one, 'c') }
}

const caught = async (task: Promise<unknown>): Promise<DatabaseError> => {
  const error: unknown = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof DatabaseError) return error
  throw new Error('not refused', { cause: error })
}

/** Objects that garbage collection leaves and nothing names. */
async function leftovers(one: Database, disk: SimulatedDisk, before: readonly string[]): Promise<string[]> {
  await one.collectGarbage()
  return filesOf(disk).filter((path) => !before.includes(path))
}

const filesOf = (disk: SimulatedDisk): string[] =>
  disk.paths().filter((path) => /\/(segments|staging|collections)\//.test(path))

test('a log is replayed by number: who has a newer version is passed over', async () => {
  const { content } = await restored({
    shards: [
      {
        entries: [
          upsertOf([]),
          upsertOf([1, 2, 3]),
          {
            set_payload: { payload: { a: new Float(1), id: null }, points: [1, 9], filter: null, key: null },
          },
          { set_payload: { payload: { b: 2n ** 63n }, points: [1, 2], key: 'deep.er' } },
          { overwrite_payload: { payload: { only: true }, points: [3] } },
          { delete_payload: { keys: ['deep'], points: [2] } },
          { update_vectors: { points: [{ id: 2, vector: floats([9, 9, 9, 9]) }] } },
          { delete_points: { ids: [3] } },
          { clear_payload: { points: [7] } },
          { delete_vectors: [{ points: [1] }, ['']] },
        ],
      },
    ],
  })
  expect(content).toEqual({
    '1': '9 {"a":1.0,"deep":{"er":{"b":9223372036854775808}}} {}',
    '2': '6 {"id":2} {"":[9,9,9,9]}',
  })
})

test('of a point that one entry upserts twice the last is kept', async () => {
  const point = (id: number, value: number) => ({ id, vector: floats([value, 0, 0, 0]), payload: { value } })
  const { content } = await restored({
    shards: [
      {
        entries: [
          { upsert_points: { points: [point(1, 1), point(2, 2), point(1, 3)] } },
          { upsert_points: { points: [point(2, 4), point(3, 5), point(2, 6), point(3, 7)] } },
        ],
      },
    ],
  })
  expect(content).toEqual({
    '1': '0 {"value":3} {"":[3,0,0,0]}',
    '2': '1 {"value":6} {"":[6,0,0,0]}',
    '3': '1 {"value":7} {"":[7,0,0,0]}',
  })
})

test('vectors of a log are stored as those of clients are', async () => {
  const { content } = await restored({
    vectors: {
      unit: { size: 2, distance: 'Cosine' },
      half: { size: 1, distance: 'Dot', datatype: 'float16' },
      byte: { size: 2, distance: 'Dot', datatype: 'uint8' },
      many: { size: 1, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
    },
    params: { sparse_vectors: { words: {} } },
    shards: [
      {
        entries: [
          {
            upsert_points: {
              points: [
                {
                  id: 1,
                  vector: {
                    unit: floats([3, 4]),
                    half: floats([1.0001]),
                    byte: floats([-1, 300.5]),
                    many: [floats([1]), floats([2])],
                    words: { indices: [7, 2], values: floats([0.5, 2]) },
                    gone: floats([1]),
                  },
                  payload: null,
                },
              ],
            },
          },
        ],
      },
    ],
  })
  const vectors = {
    unit: [Math.fround(0.6), Math.fround(0.8)],
    half: [1],
    byte: [0, 255],
    many: [1, 2],
    words: [
      [2, 7],
      [2, 0.5],
    ],
  }
  expect(JSON.parse(content['1']!.replace(/^\d+ \S* /, ''))).toEqual(vectors)
})

test('a vector that was dropped and made anew shows nothing of what it held', async () => {
  const { content } = await restored({
    vectors: { a: { size: 1, distance: 'Dot' } },
    shards: [
      {
        entries: [
          {
            upsert_points: { points: [1, 2].map((id) => ({ id, vector: { a: floats([id]) }, payload: {} })) },
          },
          { delete_vector_name: { vector_name: 'a' } },
          { create_vector_name: { vector_name: 'a', config: { dense: { size: 1, distance: 'Dot' } } } },
          { update_vectors: { points: [{ id: 2, vector: { a: floats([5]) } }] } },
        ],
      },
    ],
  })
  expect(content).toEqual({ '1': '0 {} {}', '2': '3 {} {"a":[5]}' })
})

test('points of several shards go where our own hash puts them, and indexes are those at the end of the log', async () => {
  const ids = Array.from({ length: 200 }, (_, id) => id)
  const one = await database()
  let report: QdrantImportReport | undefined
  const archive = walArchive({
    indexes: { id: 'integer', old: 'keyword' },
    shards: [
      { entries: [upsertOf(ids.filter((id) => id % 3 === 0)), { delete_index: 'old' }] },
      {
        entries: [
          upsertOf(ids.filter((id) => id % 3 === 1)),
          { create_index: { field_name: 'k', field_schema: { type: 'keyword' } } },
        ],
      },
      { entries: [upsertOf(ids.filter((id) => id % 3 === 2))] },
    ],
  })
  await one.restoreArchive(chunked(archive), { into: 'c', onImported: (told) => (report = told) })
  expect(Object.keys(await contentOf(one, 'c'))).toHaveLength(200)
  const { config, shardPointCounts } = one.getCollection('c').info()
  expect(config.shardNumber).toBe(3)
  expect(Math.min(...shardPointCounts)).toBeGreaterThan(20)
  expect(Object.keys(config.payloadIndexes ?? {}).sort()).toEqual(['id', 'k'])
  expect(config.settings).toMatchObject({ hnsw_config: { m: 16 }, wal_config: { wal_capacity_mb: 32 } })
  expect(report).toMatchObject({
    bytes: archive.byteLength,
    sha256: createHash('sha256').update(archive).digest('hex'),
    collections: [{ name: 'c', points: 200, segments: 0, walEntries: 5 }],
    dropped: [],
  })
  expect(one.getCollection('c').info().indexedPoints).toEqual({ id: 200, k: 0 })
})

const keyed: WalArchive = {
  params: { sharding_method: 'custom', shard_number: 1 },
  shards: [
    { index: 1, key: 'eu/1', entries: [upsertOf([1, 2])] },
    { index: 2, key: 7, entries: [upsertOf([2, 3], () => ({ key: 7 })), { delete_points: { ids: [3] } }] },
    {
      index: 3,
      key: 'two',
      entries: [upsertOf([1]), { set_payload: { payload: { a: 1 }, points: [1, 2] } }],
    },
    { index: 4, key: 'two', entries: [upsertOf([5]), { delete_points: { ids: [5, 1] } }, upsertOf([6])] },
  ],
}

test('shard keys become partitions: an id may lie under several, and a log changes those of its key', async () => {
  const one = await database()
  let report: QdrantImportReport | undefined
  // Entry 1 of shard 4 deletes an id that is in shard 3 of the same key: no server writes that.
  const wrong = await caught(one.restoreArchive(chunked(walArchive(keyed)), { into: 'c' }))
  expect(wrong.message).toContain('changes point 1, which is in another shard')
  const [eu, seven, two, more] = keyed.shards
  const right = { ...more!, entries: [upsertOf([5]), { delete_points: { ids: [5] } }, upsertOf([6])] }
  const archive = walArchive({ ...keyed, shards: [eu!, seven!, two!, right] })
  const collection = await one.restoreArchive(chunked(archive), {
    into: 'c',
    onImported: (told) => (report = told),
  })
  expect(report!.dropped).toEqual([])
  expect(collection.config().partitions).toEqual(['_default', '#t:eu%2F1', '#7', 'two'])
  const { points } = await collection.scroll({ limit: 20, payload: true, partition: true })
  expect(points.map(({ id, partition, payload }) => `${String(id)} ${partition!} ${payload!.text}`)).toEqual([
    '1 #t:eu%2F1 {"id":1}',
    '1 two {"id":1,"a":1}',
    '2 #t:eu%2F1 {"id":2}',
    '2 #7 {"key":7}',
    '6 two {"id":6}',
  ])
  await collection.upsert([{ id: 1, vectors: { '': [1, 1, 1, 1] } }], { partition: 'two' })
  expect(await collection.count()).toBe(5)
})

test.each([
  [
    'two shards of a key with the same id',
    { shards: [...keyed.shards.slice(0, 3), { index: 4, key: 'two', entries: [upsertOf([1])] }] },
    'point 1',
  ],
  ['keys without custom sharding', { params: { shard_number: 5 } }, 'says nothing of custom sharding'],
  [
    'a key that is there twice',
    { files: { 'shard_key_mapping.json': '[{"key":7,"shard_ids":[1,2]},{"key":7,"shard_ids":[3,4]}]' } },
    'is there twice',
  ],
  [
    'a key without shards',
    { files: { 'shard_key_mapping.json': '[{"key":7,"shard_ids":[1,2,3,4]},{"key":8,"shard_ids":[]}]' } },
    'is empty',
  ],
  [
    'a key that is neither text nor number',
    { files: { 'shard_key_mapping.json': '[{"key":-1,"shard_ids":[1,2,3,4]}]' } },
    'is not a whole number',
  ],
  ['a key that is too long', { shards: [{ index: 1, key: 'x'.repeat(300), entries: [] }] }, 'partition name'],
])('%s: the archive is refused, and nothing is left of it', async (_, wrong, why) => {
  const disk = new SimulatedDisk()
  const one = await database(disk)
  const before = filesOf(disk)
  const error = await caught(one.restoreArchive(chunked(walArchive({ ...keyed, ...wrong })), { into: 'd' }))
  expect(error).toMatchObject({ code: 'archive-invalid', message: expect.stringContaining(why) as string })
  expect(one.findCollection('d')).toBeUndefined()
  expect(await leftovers(one, disk, before)).toEqual([])
})

test('the archive of a shard takes the place of a shard of a key, and of nothing else', async () => {
  const disk = new SimulatedDisk()
  const one = await database(disk)
  const collection = await one.restoreArchive(
    chunked(walArchive({ ...keyed, shards: keyed.shards.slice(0, 2) })),
    { into: 'c' },
  )
  await collection.shard(2).restoreArchive(chunked(walShardArchive([upsertOf([2, 9])])))
  const shown = async (reader: Collection): Promise<string[]> =>
    (await reader.scroll({ limit: 20, partition: true })).points.map(
      ({ id, partition }) => `${String(id)} ${partition!}`,
    )
  const expected = ['1 #t:eu%2F1', '2 #t:eu%2F1', '2 #7', '9 #7']
  expect(await shown(collection)).toEqual(expected)
  await collection.upsert([{ id: 9, vectors: { '': [0, 0, 0, 0] } }], { partition: '#7' })
  expect(await shown(collection)).toEqual(expected)
  await one.close()
  const again = await database(disk)
  expect(await shown(again.getCollection('c'))).toEqual(expected)
})

test('a full archive brings its collections and aliases, all or none', async () => {
  const archive = fullWalArchive(
    { a: { shards: [{ entries: [upsertOf([1])] }] }, b: { shards: [{ entries: [upsertOf([2])] }] } },
    { latest: 'b' },
  )
  const one = await database()
  await one.restoreStoreArchive(chunked(archive))
  expect(await contentOf(one, 'latest')).toEqual({ '2': '0 {"id":2} {"":[2,2,2,2]}' })
  expect(one.listCollections().map(({ name }) => name)).toEqual(['a', 'b'])
  expect((await caught(one.restoreStoreArchive(chunked(archive)))).code).toBe('alias-exists')
  expect((await caught(one.restoreArchive(chunked(archive), { into: 'x' }))).message).toContain(
    'it holds the whole store',
  )
})

test('the archive of a shard takes the place of one, where all of its points belong there', async () => {
  const one = await database()
  await one.createCollection('c', { vectors: { '': { size: 4, distance: 'Dot' } } })
  await one.getCollection('c').upsert([{ id: 5, vectors: { '': [1, 1, 1, 1] } }])
  await one
    .getCollection('c')
    .shard(0)
    .restoreArchive(chunked(walShardArchive([upsertOf([1, 2])])))
  expect(Object.keys(await contentOf(one, 'c'))).toEqual(['1', '2'])
  await one.createCollection('two', { vectors: { '': { size: 4, distance: 'Dot' } }, shardNumber: 2 })
  const many = walShardArchive([upsertOf(Array.from({ length: 50 }, (_, id) => id))])
  expect((await caught(one.getCollection('two').shard(0).restoreArchive(chunked(many)))).code).toBe(
    'snapshot-incompatible',
  )
  expect(await contentOf(one, 'two')).toEqual({})
})

test('what an archive replaces keeps its snapshots, and the archive survives a restart', async () => {
  const disk = new SimulatedDisk()
  const one = await database(disk)
  await one.createCollection('c', { vectors: { '': { size: 4, distance: 'Dot' } } })
  await one.getCollection('c').upsert([{ id: 5, vectors: { '': [1, 1, 1, 1] } }])
  await one.getCollection('c').createSnapshot({ name: 'before' })
  const entries = [
    upsertOf([1, 2, 3]),
    upsertOf([2], () => ({ again: true })),
    { delete_points: { ids: [3] } },
  ]
  await one.restoreArchive(chunked(walArchive({ shards: [{ entries }] })), { into: 'c', replace: true })
  const expected = { '1': '0 {"id":1} {"":[1,1,1,1]}', '2': '1 {"again":true} {"":[2,2,2,2]}' }
  expect(await contentOf(one, 'c')).toEqual(expected)
  await one.getCollection('c').upsert([{ id: 2, vectors: { '': [7, 7, 7, 7] } }])
  await one.flush()
  await one.collectGarbage()
  await one.close()
  opened.splice(0)
  const again = await database(disk)
  expect(Object.keys(await contentOf(again, 'c'))).toEqual(['1', '2'])
  await again.rollback('c', 'before')
  expect(Object.keys(await contentOf(again, 'c'))).toEqual(['5'])
})

test('a damaged, truncated, cancelled or unwanted archive changes nothing and leaves nothing', async () => {
  const disk = new SimulatedDisk()
  const one = await database(disk)
  await one.createCollection('c', { vectors: { '': { size: 4, distance: 'Dot' } } })
  await one.getCollection('c').upsert([{ id: 5, vectors: { '': [1, 1, 1, 1] } }])
  await one.flush()
  await one.collectGarbage()
  const before = filesOf(disk)
  const content = await contentOf(one, 'c')
  const archive = (files: WalArchive['files'], entries: readonly unknown[] = [upsertOf([1])]) =>
    walArchive({ shards: [{ entries }], ...(files === undefined ? {} : { files }) })
  const whole = archive(undefined)
  const into = { into: 'c', replace: true } as const
  const stop = new AbortController()
  const trusted = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const refusals = [
    () => one.restoreArchive(chunked(whole.subarray(0, 3000)), into),
    () => one.restoreArchive(chunked(archive({ 'config.json': '{' })), into),
    () => one.restoreArchive(chunked(archive({ '0/wal/open-1': 'wal?' })), into),
    () => one.restoreArchive(chunked(archive(undefined, [upsertOf([1]), { sync_points: {} }])), into),
    // Nobody here has said what filters mean.
    () => one.restoreArchive(chunked(archive(undefined, [{ delete_points_by_filter: { must: [] } }])), into),
    () =>
      one.restoreArchive(
        chunked(archive(undefined, [{ upsert_points: { points: [{ id: 1, vector: floats([1]) }] } }])),
        into,
      ),
    () => one.restoreArchive(chunked(whole), { ...into, sha256: '0'.repeat(64) }),
    () => one.restoreArchive(chunked(whole), { ...into, trustedKeys: [trusted] }),
    () => one.restoreArchive(chunked(whole), { into: 'c' }),
    () => one.restoreArchive(chunked(whole), { ...into, check: () => stop.abort(), signal: stop.signal }),
    () => one.restoreArchive(failing(whole), into),
  ]
  const codes: string[] = []
  for (const refusal of refusals) codes.push((await caught(refusal())).code)
  expect(codes).toEqual([
    ...Array.from({ length: 6 }, () => 'archive-invalid'),
    ...['checksum-mismatch', 'archive-untrusted', 'collection-exists', 'cancelled', 'download-failed'],
  ])
  expect(await contentOf(one, 'c')).toEqual(content)
  expect(filesOf(disk)).toEqual(before)
  expect(await leftovers(one, disk, before)).toEqual([])
})

async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 2000)
  throw new DatabaseError('download-failed', 'Cannot download: the connection was cut')
}
