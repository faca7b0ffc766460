import { createHash } from 'node:crypto'
import { stringifyJson, type JsonValue } from '../../encoding/json.ts'
import type { SegmentId } from '../../ids/brands.ts'
import type { DeltaRef, ManifestEntry } from '../../manifest/format.ts'
import { assert } from '../../runtime/assert.ts'
import type { Random } from '../../runtime/random.ts'
import type { SegmentFile, SegmentInfo } from '../../segment/format.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { encodeAvroFile } from './avro-file.ts'
import {
  dataFileManifestKey,
  manifestEntrySchema,
  manifestRecordsMax,
  metadataFormatVersion,
  metadataKey,
  type AvroDelta,
  type AvroFile,
  type AvroManifestEntry,
  type SnapshotMetadata,
} from './format.ts'

export interface WrittenMetadata {
  readonly metadataKey: string
  /** SHA-256 of the document, lower-case hex: whoever names the document states it. */
  readonly sha256: string
  readonly manifestKeys: readonly string[]
}

export interface WriteMetadataOptions {
  readonly random: Random
  /** 1 for the first document of a snapshot, one more with every rewrite. Default 1. */
  readonly revision?: number
}

/**
 * Writes what a snapshot holds of one collection: the Avro files, then the document that names them. Nothing names
 * the document yet: the caller's catalog makes it count.
 */
export async function writeSnapshotMetadata(
  store: ObjectStore,
  metadata: SnapshotMetadata,
  options: WriteMetadataOptions,
): Promise<WrittenMetadata> {
  const records = [...manifestRecords(metadata)]
  const manifests = []
  for (let at = 0; at < records.length; at += manifestRecordsMax) {
    manifests.push(
      await writeManifestFile(store, metadata, records.slice(at, at + manifestRecordsMax), options.random),
    )
  }
  const bytes = Buffer.from(`${stringifyJson(document(metadata, manifests) as JsonValue)}\n`)
  const key = metadataKey(metadata.collection.id, options.revision ?? 1, options.random.uuid())
  await store.put(key, bytes, { ifAbsent: true })
  return { metadataKey: key, sha256: sha256Of(bytes), manifestKeys: manifests.map(({ path }) => path) }
}

interface ManifestDigest {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly num_of_records: number
}

async function writeManifestFile(
  store: ObjectStore,
  metadata: SnapshotMetadata,
  records: readonly AvroManifestEntry[],
  random: Random,
): Promise<ManifestDigest> {
  const path = dataFileManifestKey(metadata.collection.id, random.uuid())
  const bytes = await encodeAvroFile(manifestEntrySchema, records, {
    'stillpoint.format_version': String(metadataFormatVersion),
    'stillpoint.snapshot_id': metadata.snapshot.id,
  })
  await store.put(path, bytes, { ifAbsent: true })
  return { path, bytes: bytes.byteLength, sha256: sha256Of(bytes), num_of_records: records.length }
}

function document(metadata: SnapshotMetadata, manifests: readonly ManifestDigest[]): object {
  const { snapshot, collection } = metadata
  return {
    format_version: metadataFormatVersion,
    snapshot_info: {
      id: snapshot.id,
      name: snapshot.name,
      description: snapshot.description,
      collection_id: collection.id,
      create_ts: snapshot.createdAt,
      seq: snapshot.seq,
      scope: snapshot.scope,
      ...(snapshot.shard === undefined ? {} : { shard: snapshot.shard }),
      labels: snapshot.labels,
      reason: snapshot.reason,
      aliases: snapshot.aliases,
      collections: snapshot.collections.map(({ collection: id, name }) => ({
        collection_id: id,
        collection_name: name,
      })),
    },
    collection: {
      collection_name: collection.name,
      num_shards: metadata.shards.length,
      num_of_points: collection.pointCount,
      config: collection.config,
    },
    segment_ids: metadata.segments.map(({ id }) => id),
    manifest_list: manifests.map(({ path }) => path),
    manifest_digests: manifests,
  }
}

function* manifestRecords(metadata: SnapshotMetadata): Iterable<AvroManifestEntry> {
  const segments = new Map(metadata.segments.map((segment) => [segment.id, segment]))
  const used = new Set<SegmentId>()
  for (const [shard, entries] of metadata.shards.entries()) {
    for (const entry of entries) {
      const segment = segments.get(entry.segment)
      assert(segment !== undefined, 'a snapshot describes every segment that it names')
      used.add(entry.segment)
      yield manifestRecord(shard, entry, segment)
    }
  }
  assert(used.size === segments.size, 'a snapshot describes no segment that it does not name')
}

function manifestRecord(shard: number, entry: ManifestEntry, segment: SegmentInfo): AvroManifestEntry {
  const files = segment.files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    segment_id: segment.id,
    shard,
    num_of_rows: segment.rowCount,
    rows_up_to: entry.rowsUpTo,
    is_foreign: entry.foreign,
    min_seq: segment.minSeq,
    max_seq: segment.maxSeq,
    storage_version: segment.formatVersion,
    binlog_files: files
      .filter(({ vector }) => vector === undefined)
      .map((file) => avroFile(segment.id, file)),
    index_files: files.flatMap((file) =>
      file.vector === undefined ? [] : [{ ...avroFile(segment.id, file), vector_name: file.vector }],
    ),
    inherited_deltalog_files: entry.inherited.map((ref) => avroDelta(segment.id, ref)),
    deltalog_files: entry.deltas.map((ref) => avroDelta(segment.id, ref)),
  }
}

function avroDelta(segment: SegmentId, ref: DeltaRef): AvroDelta {
  return { ...avroFile(segment, ref), entries_num: ref.count, seq_up_to: ref.upTo }
}

function avroFile(segment: SegmentId, file: Pick<SegmentFile, 'name' | 'bytes' | 'sha256'>): AvroFile {
  return { log_path: `segments/${segment}/${file.name}`, log_size: file.bytes, sha256: file.sha256 }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
