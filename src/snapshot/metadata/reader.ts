import { createHash } from 'node:crypto'
import { shardCountOf } from '../../collection/partitions.ts'
import { parseJson } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { collectionIdOf, segmentIdOf, seqOf, snapshotIdOf, type SegmentId } from '../../ids/brands.ts'
import {
  snapshotScopes,
  type DeltaRef,
  type ManifestEntry,
  type ManifestFile,
  type SnapshotRecord,
} from '../../manifest/format.ts'
import type { SegmentFile, SegmentInfo } from '../../segment/format.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { JsonField } from '../json-field.ts'
import { decodeConfig, isFileNameInSegment } from '../stored-fields.ts'
import { decodeAvroFile } from './avro-file.ts'
import { manifestEntrySchema, metadataFormatVersion, type SnapshotMetadata } from './format.ts'

export interface ReadMetadata extends SnapshotMetadata {
  readonly manifestKeys: readonly string[]
}

/**
 * What a snapshot holds of one collection. Every byte is checked against the checksum in `ref` before it is believed.
 * @throws manifest-corrupt naming the file and the member, version-unsupported, object-not-found
 */
export async function readSnapshotMetadata(
  store: Pick<ObjectStore, 'get'>,
  ref: ManifestFile,
): Promise<ReadMetadata> {
  const root = await readDocument(store, ref)
  const info = root.member('snapshot_info')
  const collection = root.member('collection')
  const segmentIds = root.member('segment_ids').array((field) => segmentIdOf(field.uuid()))
  const config = decodeConfig(collection.member('config'))
  const shardCount = collection.member('num_shards').count(1)
  if (shardCount !== shardCountOf(config))
    throw collection.member('num_shards').fail('is not that of the configuration')
  const manifests = decodeManifestList(root)
  const content = new ContentReader(shardCount)
  for (const manifest of manifests) await content.readFile(store, manifest)
  return {
    snapshot: decodeSnapshot(info),
    collection: {
      id: collectionIdOf(info.member('collection_id').uuid()),
      name: collection.member('collection_name').name(),
      config,
      pointCount: collection.member('num_of_points').count(),
    },
    shards: content.shards,
    segments: content.segmentsInOrder(segmentIds, root.member('segment_ids')),
    manifestKeys: manifests.map(({ path }) => path),
  }
}

interface ManifestDigest {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly records: number
}

async function readDocument(store: Pick<ObjectStore, 'get'>, ref: ManifestFile): Promise<JsonField> {
  const bytes = await store.get(ref.key)
  checkBytes(ref.key, bytes, ref)
  let value: unknown
  try {
    value = parseJson(bytes)
  } catch (error) {
    throw corrupt(ref.key, 'it is no JSON document', error)
  }
  const root = new JsonField(value, (path, why) =>
    corrupt(ref.key, `${path === '' ? 'the document' : path} ${why}`),
  )
  const version = root.member('format_version').count(1)
  if (version > metadataFormatVersion) throw tooNew(ref.key, version)
  return root
}

function decodeSnapshot(info: JsonField): SnapshotRecord {
  return {
    id: snapshotIdOf(info.member('id').uuid()),
    name: info.member('name').name(),
    seq: seqOf(info.member('seq').count()),
    createdAt: info.member('create_ts').count(),
    scope: info.member('scope').oneOf(snapshotScopes),
    ...(info.member('shard').isAbsent ? {} : { shard: info.member('shard').count() }),
    collections: info.member('collections').array((field) => ({
      collection: collectionIdOf(field.member('collection_id').uuid()),
      name: field.member('collection_name').name(),
    })),
    aliases: info.member('aliases').record((field) => field.text()),
    labels: info.member('labels').record((field) => field.text()),
    description: info.member('description').text(),
    reason: info.member('reason').isAbsent ? '' : info.member('reason').text(),
  }
}

function decodeManifestList(root: JsonField): readonly ManifestDigest[] {
  const paths = root.member('manifest_list').array((field) => field.name())
  const digests = root.member('manifest_digests').array((field, index) => {
    if (field.member('path').text() !== paths[index])
      throw field.member('path').fail('is not that of manifest_list')
    return {
      path: field.member('path').text(),
      bytes: field.member('bytes').count(),
      sha256: field.member('sha256').sha256(),
      records: field.member('num_of_records').count(),
    }
  })
  if (digests.length !== paths.length)
    throw root.member('manifest_digests').fail('has not one member for each manifest')
  return digests
}

/** Puts shards and segments together from the records of the Avro files. */
class ContentReader {
  readonly shards: ManifestEntry[][]
  readonly #segments = new Map<SegmentId, SegmentInfo>()

  constructor(shardCount: number) {
    this.shards = Array.from({ length: shardCount }, () => [])
  }

  async readFile(store: Pick<ObjectStore, 'get'>, manifest: ManifestDigest): Promise<void> {
    const bytes = await store.get(manifest.path)
    checkBytes(manifest.path, bytes, manifest)
    let records: readonly unknown[]
    try {
      records = decodeAvroFile(bytes, manifestEntrySchema)
    } catch (error) {
      throw corrupt(manifest.path, 'it is no Avro file of this kind', error)
    }
    if (records.length !== manifest.records)
      throw corrupt(manifest.path, `it has ${records.length} records, not ${manifest.records}`)
    records.forEach((record, index) => {
      this.#add(
        new JsonField(record, (path, why) => corrupt(manifest.path, `record ${index}: ${path} ${why}`)),
      )
    })
  }

  /** In the order in which they were written. */
  segmentsInOrder(ids: readonly SegmentId[], field: JsonField): readonly SegmentInfo[] {
    if (new Set(ids).size !== this.#segments.size || ids.length !== this.#segments.size)
      throw field.fail('does not name the segments of the manifests')
    return ids.map((id) => {
      const segment = this.#segments.get(id)
      if (segment === undefined) throw field.fail(`names ${id}, which is in no manifest`)
      return segment
    })
  }

  #add(record: JsonField): void {
    const segment = decodeSegment(record)
    const shard = record.member('shard').count(0, this.shards.length - 1)
    this.#segments.set(segment.id, segment)
    const rowsUpTo = record.member('rows_up_to')
    this.shards[shard]!.push({
      segment: segment.id,
      rowsUpTo: rowsUpTo.isNull ? null : seqOf(rowsUpTo.count()),
      foreign: record.member('is_foreign').boolean(),
      inherited: record.member('inherited_deltalog_files').array((field) => decodeDelta(field, segment.id)),
      deltas: record.member('deltalog_files').array((field) => decodeDelta(field, segment.id)),
    })
  }
}

function decodeSegment(record: JsonField): SegmentInfo {
  const id = segmentIdOf(record.member('segment_id').uuid())
  const files = [
    ...record.member('binlog_files').array((field) => decodeFile(field, id)),
    ...record
      .member('index_files')
      .array((field) => ({ ...decodeFile(field, id), vector: field.member('vector_name').text() })),
  ]
  return {
    id,
    rowCount: record.member('num_of_rows').count(),
    minSeq: seqOf(record.member('min_seq').count()),
    maxSeq: seqOf(record.member('max_seq').count()),
    formatVersion: record.member('storage_version').count(1),
    files: files.sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function decodeDelta(field: JsonField, segment: SegmentId): DeltaRef {
  return {
    ...decodeFile(field, segment),
    count: field.member('entries_num').count(),
    upTo: seqOf(field.member('seq_up_to').count()),
  }
}

function decodeFile(field: JsonField, segment: SegmentId): SegmentFile {
  const path = field.member('log_path').text()
  const folder = `segments/${segment}/`
  const name = path.slice(folder.length)
  if (!path.startsWith(folder) || !isFileNameInSegment(name)) {
    throw field.member('log_path').fail("is no file of the record's segment")
  }
  return { name, bytes: field.member('log_size').count(), sha256: field.member('sha256').sha256() }
}

function checkBytes(
  key: string,
  bytes: Uint8Array,
  stated: { readonly bytes?: number; readonly sha256: string },
): void {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const isLength = stated.bytes === undefined || stated.bytes === bytes.byteLength
  if (sha256 !== stated.sha256 || !isLength) {
    throw corrupt(key, `its SHA-256 is ${sha256}, the file that names it says ${stated.sha256}`)
  }
}

function tooNew(key: string, version: number): DatabaseError {
  return new DatabaseError(
    'version-unsupported',
    `Cannot read ${key}: its format version is ${version}, this release reads up to ${metadataFormatVersion}`,
    { key, version },
  )
}

function corrupt(key: string, why: string, cause?: unknown): DatabaseError {
  return new DatabaseError('manifest-corrupt', `Cannot read ${key}: ${why}`, { key }, cause)
}
