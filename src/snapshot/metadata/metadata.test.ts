import avro from 'avsc'
import { beforeEach, describe, expect, test } from 'vitest'
import { collect, sampleArchive, sha256Of } from '../../../test/support/archives.ts'
import { collectionIdOf, segmentIdOf, seqOf, snapshotIdOf } from '../../ids/brands.ts'
import type { ManifestEntry } from '../../manifest/format.ts'
import { seededRandom, type Random } from '../../runtime/random.ts'
import { MemoryObjectStore } from '../../storage/memory-object-store.ts'
import { encodeAvroFile } from './avro-file.ts'
import { manifestEntrySchema, manifestRecordsMax, type SnapshotMetadata } from './format.ts'
import { readSnapshotMetadata } from './reader.ts'
import { writeSnapshotMetadata, type WrittenMetadata } from './writer.ts'

/** A document as JSON.parse gives it, to be spoiled. */
type Draft = any // eslint-disable-line @typescript-eslint/no-explicit-any

let random: Random
let store: MemoryObjectStore

beforeEach(() => {
  random = seededRandom(9)
  store = new MemoryObjectStore()
})

async function sample(): Promise<SnapshotMetadata> {
  const { manifest } = await sampleArchive(random)
  const [collection] = manifest.collections
  const { id, name, config, pointCount, shards } = collection!
  return {
    snapshot: {
      ...manifest.snapshot,
      collections: [{ collection: id, name }],
      aliases: { newest: name },
      reason: 'before the change',
    },
    collection: { id, name, config, pointCount },
    shards,
    segments: manifest.segments,
  }
}

const refOf = (written: WrittenMetadata): { key: string; sha256: string } => ({
  key: written.metadataKey,
  sha256: written.sha256,
})

/** The document changed, with a reference that states the changed document's checksum. */
async function withDocument(
  written: WrittenMetadata,
  change: (document: Draft) => void,
): Promise<{ key: string; sha256: string }> {
  const document = JSON.parse(Buffer.from(await store.get(written.metadataKey)).toString('utf8'))
  change(document)
  const bytes = Buffer.from(JSON.stringify(document))
  await store.put(written.metadataKey, bytes)
  return { key: written.metadataKey, sha256: sha256Of(bytes) }
}

describe('snapshot metadata', () => {
  test('what is written reads back', async () => {
    const metadata = await sample()
    const written = await writeSnapshotMetadata(store, metadata, { random })
    const { manifestKeys, ...read } = await readSnapshotMetadata(store, refOf(written))
    expect(read).toEqual(metadata)
    expect(manifestKeys).toEqual(written.manifestKeys)
    const folder = `snapshots/${metadata.collection.id}`
    expect(written.metadataKey).toMatch(new RegExp(`^${folder}/metadata/00001-[0-9a-f-]{36}\\.json$`))
    expect(written.manifestKeys).toEqual([
      expect.stringMatching(new RegExp(`^${folder}/manifests/data-file-manifest-[0-9a-f-]{36}\\.avro$`)),
    ])
    expect((await store.list('')).map(({ key }) => key).sort()).toEqual(
      [written.metadataKey, ...written.manifestKeys].sort(),
    )
  })

  test('a collection without segments, and shards without entries', async () => {
    const metadata = await sample()
    const empty: SnapshotMetadata = {
      ...metadata,
      shards: [[], []],
      segments: [],
      collection: { ...metadata.collection, pointCount: 0 },
    }
    const written = await writeSnapshotMetadata(store, empty, { random, revision: 12 })
    expect(written.metadataKey).toContain('/metadata/00012-')
    expect(written.manifestKeys).toEqual([])
    expect(await readSnapshotMetadata(store, refOf(written))).toMatchObject({
      shards: [[], []],
      segments: [],
    })
  })

  test('numbers up to 2^53 - 2 are exact', async () => {
    const metadata = await sample()
    const max = Number.MAX_SAFE_INTEGER - 1
    const segments = metadata.segments.map((segment) => ({
      ...segment,
      maxSeq: seqOf(max),
      files: segment.files.map((file) => ({ ...file, bytes: max })),
    }))
    const shards = metadata.shards.map((entries) =>
      entries.map((entry) => ({ ...entry, rowsUpTo: seqOf(max) })),
    )
    const written = await writeSnapshotMetadata(store, { ...metadata, segments, shards }, { random })
    expect(await readSnapshotMetadata(store, refOf(written))).toMatchObject({ segments, shards })
  })

  test('many segments go into several files, in order', async () => {
    const metadata = await sample()
    const [first] = metadata.segments
    const segments = Array.from({ length: manifestRecordsMax + 3 }, () => ({
      ...first!,
      id: segmentIdOf(random.uuid()),
    }))
    const entries = segments.map(({ id }): ManifestEntry => ({
      segment: id,
      rowsUpTo: null,
      foreign: true,
      inherited: [],
      deltas: [],
    }))
    const shards = [entries.slice(0, 5), entries.slice(5)]
    const written = await writeSnapshotMetadata(store, { ...metadata, segments, shards }, { random })
    expect(written.manifestKeys).toHaveLength(2)
    const read = await readSnapshotMetadata(store, refOf(written))
    expect(read.shards).toEqual(shards)
    expect(read.segments).toEqual(segments)
  })

  test('any Avro reader can read a manifest: the schema is in the file', async () => {
    const metadata = await sample()
    const { manifestKeys } = await writeSnapshotMetadata(store, metadata, { random })
    const decoder = new avro.streams.BlockDecoder()
    decoder.end(await store.get(manifestKeys[0]!))
    const records = []
    for await (const record of decoder) records.push(record)
    expect(records).toHaveLength(4)
    const [segment] = metadata.segments.filter(({ id }) => id === metadata.shards[0]![0]!.segment)
    expect(records[0]).toMatchObject({
      segment_id: segment!.id,
      shard: 0,
      num_of_rows: 100,
      binlog_files: [
        { log_path: `segments/${segment!.id}/rows.parquet`, log_size: segment!.files[1]!.bytes },
      ],
      index_files: [{ log_path: `segments/${segment!.id}/image.graph`, vector_name: 'image' }],
    })
  })

  test('the same records give the same bytes', async () => {
    const record = {
      segment_id: 'x',
      shard: 0,
      num_of_rows: 1,
      rows_up_to: null,
      is_foreign: false,
      min_seq: 1,
      max_seq: 2,
    }
    const lists = { binlog_files: [], index_files: [], inherited_deltalog_files: [], deltalog_files: [] }
    const encode = (shard: number): Promise<Uint8Array> =>
      encodeAvroFile(manifestEntrySchema, [{ ...record, ...lists, shard, storage_version: 1 }], { a: 'b' })
    expect(await encode(1)).toEqual(await encode(1))
    expect(Buffer.from(await encode(1)).equals(await encode(2))).toBe(false)
    expect((await encodeAvroFile(manifestEntrySchema, [], {})).byteLength).toBeGreaterThan(100)
  })
})

describe('damage', () => {
  test('a changed bit in the document or in a manifest is noticed', async () => {
    const written = await writeSnapshotMetadata(store, await sample(), { random })
    for (const key of [written.metadataKey, ...written.manifestKeys]) {
      const good = await store.get(key)
      for (let at = 0; at < good.byteLength; at += 97) {
        const bytes = Uint8Array.from(good)
        bytes[at]! ^= 1
        await store.put(key, bytes)
        await expect(readSnapshotMetadata(store, refOf(written))).rejects.toMatchObject({
          code: 'manifest-corrupt',
          details: { key },
        })
      }
      await store.put(key, good.subarray(0, good.byteLength - 1))
      await expect(readSnapshotMetadata(store, refOf(written))).rejects.toMatchObject({
        code: 'manifest-corrupt',
      })
      await store.put(key, good)
    }
    await readSnapshotMetadata(store, refOf(written))
  })

  test('a missing file', async () => {
    const written = await writeSnapshotMetadata(store, await sample(), { random })
    await store.delete(written.manifestKeys)
    await expect(readSnapshotMetadata(store, refOf(written))).rejects.toMatchObject({
      code: 'object-not-found',
    })
  })

  test('a newer format', async () => {
    const written = await writeSnapshotMetadata(store, await sample(), { random })
    const ref = await withDocument(written, (document) => (document.format_version = 2))
    await expect(readSnapshotMetadata(store, ref)).rejects.toMatchObject({ code: 'version-unsupported' })
  })

  test('members that this release does not know are ignored', async () => {
    const metadata = await sample()
    const written = await writeSnapshotMetadata(store, metadata, { random })
    const ref = await withDocument(written, (document) => {
      document.later = 1
      document.snapshot_info.later = 1
      document.collection.later = 1
    })
    expect(await readSnapshotMetadata(store, ref)).toMatchObject(metadata)
  })

  test.each<[string, (document: Draft) => void, string]>([
    ['no list', (document) => delete document.manifest_list, 'manifest_list is not an array'],
    [
      'another path',
      (document) => (document.manifest_digests[0].path = 'x/y'),
      'is not that of manifest_list',
    ],
    [
      'a digest too few',
      (document) => (document.manifest_digests = []),
      'has not one member for each manifest',
    ],
    [
      'another count',
      (document) => (document.manifest_digests[0].num_of_records = 3),
      'it has 4 records, not 3',
    ],
    [
      'another number of shards',
      (document) => (document.collection.num_shards = 1),
      'is not that of the configuration',
    ],
    ['a missing segment', (document) => document.segment_ids.pop(), 'does not name the segments'],
    [
      'another segment',
      (document) => (document.segment_ids[0] = '00000000-0000-4000-8000-000000000000'),
      'which is in no manifest',
    ],
    ['no scope', (document) => (document.snapshot_info.scope = 'x'), 'snapshot_info.scope is none of'],
  ])('a document with %s', async (_, change, message) => {
    const written = await writeSnapshotMetadata(store, await sample(), { random })
    const ref = await withDocument(written, change)
    await expect(readSnapshotMetadata(store, ref)).rejects.toMatchObject({ code: 'manifest-corrupt' })
    await expect(readSnapshotMetadata(store, ref)).rejects.toThrow(message)
  })

  test('a record that names a file outside its segment', async () => {
    const metadata = await sample()
    const [segment] = metadata.segments
    for (const name of ['../../x/y', 'a/b', '.x']) {
      const segments = [
        { ...segment!, files: [{ ...segment!.files[0]!, name }] },
        ...metadata.segments.slice(1),
      ]
      const written = await writeSnapshotMetadata(store, { ...metadata, segments }, { random })
      await expect(readSnapshotMetadata(store, refOf(written))).rejects.toThrow(
        "is no file of the record's segment",
      )
    }
  })

  test('segments that are not described, or described for nothing, are our own mistake', async () => {
    const metadata = await sample()
    const without = { ...metadata, segments: metadata.segments.slice(1) }
    await expect(writeSnapshotMetadata(store, without, { random })).rejects.toThrow(
      'a snapshot describes every segment',
    )
    const unused = { ...metadata, shards: [metadata.shards[0]!, []] }
    await expect(writeSnapshotMetadata(store, unused, { random })).rejects.toThrow(
      'describes no segment that it does not name',
    )
    expect(await store.list('')).toEqual([])
  })

  test('ids of collections and snapshots are kept apart', async () => {
    const metadata = await sample()
    const id = collectionIdOf(random.uuid())
    const snapshot = { ...metadata.snapshot, id: snapshotIdOf(random.uuid()) }
    const other = { ...metadata, snapshot, collection: { ...metadata.collection, id } }
    const written = await writeSnapshotMetadata(store, other, { random })
    const read = await readSnapshotMetadata(store, refOf(written))
    expect(read.collection.id).toBe(id)
    expect(read.snapshot.id).toBe(snapshot.id)
    expect((await collect(store.stream(written.metadataKey))).toString()).toContain(`"collection_id":"${id}"`)
  })
})
