import type { Schema } from 'avsc'
import type { FullConfig } from '../../collection/view.ts'
import type { CollectionId } from '../../ids/brands.ts'
import type { ManifestEntry, SnapshotRecord } from '../../manifest/format.ts'
import type { SegmentInfo } from '../../segment/format.ts'

// A snapshot of one collection in the store: a JSON document that names Avro files, which name the segments' files.
// Invariants:
//   - everything named was durable before the file that names it was written.
//   - the document states the SHA-256 of each Avro file; whoever refers to the document states the document's.
//   - none of them ever changes: a rewritten snapshot is a new document with a higher number.
// Member names are those of Milvus where it has one for the thing: `num_of_rows`, `log_path`, `entries_num`, …

export const metadataFormatVersion = 1
/** Records of one Avro file. */
export const manifestRecordsMax = 10_000

export interface SnapshotMetadata {
  readonly snapshot: SnapshotRecord
  readonly collection: {
    readonly id: CollectionId
    readonly name: string
    readonly config: FullConfig
    readonly pointCount: number
  }
  readonly shards: readonly (readonly ManifestEntry[])[]
  /** One for each segment that an entry names. */
  readonly segments: readonly SegmentInfo[]
}

/** The first is 00001; a document that replaces another counts on. */
export const metadataKey = (collection: CollectionId, revision: number, uuid: string): string =>
  `snapshots/${collection}/metadata/${String(revision).padStart(5, '0')}-${uuid}.json`

export const dataFileManifestKey = (collection: CollectionId, uuid: string): string =>
  `snapshots/${collection}/manifests/data-file-manifest-${uuid}.avro`

/** A file of a segment: the object's key and what it must hold. */
export interface AvroFile {
  readonly log_path: string
  readonly log_size: number
  readonly sha256: string
}

/** `vector_name`: the vector whose graph it is. */
export interface AvroIndexFile extends AvroFile {
  readonly vector_name: string
}

/** Deletions with a number above `seq_up_to` do not count. */
export interface AvroDelta extends AvroFile {
  readonly entries_num: number
  readonly seq_up_to: number
}

/** What one shard sees of one segment. Records stand in the order of the shards, and of the entries in each. */
export interface AvroManifestEntry {
  readonly segment_id: string
  readonly shard: number
  readonly num_of_rows: number
  readonly rows_up_to: number | null
  readonly is_foreign: boolean
  readonly min_seq: number
  readonly max_seq: number
  readonly storage_version: number
  readonly binlog_files: readonly AvroFile[]
  readonly index_files: readonly AvroIndexFile[]
  readonly inherited_deltalog_files: readonly AvroDelta[]
  readonly deltalog_files: readonly AvroDelta[]
}

const fileFields = [
  { name: 'log_path', type: 'string', doc: "Key in the object store, 'segments/<segment id>/<file>'" },
  { name: 'log_size', type: 'long', doc: 'Bytes' },
  { name: 'sha256', type: 'string', doc: 'Lower-case hex' },
]

/** Embedded in every file, so that any Avro reader can read it. */
export const manifestEntrySchema: Schema = {
  type: 'record',
  name: 'ManifestEntry',
  namespace: 'stillpoint.snapshot',
  fields: [
    { name: 'segment_id', type: 'string', doc: 'UUID' },
    { name: 'shard', type: 'int' },
    { name: 'num_of_rows', type: 'long', doc: 'All rows of the segment, deleted ones too' },
    { name: 'rows_up_to', type: ['null', 'long'], doc: 'Rows with a higher seq do not count; null: all do' },
    { name: 'is_foreign', type: 'boolean', doc: 'The rows came by clone, rollback, import or merge' },
    { name: 'min_seq', type: 'long' },
    { name: 'max_seq', type: 'long' },
    { name: 'storage_version', type: 'int', doc: "Format version of the segment's files" },
    {
      name: 'binlog_files',
      type: { type: 'array', items: { type: 'record', name: 'File', fields: fileFields } },
    },
    {
      name: 'index_files',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'IndexFile',
          fields: [...fileFields, { name: 'vector_name', type: 'string' }],
        },
      },
    },
    {
      name: 'inherited_deltalog_files',
      doc: 'Deletions that were in force when the segment joined the collection',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Delta',
          fields: [
            ...fileFields,
            { name: 'entries_num', type: 'long', doc: 'Deletions in the file' },
            { name: 'seq_up_to', type: 'long', doc: 'Deletions with a higher seq do not count' },
          ],
        },
      },
    },
    {
      name: 'deltalog_files',
      type: { type: 'array', items: 'Delta' },
      doc: "The collection's own deletions",
    },
  ],
}
