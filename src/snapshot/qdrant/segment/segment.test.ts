import { describe, expect, test } from 'vitest'
import { shardArchive } from '../../../../test/support/qdrant-archive/archive.ts'
import { logEntry, u32, u64, type Files } from '../../../../test/support/qdrant-archive/id-trackers.ts'
import { readSegmentPoints } from '../../../../test/support/qdrant-archive/read-back.ts'
import { everyKind, everyPoint } from '../../../../test/support/qdrant-archive/samples.ts'
import type { TestSegment } from '../../../../test/support/qdrant-archive/segment.ts'
import { openQdrantArchive } from '../archive.ts'
import { entryInMemory } from '../entry-bytes.ts'
import type { QdrantSegment } from '../types.ts'

async function open(segment: TestSegment): Promise<QdrantSegment> {
  const archive = await openQdrantArchive(entryInMemory('a.snapshot', shardArchive({ segments: [segment] })))
  return archive.collections[0]!.shards[0]!.segments[0]!
}

const trackers = ['mutable', 'immutable', 'disk'] as const
const whole = (tracker: TestSegment['tracker'], edit?: TestSegment['edit']): TestSegment => ({
  points: everyPoint,
  vectors: everyKind,
  tracker,
  ...(edit === undefined ? {} : { edit }),
})

describe('what a segment holds', () => {
  test.each(trackers)('comes back: ids, vectors of every kind, payloads; tracker %s', async (tracker) => {
    expect(await readSegmentPoints(await open(whole(tracker)))).toEqual(everyPoint)
  })

  test.each(trackers)('points that were deleted are gone: %s', async (tracker) => {
    const points = everyPoint.map((point, n) => ({ ...point, isDeleted: n % 3 === 0 }))
    const left = everyPoint.filter((_, n) => n % 3 !== 0)
    const segment = await open({ points, vectors: everyKind, tracker })
    expect(segment.pointCount).toBe(left.length)
    expect(await readSegmentPoints(segment)).toEqual(left)
  })

  test('vectors in one file are those in chunks', async () => {
    const single = Object.entries(everyKind).map(([name, form]) => [
      name,
      { ...form, storage: 'single' as const },
    ])
    const vectors = Object.fromEntries(single) as TestSegment['vectors']
    expect(
      await readSegmentPoints(await open({ points: everyPoint, vectors, tracker: 'immutable' })),
    ).toEqual(everyPoint)
  })

  test.each(['db_backup', 'payload_index_db_backup'])(
    'what servers leave behind that have moved everything out of RocksDB is passed over: %s',
    async (folder) => {
      const names = ['meta/1', 'private/1/CURRENT', 'private/1/MANIFEST-000013', 'private/1/000012.log']
      const edit = (all: Files): void => {
        for (const name of names) all.set(`${folder}/${name}`, Buffer.from('left'))
      }
      for (const tracker of trackers)
        expect(await readSegmentPoints(await open(whole(tracker, edit)))).toEqual(everyPoint)
    },
  )

  test('stores that say nothing of their mode, as servers before 1.19 write them, are mutable ones', async () => {
    const edit = (all: Files): void => {
      const paths = [...all.keys()].filter((path) => /(?:payload_storage|store)\/config\.json$/.test(path))
      expect(paths.length).toBeGreaterThan(1)
      for (const path of paths) {
        const { mode, ...rest } = JSON.parse(all.get(path)!.toString()) as Record<string, unknown>
        expect(mode).toBe('mutable')
        all.set(path, Buffer.from(JSON.stringify(rest)))
      }
    }
    expect(await readSegmentPoints(await open(whole('immutable', edit)))).toEqual(everyPoint)
  })

  test('a store of payloads that says nothing of its compression has LZ4 blocks', async () => {
    const path = 'payload_storage/config.json'
    const edit = (all: Files): void => {
      const { compression: _, ...rest } = JSON.parse(all.get(path)!.toString()) as Record<string, unknown>
      all.set(path, Buffer.from(JSON.stringify(rest)))
    }
    expect(await readSegmentPoints(await open(whole('mutable', edit)))).toEqual(everyPoint)
  })

  test('a value may run on into the next page', async () => {
    const points = [
      { id: 1, version: 1, payload: JSON.stringify({ text: 'x'.repeat(3_000) }) },
      { id: 2, version: 1, payload: JSON.stringify({ text: 'y'.repeat(9_000) }) },
      { id: 3, version: 1, payload: '{"z":1}' },
    ]
    const segment = await open({ points, vectors: {}, tracker: 'mutable' })
    expect(await readSegmentPoints(segment)).toEqual(points.map((point) => ({ ...point, vectors: {} })))
  })

  test('a vector added later has no file in an immutable segment', async () => {
    const vectors = { ...everyKind, later: { kind: 'dense', storage: 'none' } } as const
    const segment = { points: everyPoint, vectors, tracker: 'immutable' } as const
    expect(await readSegmentPoints(await open(segment))).toEqual(everyPoint)
    await expect(open({ ...segment, tracker: 'mutable' })).rejects.toThrow(
      'the files of vector "later" are missing',
    )
  })

  test('the unnamed vector, and names that stand for something in JavaScript', async () => {
    const vectors = {
      '': { kind: 'dense' },
      ['__proto__']: { kind: 'dense' },
      constructor: { kind: 'dense' },
    } as const
    const value = { '': [1, 2, 3, 4], ['__proto__']: [5, 6, 7, 8], constructor: [0, 0, 0, 1] }
    const points = [{ id: 1, version: 1, vectors: value }]
    const [point] = await readSegmentPoints(await open({ points, vectors, tracker: 'mutable' }))
    expect(Object.entries(point!.vectors!)).toEqual(Object.entries(value))
  })

  test('a fresh segment is empty', async () => {
    const edit = (files: Files): void => {
      for (const path of files.keys()) if (path.startsWith('mutable_id_tracker')) files.delete(path)
    }
    const segment = await open({ points: [], vectors: everyKind, tracker: 'mutable', version: null, edit })
    expect(segment).toMatchObject({ version: null, pointCount: 0 })
    expect(await readSegmentPoints(segment)).toEqual([])
  })

  test('the log of ids: later entries stand, a cut one is ignored, slots without a version do not exist', async () => {
    const log = [
      logEntry('insert', 1, 0),
      logEntry('insert', 2, 1),
      logEntry('insert', 1, 2),
      logEntry('delete', 2),
      logEntry('delete', 99),
      logEntry('insert', 2, 3),
      logEntry('insert', 5, 4),
      logEntry('insert', 6, 5).subarray(0, 10),
    ]
    const edit = (files: Files): void => {
      files.set('mutable_id_tracker.mappings', Buffer.concat(log))
      files.set(
        'mutable_id_tracker.versions',
        Buffer.concat([9, 8, 7, 6].map((each) => u64(each)).concat(u32(1))),
      )
    }
    const points = everyPoint.slice(0, 5)
    const segment = await open({ points, vectors: everyKind, tracker: 'mutable', edit })
    const ids = []
    for await (const batch of segment.ids()) ids.push(...batch)
    expect(ids).toEqual([
      { id: 1, slot: 2, version: 7 },
      { id: 2, slot: 3, version: 6 },
    ])
  })

  test('any choice of slots gives the same as all of them', async () => {
    const segment = await open(whole('immutable'))
    for (const slots of [[0], [22], [3, 4, 19], [0, 7, 8, 9, 15, 16, 22]]) {
      const found = []
      for await (const batch of segment.points(slots)) found.push(...batch)
      expect(found.map(({ slot }) => slot)).toEqual(slots)
      for (const { slot, payload } of found) {
        expect(Buffer.from(payload).toString()).toBe(everyPoint[slot]!.payload ?? '')
      }
    }
  })
})

const files = {
  chunks: 'vector_storage-dense/vectors/',
  offsets: 'vector_storage-tokens/offsets/',
  words: 'vector_storage-words/store/',
  payloads: 'payload_storage/',
}
const put = (path: string, at: number, bytes: Buffer) => (all: Files) => {
  const copy = Buffer.from(all.get(path)!)
  bytes.copy(copy, at)
  all.set(path, copy)
}
const cut = (path: string, by: number) => (all: Files) => {
  const body = all.get(path)!
  all.set(path, body.subarray(0, body.length - by))
}
const set = (path: string, body: string | Buffer) => (all: Files) => void all.set(path, Buffer.from(body))
const remove = (path: string) => (all: Files) => {
  if (!all.delete(path)) throw new Error(`there is no ${path}`)
}
const config = (path: string, change: object) => (all: Files) => {
  const old = JSON.parse(all.get(path)!.toString()) as object
  all.set(path, Buffer.from(JSON.stringify({ ...old, ...change })))
}
const nan = Buffer.from(Float32Array.of(NaN).buffer)

describe('damage is refused, naming the entry and the place', () => {
  test.each<[string, TestSegment['tracker'], (files: Files) => void, string | RegExp]>([
    ['no segment.json', 'mutable', remove('segment.json'), '/segment.json: it is missing'],
    ['no version', 'mutable', remove('version.info'), '/version.info: it is missing'],
    [
      'ids in RocksDB',
      'mutable',
      (all) => {
        remove('mutable_id_tracker.mappings')(all)
        remove('mutable_id_tracker.versions')(all)
        set('db_backup/private/1/CURRENT', 'x')(all)
      },
      'db_backup/private/1/CURRENT: it is kept in RocksDB, as older servers do: start',
    ],
    [
      'vectors in RocksDB',
      'mutable',
      set(
        'segment.json',
        '{"version":1,"config":{"vector_data":{"a":{"size":1,"distance":"Dot","storage_type":"Memory"}},"payload_storage_type":{"type":"mmap"}}}',
      ),
      'vector_storage-a: it is kept in RocksDB',
    ],
    [
      'sparse vectors in RocksDB',
      'mutable',
      set(
        'segment.json',
        '{"version":1,"config":{"sparse_vector_data":{"a":{"storage_type":"on_disk"}},"payload_storage_type":{"type":"mmap"}}}',
      ),
      'vector_storage-a: it is kept in RocksDB',
    ],
    [
      'payloads in RocksDB',
      'mutable',
      set('segment.json', '{"version":1,"config":{"payload_storage_type":{"type":"on_disk"}}}'),
      'kept in RocksDB',
    ],
    [
      'an unknown storage',
      'mutable',
      set(
        'segment.json',
        '{"version":1,"config":{"vector_data":{"a":{"size":1,"distance":"Dot","storage_type":"New"}},"payload_storage_type":{"type":"mmap"}}}',
      ),
      'storage_type is none of ChunkedMmap',
    ],
    ['two lists of ids', 'mutable', set('id_tracker.mappings', 'x'), 'only one can list the ids'],
    [
      'an unknown kind in the log',
      'mutable',
      put('mutable_id_tracker.mappings', 13, Buffer.from([9])),
      'the entry at byte 13 is of the unknown kind 9',
    ],
    [
      'two ids in a slot',
      'mutable',
      put('mutable_id_tracker.mappings', 13 + 9, u32(0)),
      /points .* have the same slot 0/,
    ],
    [
      'a slot beyond all bounds',
      'mutable',
      put('mutable_id_tracker.mappings', 9, u32(2 ** 32 - 1)),
      'the entry at byte 0 names slot 4294967295',
    ],
    [
      'versions of more slots',
      'mutable',
      set('mutable_id_tracker.versions', Buffer.alloc(800)),
      'it has versions of 100 slots, there are 23',
    ],
    [
      'a version beyond 2^53',
      'mutable',
      put('mutable_id_tracker.versions', 8, Buffer.alloc(8, 255)),
      'the version at byte 8 is beyond 2^53',
    ],
    [
      'no versions',
      'mutable',
      remove('mutable_id_tracker.versions'),
      'mutable_id_tracker.versions: it is missing',
    ],
    ['no list', 'immutable', remove('id_tracker.mappings'), 'the file of ids that belongs to it is missing'],
    [
      'a slot out of its place',
      'immutable',
      put('id_tracker.mappings', 17, u32(5)),
      'the entry at byte 8 names slot 5 in the place of 0',
    ],
    [
      'an unknown kind',
      'immutable',
      put('id_tracker.mappings', 8, Buffer.from([2])),
      'the entry at byte 8 is of the unknown kind 2',
    ],
    ['a list that is cut', 'immutable', cut('id_tracker.mappings', 3), 'is cut off'],
    [
      'more entries than bytes',
      'immutable',
      put('id_tracker.mappings', 0, u64(10_000_000)),
      'it claims 10000000 entries',
    ],
    [
      'an id twice',
      'immutable',
      put('id_tracker.mappings', 8 + 13 + 13 + 21 + 1, u64(7)),
      'has the id 7, which has another slot',
    ],
    [
      'deleted bits of another size',
      'immutable',
      set('id_tracker.deleted', Buffer.alloc(16)),
      'it has 16 bytes, 23 slots need 8',
    ],
    [
      'versions of another size',
      'immutable',
      cut('id_tracker.versions', 8),
      'it has 176 bytes, 23 slots need 184',
    ],
    [
      'another beginning',
      'disk',
      put('id_tracker.e2i', 0, u64(1)),
      'id_tracker.e2i: it does not begin as it must',
    ],
    ['another layout', 'disk', put('id_tracker.i2e', 8, u32(3)), 'its layout 3 is none that is known'],
    [
      'two files that differ',
      'disk',
      put('id_tracker.i2e', 32 + 16, u64(8)),
      'the id of slot 1, at byte 48, is not that of id_tracker.e2i',
    ],
    [
      'other numbers of ids',
      'disk',
      put('id_tracker.e2i', 16, u64(2 ** 40)),
      'it claims 1099511627776 numbers',
    ],
    [
      'chunks of another size',
      'mutable',
      config(`${files.chunks}config.json`, { chunk_size_bytes: 99 }),
      'chunk_size_bytes is 99, 8 rows have 128',
    ],
    [
      'other dimensions',
      'mutable',
      config(`${files.chunks}config.json`, { dim: 5 }),
      'dim is not 4, as segment.json says',
    ],
    [
      'a chunk that is cut',
      'mutable',
      cut(`${files.chunks}chunk_1.mmap`, 1),
      'it has 127 bytes, config.json says 128',
    ],
    [
      'a chunk too few',
      'mutable',
      remove(`${files.chunks}chunk_2.mmap`),
      'it counts 23 rows, which need 3 chunks; there are 2',
    ],
    [
      'fewer vectors than slots',
      'immutable',
      put(`${files.chunks}status.dat`, 0, u64(20)),
      'it has vectors of 20 slots, the segment has 23',
    ],
    [
      'fewer vectors than points',
      'mutable',
      put(`${files.chunks}status.dat`, 0, u64(20)),
      'it has vectors of 20 slots, the segment has 23',
    ],
    [
      'a component that is no number',
      'mutable',
      put(`${files.chunks}chunk_1.mmap`, 20, nan),
      /vectors: a component of a vector is NaN, at byte 20 of chunk_1.mmap/,
    ],
    [
      'bits beyond their file',
      'immutable',
      put('vector_storage-dense/deleted/status.dat', 0, u64(10_000)),
      'it counts 10000 bits, the segment has 23 slots',
    ],
    [
      'bits beyond their file',
      'mutable',
      put('vector_storage-dense/deleted/status.dat', 0, u64(10_000)),
      'too few for 10000 bits',
    ],
    [
      'an unknown file of bits',
      'mutable',
      put('vector_storage-dense/deleted/status.dat', 8, u64(2)),
      'it names file 2',
    ],
    [
      'no file of bits',
      'mutable',
      remove('vector_storage-dense/deleted/flags_a.dat'),
      'flags_a.dat: it is missing',
    ],
    [
      'a run outside',
      'mutable',
      put(`${files.offsets}chunk_0.mmap`, 12, u32(1000)),
      'slot 1 has 2 vectors from 1000 on',
    ],
    [
      'a run over two chunks',
      'mutable',
      put(`${files.offsets}chunk_0.mmap`, 12, u32(7)),
      'they lie in two chunks',
    ],
    ['a run of nothing', 'mutable', put(`${files.offsets}chunk_0.mmap`, 16, u32(0)), 'slot 1 has 0 vectors'],
    [
      'a page that is cut',
      'mutable',
      cut(`${files.payloads}page_0.dat`, 1),
      'it has 4095 bytes, config.json says 4096',
    ],
    [
      'another mode',
      'mutable',
      config(`${files.payloads}config.json`, { mode: 'append_only' }),
      'mode is "append_only": only "mutable" is known',
    ],
    [
      'an unknown compression',
      'mutable',
      config(`${files.payloads}config.json`, { compression: 'Zstd' }),
      'compression is none of LZ4, None',
    ],
    [
      'more slots than pointers',
      'mutable',
      put(`${files.payloads}tracker.dat`, 0, u32(1e6)),
      'it claims 1000000 slots',
    ],
    [
      'more values than slots',
      'immutable',
      put(`${files.payloads}tracker.dat`, 0, u32(24)),
      'it has values of 24 slots, the segment has 23',
    ],
    [
      'an unknown tag',
      'mutable',
      put(`${files.payloads}tracker.dat`, 4 + 16, u32(2)),
      'the pointer at byte 20 has the unknown tag 2',
    ],
    [
      'a page that is not there',
      'mutable',
      put(`${files.payloads}tracker.dat`, 24, u32(77)),
      'of page 77, which are not there',
    ],
    [
      'a value beyond the pages',
      'mutable',
      put(`${files.payloads}tracker.dat`, 32, u32(2 ** 31)),
      'the pointer at byte 20 leads to 2147483648 bytes',
    ],
    [
      'a size that the block does not have',
      'mutable',
      put(`${files.payloads}page_0.dat`, 0, u32(3)),
      'it holds more than 3 bytes',
    ],
    [
      'a size that no block has',
      'mutable',
      put(`${files.payloads}page_0.dat`, 0, u32(100_000_000)),
      'cannot hold 100000000 (at byte 0)',
    ],
    [
      'text that is no object',
      'mutable',
      put(`${files.payloads}page_0.dat`, 6, Buffer.from('["n":0,"text":""]')),
      'the payload is not JSON',
    ],
    [
      'text that is not UTF-8',
      'mutable',
      put(`${files.payloads}page_0.dat`, 9, Buffer.from([255])),
      'the payload is not JSON: invalid unicode',
    ],
    [
      'sparse lengths that do not add up',
      'mutable',
      put(`${files.words}page_0.dat`, 0, u64(2)),
      /page_0.dat: the sparse vector .*\(at byte 0\)/,
    ],
    [
      'compressed sparse vectors',
      'mutable',
      config(`${files.words}config.json`, { compression: 'LZ4' }),
      'sparse vectors are not compressed',
    ],
  ])('%s (%s)', async (_, tracker, edit, why) => {
    const attempt = open(whole(tracker, edit)).then(readSegmentPoints)
    await expect(attempt).rejects.toMatchObject({
      code: 'archive-invalid',
      message: (typeof why === 'string'
        ? expect.stringContaining(why)
        : expect.stringMatching(why)) as string,
    })
    await expect(attempt).rejects.toThrow(/^Cannot read archive: entry segments\//)
  })

  test.each<[string, (files: Files) => void, string]>([
    [
      'rows that are cut',
      cut('vector_storage-dense/matrix.dat', 3),
      'its 365 bytes are not whole rows of 16',
    ],
    [
      'rows too few',
      cut('vector_storage-dense/matrix.dat', 16),
      'it has vectors of 22 slots, the segment has 23',
    ],
    ['another beginning', put('vector_storage-dense/matrix.dat', 0, u32(0)), 'it does not begin with "data"'],
    ['bits that are cut', cut('vector_storage-dense/deleted.dat', 1), 'it has 15 bytes, 23 slots need 16'],
    ['no bits', remove('vector_storage-dense/deleted.dat'), 'deleted.dat: it is missing'],
  ])('vectors in one file: %s', async (_, edit, why) => {
    const vectors = { dense: { kind: 'dense', storage: 'single' } } as const
    await expect(open({ points: everyPoint, vectors, tracker: 'immutable', edit })).rejects.toThrow(why)
  })

  test('turbo4 vectors, by name and with what to do', async () => {
    const vectors = { t: { kind: 'dense', datatype: 'turbo4' } } as const
    await expect(open({ points: [], vectors, tracker: 'mutable' })).rejects.toThrow(
      /vector "t" has the datatype turbo4.*copy the collection from the running server/,
    )
  })
})
