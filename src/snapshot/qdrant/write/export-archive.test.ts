import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '../../../../test/support/archives.ts'
import {
  CborFloat,
  readLogArchive,
  type CborValue,
  type ReadArchive,
} from '../../../../test/support/qdrant-log.ts'
import { wordsOfId } from '../../../ids/point-id.ts'
import { openQdrantArchive } from '../archive.ts'
import { entryInMemory } from '../entry-bytes.ts'
import type { WalPoint } from '../wal/operations.ts'
import { readWal } from '../wal/read-wal.ts'
import { HashRing } from './hash-ring.ts'
import { open, RawJson, type CollectionConfig, type Database, type QdrantExport } from '../../../index.ts'

let folder: string
let db: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-export-'))
  db = await open(folder, { workers: 0, background: false })
})

afterEach(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

const settings = () => ({ config: { params: {} }, payloadIndexes: {} })
const dot = (size: number) => ({ size, distance: 'Dot' }) as const

async function exported(reference: string, partition?: string): Promise<ReadArchive> {
  const archive = await db.exportForQdrant(reference, {
    settings,
    ...(partition === undefined ? {} : { partition }),
  })
  return whole(archive)
}

/** Also checks that any range of it is what stands there in the whole. */
async function whole(archive: QdrantExport): Promise<ReadArchive> {
  const bytes = Buffer.from(await collect(archive.stream()))
  expect(bytes.byteLength).toBe(archive.bytes)
  for (const offset of [0, 1, 511, 700, Math.floor(archive.bytes / 2), archive.bytes - 1030]) {
    const length = Math.min(999, archive.bytes - offset)
    const part = Buffer.from(await collect(archive.stream({ offset, length })))
    expect(part.equals(bytes.subarray(offset, offset + length)), `from ${offset}`).toBe(true)
  }
  archive.close()
  const read = readLogArchive(bytes)
  expect(read.points.length).toBe(archive.pointCount)
  return read
}

const floats = (values: readonly number[]): CborValue =>
  Array.from(Float32Array.from(values), (value) => new CborFloat(value))

describe('what stands in an archive', () => {
  test('every kind of vector, absent ones, and both kinds of ids', async () => {
    const config: CollectionConfig = {
      vectors: {
        dense: { size: 3, distance: 'Euclid' },
        half: { size: 2, distance: 'Dot', datatype: 'float16' },
        bytes: { size: 2, distance: 'Dot', datatype: 'uint8' },
        many: { kind: 'multi', size: 2, distance: 'Dot' },
        words: { kind: 'sparse', size: 0, distance: 'Dot' },
      },
    }
    const points = await db.createCollection('c', config)
    await points.upsert([
      { id: 0, vectors: { dense: [0.1, -2, 3e9], half: [0.1, 2], bytes: [3.7, 300] } },
      {
        id: 2n ** 64n - 1n,
        vectors: {
          many: [
            [1, 2],
            [3, 4],
          ],
          words: { indices: [4_294_967_295, 3], values: [1, 0.5] },
        },
      },
      { id: '5c56c793-69f3-4fbf-87e6-c4bf54c28c26', vectors: { words: { indices: [], values: [] } } },
      { id: 2 ** 33, vectors: {} },
    ])
    const { points: found } = await exported('c')
    expect(found).toEqual([
      {
        shard: 0,
        id: 0,
        payload: null,
        vector: {
          dense: floats([0.1, -2, 3e9]),
          half: floats([0.0999755859375, 2]),
          bytes: floats([3, 255]),
        },
      },
      {
        shard: 0,
        id: 2n ** 64n - 1n,
        payload: null,
        vector: {
          many: [floats([1, 2]), floats([3, 4])],
          words: { indices: [3, 4_294_967_295], values: floats([0.5, 1]) },
        },
      },
      {
        shard: 0,
        id: '5c56c79369f34fbf87e6c4bf54c28c26',
        payload: null,
        vector: { words: { indices: [], values: [] } },
      },
      { shard: 0, id: 2 ** 33, payload: null, vector: {} },
    ])
  })

  test('the unnamed vector alone is a list, without it there is an empty map', async () => {
    const points = await db.createCollection('c', { vectors: { '': dot(2) } })
    await points.upsert([{ id: 1, vectors: { '': [1, 2] } }, { id: 2 }])
    const { points: found } = await exported('c')
    expect(found.map(({ vector }) => vector)).toEqual([floats([1, 2]), {}])
  })

  test('payloads to the digit: integers of 64 bits, and the nearest double of everything else', async () => {
    const points = await db.createCollection('c', { vectors: {} })
    const text =
      '{"max":18446744073709551615,"min":-9223372036854775808,"over":18446744073709551616,"under":-9223372036854775809,' +
      '"one":1.0,"e":1e3,"zero":-0,"tenth":0.1,"half":0.5,"long":0.10000000000000000001,"small":5e-324,"big":1.7976931348623157e+308,' +
      '"exact":9007199254740993,"text":"tä\\u0000\\ud83d\\ude00","list":[null,true,false,[],{}],"__proto__":{"a":-1}}'
    await points.upsert([{ id: 1, payload: new RawJson(text) }])
    const { points: found } = await exported('c')
    const float = (value: number): CborFloat => new CborFloat(value)
    expect(found[0]!.payload).toEqual(
      Object.fromEntries([
        ['max', 2n ** 64n - 1n],
        ['min', -(2n ** 63n)],
        ['over', float(2 ** 64)],
        ['under', float(-(2 ** 63))],
        ['one', float(1)],
        ['e', float(1000)],
        ['zero', float(-0)],
        ['tenth', float(0.1)],
        ['half', float(0.5)],
        ['long', float(0.1)],
        ['small', float(5e-324)],
        ['big', float(Number.MAX_VALUE)],
        ['exact', 9007199254740993n],
        ['text', 'tä\0😀'],
        ['list', [null, true, false, [], {}]],
        ['__proto__', { a: -1 }],
      ]),
    )
  })

  test('the files of a collection and of its shards', async () => {
    await db.createCollection('c', { vectors: { '': dot(2) }, shardNumber: 2 })
    const archive = await db.exportForQdrant('c', {
      settings: () => ({ config: { params: { size: 1 } }, payloadIndexes: { a: 'keyword' } }),
    })
    const { members, json, points } = await whole(archive)
    expect(points).toEqual([])
    const segment = (shard: number): string => `segments/00000000-0000-4000-8000-00000000000${shard}/files`
    const ofShard = (shard: number): string[] =>
      [
        'segments/',
        'wal/open-1',
        `${segment(shard)}/segment.json`,
        `${segment(shard)}/version.info`,
        'replica_state.json',
        'shard_config.json',
      ].map((name) => `${shard}/${name}`)
    const others = ['version.info', 'config.json', 'shard_key_mapping.json', 'payload_index.json']
    expect(members.map(({ name }) => name)).toEqual([...ofShard(0), ...ofShard(1), ...others])
    expect(members[0]!.type).toBe('5')
    expect(json('config.json')).toEqual({ params: { size: 1 } })
    expect(json('payload_index.json')).toEqual({ schema: { a: 'keyword' } })
    expect(json('shard_key_mapping.json')).toEqual([])
    expect(json('1/shard_config.json')).toEqual({ type: 'ReplicaSet' })
    expect(json('0/replica_state.json')).toEqual({ is_local: true, this_peer_id: 1, peers: { 1: 'Active' } })
    expect(members.find(({ name }) => name === 'version.info')!.content.toString()).toBe('0.4.2')
  })

  test('each shard has a segment without points, as its configuration has it: older servers want one', async () => {
    const config: CollectionConfig = {
      vectors: {
        size: { size: 3, distance: 'Euclid' },
        many: { kind: 'multi', size: 2, distance: 'Dot' },
        words: { kind: 'sparse', size: 0, distance: 'Dot' },
        terms: { kind: 'sparse', size: 0, distance: 'Dot' },
      },
    }
    const points = await db.createCollection('c', config)
    await points.upsert([{ id: 1, vectors: { size: [1, 2, 3] } }])
    const multi = { comparator: 'max_sim' }
    const params = {
      vectors: {
        size: { size: 3, distance: 'Euclid', on_disk: true, datatype: 'float16' },
        many: { size: 2, distance: 'Dot', multivector_config: multi, on_disk: null },
      },
      sparse_vectors: { words: { modifier: 'idf' }, terms: { index: { datatype: 'uint8', on_disk: true } } },
    }
    const archive = await db.exportForQdrant('c', {
      settings: () => ({ config: { params }, payloadIndexes: {} }),
    })
    const bytes = Buffer.from(await collect(archive.stream()))
    const { json, members } = await whole(archive)
    const files = '0/segments/00000000-0000-4000-8000-000000000000/files'
    const plain = { index: { type: 'plain', options: {} }, quantization_config: null }
    const memory = { full_scan_threshold: null, index_type: 'MutableRam' }
    expect(json(`${files}/segment.json`)).toEqual({
      initial_version: null,
      version: null,
      config: {
        vector_data: {
          size: { size: 3, distance: 'Euclid', storage_type: 'ChunkedMmap', datatype: 'float16', ...plain },
          many: {
            size: 2,
            distance: 'Dot',
            storage_type: 'InRamChunkedMmap',
            multivector_config: multi,
            ...plain,
          },
        },
        sparse_vector_data: {
          words: { index: memory, storage_type: 'mmap', modifier: 'idf' },
          terms: { index: { ...memory, datatype: 'uint8' }, storage_type: 'mmap' },
        },
        payload_storage_type: { type: 'mmap' },
      },
    })
    const version = members.find(({ name }) => name === `${files}/version.info`)
    expect(version!.content.toString()).toBe('0.6.0')
    // Our own reader takes it for what it is, too.
    const { collections } = await openQdrantArchive(entryInMemory('c.snapshot', bytes))
    const [shard] = collections[0]!.shards
    expect(shard!.segments.map(({ pointCount }) => pointCount)).toEqual([0])
  })

  test('points of shard keys are in shards of their own, which are counted from 1', async () => {
    const points = await db.createCollection('c', { vectors: { '': dot(1) }, shardNumber: 2 })
    for (const [index, name] of ['eu', 'gone', '#7', '#t:'].entries()) {
      await points.createPartition(name)
      const ids = Array.from({ length: 40 }, (_, id) => ({ id: index + id, vectors: { '': [id] } }))
      await points.upsert(ids, { partition: name })
    }
    await points.dropPartition('gone')
    const keyed = {
      settings: () => ({ config: { params: { sharding_method: 'custom' } }, payloadIndexes: {} }),
    }
    const { json, points: written } = await whole(await db.exportForQdrant('c', keyed))
    expect(json('shard_key_mapping.json')).toEqual([
      { key: 'eu', shard_ids: [1, 2] },
      { key: 7, shard_ids: [3, 4] },
      { key: '', shard_ids: [5, 6] },
    ])
    expect(written.length).toBe(120)
    for (const { id, shard } of written) {
      const first = shard - ((shard + 1) % 2)
      expect(new HashRing(2, first).shardOf(wordsOfId(id as number))).toBe(shard)
    }
    const one = await whole(await db.exportForQdrant('c', { ...keyed, partition: '#7' }))
    expect(one.json('shard_key_mapping.json')).toEqual([{ key: 7, shard_ids: [1, 2] }])
    expect(one.points.length).toBe(40)
    await points.upsert([{ id: 1 }])
    await expect(db.exportForQdrant('c', keyed)).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringContaining('under no shard key') as string,
    })
  })

  test('each point once, whatever was overwritten, deleted and flushed, as of the moment that is asked for', async () => {
    const points = await db.createCollection('c', { vectors: { '': dot(1) }, shardNumber: 3 })
    const ids = Array.from({ length: 3_000 }, (_, id) => id)
    await points.upsert(ids.map((id) => ({ id, vectors: { '': [id] } })))
    const snapshot = await points.createSnapshot({ name: 's' })
    await snapshot.seal()
    await points.upsert(ids.slice(0, 1_000).map((id) => ({ id, vectors: { '': [-id] } })))
    await points.delete({ ids: ids.slice(2_000) })
    const now = await exported('c')
    const byId = (read: ReadArchive): Map<unknown, CborValue> =>
      new Map(read.points.map((point) => [point.id, point.vector]))
    expect(now.points.length).toBe(2_000)
    expect([...byId(now).keys()].sort((a, b) => Number(a) - Number(b))).toEqual(ids.slice(0, 2_000))
    expect(byId(now).get(7)).toEqual(floats([-7]))
    const then = await exported('c@s')
    expect(then.points.length).toBe(3_000)
    expect(byId(then).get(7)).toEqual(floats([7]))
  })
})

describe('how it is made', () => {
  /** Ids of 5 shards in entries of some 20 points, several to a file. */
  async function manyParts(): Promise<QdrantExport> {
    const points = await db.createCollection('c', { vectors: { '': dot(4) }, shardNumber: 5 })
    const ids = Array.from({ length: 2_000 }, (_, id) => id)
    await points.upsert(ids.map((id) => ({ id, vectors: { '': [id, 1, 2, 3] }, payload: { id } })))
    return db.exportForQdrant('c', { settings, limits: { entryBytes: 1_000, fileBytes: 5_000 } })
  }

  test('files of the log go on from each other, in every shard, and each id is in its own', async () => {
    const { members, points } = await whole(await manyParts())
    const files = members.filter(({ name }) => name.startsWith('3/wal/'))
    expect(files.length).toBeGreaterThan(3)
    for (const { content } of files) expect(content.byteLength).toBeLessThan(7_000)
    const ring = new HashRing(5)
    for (const { id, shard } of points) expect(ring.shardOf(wordsOfId(id as number))).toBe(shard)
    expect(points.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 2_000 }, (_, id) => id),
    )
    for (const { id, payload } of points) expect(payload).toEqual({ id })
  })

  test('our own reader of logs reads the same', async () => {
    const { members } = await whole(await manyParts())
    const read: WalPoint[] = []
    for (let shard = 0; shard < 5; shard++) {
      const files = members
        .filter(({ name }) => name.startsWith(`${shard}/wal/`))
        .map(({ name, content }) => [name.slice(6), entryInMemory(name, content)] as const)
      for await (const { operation } of readWal(new Map(files))) {
        if (operation.op !== 'upsert') throw new Error(operation.op)
        read.push(...operation.points)
      }
    }
    expect(read.length).toBe(2_000)
    const seventh = read.find(({ id }) => id === 7)!
    expect(seventh).toMatchObject({ vectors: { '': Float32Array.of(7, 1, 2, 3) }, payload: { id: 7 } })
  })

  test('what is written meanwhile is not in it, and two streams give the same', async () => {
    const archive = await manyParts()
    const first = archive.stream()[Symbol.asyncIterator]()
    await first.next()
    const points = db.getCollection('c')
    await points.upsert([{ id: 7, vectors: { '': [0, 0, 0, 0] } }])
    await points.delete({ filter: {} })
    const bytes = Buffer.from(await collect(archive.stream()))
    expect(bytes.equals(Buffer.from(await collect(archive.stream())))).toBe(true)
    archive.close()
    const { points: found } = readLogArchive(bytes)
    expect(found.length).toBe(2_000)
    expect(found.find(({ id }) => id === 7)!.vector).toEqual(floats([7, 1, 2, 3]))
  })

  test('it is cancelled while points are counted, and while they are sent', async () => {
    const archive = await manyParts()
    archive.close()
    const before = AbortSignal.abort()
    await expect(db.exportForQdrant('c', { settings, signal: before })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const meanwhile = new AbortController()
    const sent = await db.exportForQdrant('c', { settings, signal: meanwhile.signal })
    const stream = sent.stream()[Symbol.asyncIterator]()
    await stream.next()
    meanwhile.abort()
    const rest = (async () => {
      for (;;) if ((await stream.next()).done === true) return 'all'
    })()
    await expect(rest).rejects.toMatchObject({ code: 'cancelled' })
    sent.close()
  })
})

describe('what Qdrant cannot hold is refused by name', () => {
  test('the distance Jaccard', async () => {
    await db.createCollection('c', { vectors: { sets: { size: 4, distance: 'Jaccard' } } })
    await expect(exported('c')).rejects.toMatchObject({
      code: 'request-invalid',
      message:
        'Cannot write "c" as an archive of Qdrant: vector "sets" has the distance Jaccard, which Qdrant does not have',
    })
  })

  test('points in several partitions, of which one may be chosen', async () => {
    const points = await db.createCollection('c', { vectors: { '': dot(1) } })
    await points.upsert([{ id: 1, vectors: { '': [1] } }])
    await points.createPartition('north')
    expect((await exported('c')).points.length).toBe(1)
    await points.upsert([{ id: 1, vectors: { '': [2] } }], { partition: 'north' })
    await expect(exported('c')).rejects.toThrow('points in the partitions "_default", "north"')
    const { points: north } = await exported('c', 'north')
    expect(north.map(({ vector }) => vector)).toEqual([floats([2])])
    await expect(exported('c', 'south')).rejects.toMatchObject({ code: 'partition-not-found' })
  })

  test('a payload that is nested deeper than its log is read, and one that is no JSON', async () => {
    const points = await db.createCollection('c', { vectors: {} })
    const nested = (depth: number): RawJson =>
      new RawJson(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`)
    await points.upsert([{ id: 1, payload: nested(120) }])
    expect((await exported('c')).points.length).toBe(1)
    await points.upsert([{ id: 12, payload: nested(121) }])
    await expect(exported('c')).rejects.toThrow('Cannot write point 12 into an archive of Qdrant')
    await points.upsert([{ id: 12, payload: new RawJson('{"a":1e400}') }])
    await expect(exported('c')).rejects.toThrow('number out of range')
  })

  test('a snapshot of one shard, and what is not there', async () => {
    const points = await db.createCollection('c', { vectors: {}, shardNumber: 2 })
    const { id } = await points.shard(1).createSnapshot({ name: 's' })
    await expect(exported(`c@${id}`)).rejects.toThrow('it holds shard 1 only')
    await expect(exported('nothing')).rejects.toMatchObject({ code: 'collection-not-found' })
  })
})
