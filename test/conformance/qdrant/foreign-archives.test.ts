import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  fullWalArchive,
  upsertOf,
  walArchive,
  walShardArchive,
  type WalArchive,
} from '../../support/qdrant-archive/wal-archive.ts'
import { Float, floats } from '../../support/qdrant-archive/wal-writer.ts'
import { startServer } from '../../support/server-process.ts'
import { connect, refusal, useDoor } from './client.ts'

// Archives in the layout that Qdrant writes, through every way in that the door has for archives.

const door = useDoor()

async function upload(path: string, bytes: Uint8Array): Promise<{ status: number; text: string }> {
  const form = new FormData()
  form.append('snapshot', new Blob([Buffer.from(bytes)]))
  const answer = await fetch(`${door.server.url}${path}`, { method: 'POST', body: form })
  return { status: answer.status, text: await answer.text() }
}

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  const folder = join(door.server.snapshotsPath, 'moved')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${name}.snapshot`)
  await writeFile(path, bytes)
  return path
}

const garden: WalArchive = {
  vectors: {
    leaf: { size: 2, distance: 'Cosine', on_disk: true, hnsw_config: { m: 24 } },
    words: { size: 1, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
  },
  params: { sparse_vectors: { terms: { modifier: 'idf' } } },
  config: {
    optimizer_config: { default_segment_number: 3, flush_interval_sec: 9, indexing_threshold: 500 },
    quantization_config: { scalar: { type: 'int8' } },
    strict_mode_config: { enabled: true, max_query_limit: 60 },
    metadata: { owner: 'gardener' },
  },
  indexes: { bed: { type: 'keyword', is_tenant: true }, height: 'float' },
  shards: [
    {
      entries: [
        {
          upsert_points: {
            points: [
              {
                id: 2n ** 60n,
                vector: {
                  leaf: floats([3, 4]),
                  words: [floats([1]), floats([2])],
                  terms: { indices: [8, 3], values: floats([1, 2]) },
                },
                payload: { bed: 'north', height: new Float(2, 2), count: 2n ** 63n - 1n },
              },
              { id: 'e6c8b1d2-0b1f-4f1e-9a44-1c1d6f2f9c01', vector: {}, payload: null },
            ],
          },
        },
        { set_payload: { payload: { wet: true }, points: [2n ** 60n], key: 'soil' } },
      ],
    },
  ],
}

describe('an archive of a collection that Qdrant wrote', () => {
  test('brings points, configuration and indexes with an upload', async () => {
    expect(await upload('/collections/garden/snapshots/upload?wait=true', walArchive(garden))).toMatchObject({
      status: 200,
    })
    const { config, points_count: count, payload_schema: schema } = await door.client.getCollection('garden')
    expect(count).toBe(2)
    expect(config.params).toMatchObject({
      vectors: {
        leaf: { size: 2, distance: 'Cosine', on_disk: true, hnsw_config: { m: 24 } },
        words: { size: 1, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
      },
      sparse_vectors: { terms: { modifier: 'idf' } },
      shard_number: 1,
    })
    expect(config.hnsw_config).toMatchObject({ m: 16, ef_construct: 100, full_scan_threshold: 10_000 })
    expect(config.optimizer_config).toMatchObject({
      default_segment_number: 3,
      flush_interval_sec: 9,
      indexing_threshold: 500,
    })
    expect(config.quantization_config).toEqual({ scalar: { type: 'int8' } })
    expect(config).toMatchObject({
      strict_mode_config: { enabled: true, max_query_limit: 60 },
      metadata: { owner: 'gardener' },
    })
    expect(schema).toMatchObject({
      bed: { data_type: 'keyword', params: { is_tenant: true }, points: 1 },
      height: { data_type: 'float', points: 1 },
    })
    const raw = await fetch(`${door.server.url}/collections/garden/points/scroll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ limit: 10, with_payload: true, with_vector: true }),
    })
    const text = await raw.text()
    expect(text).toContain('"id":1152921504606846976')
    expect(text).toContain(
      '"payload":{"bed":"north","height":2.0,"count":9223372036854775807,"soil":{"wet":true}}',
    )
    const { points } = (JSON.parse(text) as { result: { points: { vector: Record<string, unknown> }[] } })
      .result
    expect(points[0]!.vector).toEqual({
      leaf: [0.6, 0.8].map((value) => expect.closeTo(value, 6) as unknown),
      words: [[1], [2]],
      terms: { indices: [3, 8], values: [2, 1] },
    })
    const found = await door.client.query('garden', { query: [3, 4], using: 'leaf', limit: 1 })
    expect(found.points[0]!.score).toBeCloseTo(1, 5)
  })

  test('takes the place of a collection, or of nothing if its vectors are others', async () => {
    await door.client.createCollection('beds', { vectors: { size: 4, distance: 'Dot' } })
    await door.client.upsert('beds', { wait: true, points: [{ id: 50, vector: [1, 2, 3, 4] }] })
    await upload(
      '/collections/beds/snapshots/upload?wait=true',
      walArchive({ shards: [{ entries: [upsertOf([1, 2])] }] }),
    )
    expect((await door.client.count('beds')).count).toBe(2)
    const refused = await upload('/collections/beds/snapshots/upload?wait=true', walArchive(garden))
    expect(refused).toMatchObject({ status: 400 })
    expect(refused.text).toContain('not compatible with existing collection')
    expect((await door.client.count('beds')).count).toBe(2)
  })

  test('is recovered from a file, under its checksum, and refused whole where it is damaged', async () => {
    const bytes = walArchive({ shards: [{ entries: [upsertOf([1]), upsertOf([2])] }] })
    const location = pathToFileURL(await stored('good', bytes)).href
    expect(await door.client.recoverSnapshot('found', { location })).toBe(true)
    expect((await door.client.count('found')).count).toBe(2)
    const wrong = await refusal(door.client.recoverSnapshot('found', { location, checksum: '0'.repeat(64) }))
    expect(wrong.status).toBe(400)
    const damaged = Buffer.from(bytes)
    // In the data of the first entry: the second one follows it.
    damaged[bytes.indexOf('upsert_points') + 20]! ^= 4
    const bad = pathToFileURL(await stored('bad', damaged)).href
    const { status, text } = await refusal(door.client.recoverSnapshot('found', { location: bad }))
    expect(status).toBe(400)
    expect(text).toContain('entry 0/wal/open-1: the checksum of an entry is wrong')
    expect((await door.client.count('found')).count).toBe(2)
    expect((await refusal(door.client.recoverSnapshot('lost', { location: bad }))).status).toBe(400)
    expect((await door.client.collectionExists('lost')).exists).toBe(false)
  })
})

test('the archive of a shard takes the place of the only shard', async () => {
  await door.client.createCollection('single', { vectors: { size: 4, distance: 'Dot' } })
  const archive = walShardArchive([upsertOf([1, 2, 3])])
  expect(await upload('/collections/single/shards/0/snapshots/upload?wait=true', archive)).toMatchObject({
    status: 200,
  })
  expect((await door.client.count('single')).count).toBe(3)
  const whole = await upload('/collections/other/snapshots/upload?wait=true', archive)
  expect(whole).toMatchObject({ status: 400 })
  expect(whole.text).toContain('it holds one shard of a collection')
})

test('a server starts with archives of Qdrant: of collections, and of the whole storage', async () => {
  const full = await stored(
    'full',
    fullWalArchive({ a: { shards: [{ entries: [upsertOf([1])] }] }, garden }, { best: 'garden' }),
  )
  const one = await stored('one', walArchive({ shards: [{ entries: [upsertOf([1, 2])] }] }))
  const server = await startServer({ args: ['--storage-snapshot', full] })
  try {
    const client = connect(server)
    expect((await client.getAliases()).aliases).toEqual([{ alias_name: 'best', collection_name: 'garden' }])
    expect((await client.count('best')).count).toBe(2)
  } finally {
    await server.stop()
  }
  const other = await startServer({ args: ['--snapshot', `${one}:first`, '--snapshot', `${one}:second`] })
  try {
    expect((await connect(other).count('first')).count).toBe(2)
    expect((await connect(other).count('second')).count).toBe(2)
  } finally {
    await other.stop()
  }
})

test('shard keys come with their points, by upload, by recovery and at the start', async () => {
  const keyed: WalArchive = {
    params: { sharding_method: 'custom', shard_number: 1 },
    shards: [
      { index: 1, key: 'eu', entries: [upsertOf([1, 3])] },
      { index: 2, key: 7, entries: [upsertOf([3, 4], () => ({ key: 7 }))] },
    ],
  }
  const bytes = walArchive(keyed)
  const path = await stored('keyed', bytes)
  const { client } = door
  expect(await upload('/collections/keyed/snapshots/upload', bytes)).toMatchObject({ status: 200 })
  await client.recoverSnapshot('keyed-too', { location: pathToFileURL(path).href })
  const server = await startServer({ args: ['--snapshot', `${path}:keyed`] })
  try {
    for (const [one, name] of [
      [client, 'keyed'],
      [client, 'keyed-too'],
      [connect(server), 'keyed'],
    ] as const) {
      expect((await one.getCollection(name)).config.params.sharding_method).toBe('custom')
      const { local_shards: shards } = await one.collectionClusterInfo(name)
      expect(shards.map(({ shard_id: id, shard_key: key, points_count: count }) => [id, key, count])).toEqual(
        [
          [1, 'eu', 2],
          [2, 7, 2],
        ],
      )
      const [third] = await one.retrieve(name, { ids: [3], shard_key: 7, with_payload: true })
      expect(third).toMatchObject({ id: 3, shard_key: 7, payload: { key: 7 } })
      await one.upsert(name, { points: [{ id: 3, vector: [0, 0, 0, 0] }], shard_key: 'eu', wait: true })
      expect((await one.count(name)).count).toBe(4)
    }
  } finally {
    await server.stop()
  }
  const made = client.createShardKey('keyed', { shard_key: 'more' })
  expect(await refusal(made)).toMatchObject({ status: 405 })
  await client.createCollection('unkeyed', { vectors: { size: 4, distance: 'Dot' } })
  const misfit = await upload('/collections/unkeyed/snapshots/upload', bytes)
  expect(misfit).toMatchObject({ status: 400, text: expect.stringContaining('sharding method') as string })
})
