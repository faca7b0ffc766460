import { describe, expect, test } from 'vitest'
import {
  collectionArchive,
  fullArchive,
  segmentName,
  shardArchive,
  tarOf,
  type TestCollection,
} from '../../../test/support/qdrant-archive/archive.ts'
import type { Files } from '../../../test/support/qdrant-archive/id-trackers.ts'
import { readSegmentPoints } from '../../../test/support/qdrant-archive/read-back.ts'
import { everyKind, everyPoint } from '../../../test/support/qdrant-archive/samples.ts'
import { openQdrantArchive } from './archive.ts'
import { entryInMemory } from './entry-bytes.ts'
import type { QdrantArchive } from './types.ts'

const open = (bytes: Buffer): Promise<QdrantArchive> => openQdrantArchive(entryInMemory('a.snapshot', bytes))
const segment = { points: everyPoint, vectors: everyKind, tracker: 'mutable' } as const
const collection: TestCollection = { vectors: everyKind, shards: [{ segments: [segment] }] }

describe('shapes', () => {
  test.each(['nested', 'files', 'folder'] as const)('segments in the form %s', async (form) => {
    const archive = await open(collectionArchive({ ...collection, shards: [{ segments: [segment], form }] }))
    const [shard] = archive.collections[0]!.shards
    expect(shard!.segments).toMatchObject([{ version: 1, pointCount: everyPoint.length }])
    expect(shard!.segments[0]!.name).toContain(`0/segments/${segmentName(0)}`)
    expect(await readSegmentPoints(shard!.segments[0]!)).toEqual(everyPoint)
  })

  test('a collection: configuration, indexes, shards in order, and the files of their logs', async () => {
    const payloadIndexes = { city: 'keyword', n: { type: 'integer', range: true } }
    const wal = new Map([['open-1', Buffer.from('wal\0abcd')]])
    const shards = [
      { segments: [segment, { ...segment, points: [], tracker: 'mutable' as const }] },
      { segments: [], wal },
    ]
    const archive = await open(collectionArchive({ vectors: everyKind, shards, payloadIndexes }))
    expect(archive).toMatchObject({ kind: 'collection', aliases: {}, collections: [{ name: undefined }] })
    const [found] = archive.collections
    expect(found!.config).toMatchObject({ params: { shard_number: 2 } })
    expect(found!.payloadIndexes).toEqual(payloadIndexes)
    expect(found!.shards.map(({ index, key, segments }) => [index, key, segments.length])).toEqual([
      [0, undefined, 2],
      [1, undefined, 0],
    ])
    expect([...found!.shards[1]!.wal].map(([name, { bytes }]) => [name, bytes])).toEqual([['open-1', 8]])
  })

  test('shard keys: numbers and texts, each with its shards', async () => {
    const shards = [
      { segments: [segment], index: 1, key: 'eu' },
      { segments: [segment], index: 2, key: 7 },
      { segments: [], index: 3, key: 'eu' },
    ]
    const archive = await open(collectionArchive({ vectors: everyKind, shards }))
    expect(archive.collections[0]!.shards.map(({ index, key }) => [index, key])).toEqual([
      [1, 'eu'],
      [2, 7],
      [3, 'eu'],
    ])
  })

  test.each(['nested', 'files'] as const)('one shard, stored or streamed: %s', async (form) => {
    const archive = await open(shardArchive({ segments: [segment], form }))
    expect(archive).toMatchObject({ kind: 'shard', collections: [{ name: undefined, config: undefined }] })
    const [found] = archive.collections[0]!.shards
    expect(await readSegmentPoints(found!.segments[0]!)).toEqual(everyPoint)
  })

  test('the whole storage: collections by name, and aliases', async () => {
    const archive = await open(fullArchive({ a: collection, b: collection }, { current: 'b' }))
    expect(archive).toMatchObject({ kind: 'full', aliases: { current: 'b' } })
    expect(archive.collections.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(await readSegmentPoints(archive.collections[1]!.shards[0]!.segments[0]!)).toEqual(everyPoint)
  })

  test('a vector that the collection does not have any more is left out', async () => {
    const vectors = Object.fromEntries(Object.entries(everyKind).filter(([name]) => name !== 'half'))
    const archive = await open(collectionArchive({ ...collection, vectors }))
    const points = await readSegmentPoints(archive.collections[0]!.shards[0]!.segments[0]!)
    expect(points.some((point) => 'half' in (point.vectors ?? {}))).toBe(false)
    expect(points.some((point) => 'dense' in (point.vectors ?? {}))).toBe(true)
  })

  test('what could not be proved is said, if there is any point', async () => {
    const { unproved } = await open(collectionArchive(collection))
    expect(unproved.join('\n')).toMatch(
      /vectors of \d+ points in 1 segments.*SHA-256 of the whole file only/s,
    )
    expect((await open(collectionArchive({ ...collection, shards: [{ segments: [] }] }))).unproved).toEqual(
      [],
    )
  })
})

const set = (path: string, text: string) => (files: Files) => void files.set(path, Buffer.from(text))
const remove = (path: string) => (files: Files) => {
  if (!files.delete(path)) throw new Error(`there is no ${path}`)
}

describe('refused, naming the entry', () => {
  test.each<[string, (files: Files) => void, string]>([
    ['neither kind of configuration', (files) => files.clear(), 'neither config.json nor shard_config.json'],
    ['a configuration that is no JSON', set('config.json', '{'), 'entry config.json: it is not JSON: EOF'],
    ['a configuration without parameters', set('config.json', '{}'), 'entry config.json: params is missing'],
    ['a shard that is missing', remove('0/shard_config.json'), 'entry 0/shard_config.json: it is missing'],
    ['no state of a shard', remove('0/replica_state.json'), 'entry 0/replica_state.json: it is missing'],
    ['a shard elsewhere', set('0/replica_state.json', '{"is_local":false}'), 'is_local is false'],
    ['a log that is missing', remove('0/wal/closed-100'), 'entry 0/wal: it is missing'],
    ['a shard too many', set('5/shard_config.json', '{}'), 'entry 5: the collection has no such shard'],
    [
      'a shard too few',
      set('config.json', '{"params":{"vectors":{},"shard_number":2}}'),
      'entry 1: this shard',
    ],
    ['a file among segments', set('0/segments/abc', ''), 'entry 0/segments/abc: it is neither'],
    [
      'another size',
      set('config.json', '{"params":{"vectors":{"dense":{"size":5,"distance":"Dot"}}}}'),
      'is dense, 4 dimensions, Dot, float32; config.json of the collection says dense, 5',
    ],
    [
      'another distance',
      set('config.json', '{"params":{"vectors":{"dense":{"size":4,"distance":"Euclid"}}}}'),
      '/segment.json: vector "dense" is',
    ],
    [
      'a sparse vector that was dense',
      set('config.json', '{"params":{"sparse_vectors":{"dense":{}}}}'),
      'says sparse',
    ],
    ['version.info that holds none', set('version.info', 'one'), 'entry version.info: it holds no version'],
    [
      'keys that are no list',
      set('shard_key_mapping.json', '{}'),
      'entry shard_key_mapping.json: it is not an array',
    ],
    [
      'a shard of two keys',
      set('shard_key_mapping.json', '[{"key":1,"shard_ids":[0,0]}]'),
      'shard_ids[1] belongs to two keys',
    ],
    [
      'a tar of a segment that is cut',
      (files) => {
        const [name, body] = [...files].find(([path]) => path.endsWith('.tar'))!
        files.set(name, body.subarray(0, body.length - 700))
      },
      `${segmentName(0)}.tar`,
    ],
  ])('%s', async (_, edit, why) => {
    await expect(open(collectionArchive({ ...collection, edit }))).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining(why) as string,
    })
  })

  test('versions that are newer', async () => {
    const edit = set('version.info', '0.5.0')
    await expect(open(collectionArchive({ ...collection, edit }))).rejects.toMatchObject({
      code: 'version-unsupported',
      message: 'Cannot read archive: entry version.info: it is of version 0.5.0, known up to 0.4.2',
    })
    const newer = { ...segment, edit: set('version.info', '0.7.0') }
    await expect(open(shardArchive({ segments: [newer] }))).rejects.toMatchObject({
      code: 'version-unsupported',
    })
    const older = { ...segment, edit: set('version.info', '0.5.9') }
    await expect(open(shardArchive({ segments: [older] }))).rejects.toThrow(
      'segments of version 0.5.9 are too old',
    )
  })

  test('a full archive that names what it does not hold', async () => {
    const config = (mapping: object, aliases = {}): Buffer =>
      tarOf(
        new Map([
          [
            'config.json',
            Buffer.from(JSON.stringify({ collections_mapping: mapping, collections_aliases: aliases })),
          ],
          ['a.snapshot', collectionArchive(collection)],
        ]),
      )
    await expect(open(config({ a: 'b.snapshot' }))).rejects.toThrow('collections_mapping.a is "b.snapshot"')
    await expect(open(config({ a: 'a.snapshot', b: 'a.snapshot' }))).rejects.toThrow(
      'archive of another collection',
    )
    await expect(open(config({ a: 'a.snapshot' }, { x: 'z' }))).rejects.toThrow('lead "x" to "z"')
    const cut = collectionArchive(collection)
    const broken = tarOf(
      new Map([
        ['config.json', Buffer.from('{"collections_mapping":{"a":"a.snapshot"}}')],
        ['a.snapshot', cut.subarray(0, cut.length - 1024)],
      ]),
    )
    await expect(open(broken)).rejects.toThrow('entry a.snapshot: it ends without its end mark')
  })

  test('more than the limits allow', async () => {
    const source = entryInMemory('a.snapshot', collectionArchive(collection))
    await expect(openQdrantArchive(source, { entriesMax: 20 })).rejects.toThrow('more than 20 entries')
    await expect(openQdrantArchive(source, { realBytesMax: 10_000 })).rejects.toThrow(
      'claim more than 10000 bytes',
    )
  })
})
