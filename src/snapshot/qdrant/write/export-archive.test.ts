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
    const ofShard = (shard: number): string[] =>
      ['segments/', 'wal/closed-0', 'replica_state.json', 'shard_config.json'].map(
        (name) => `${shard}/${name}`,
      )
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
