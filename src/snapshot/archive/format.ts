import type { FullConfig } from '../../collection/view.ts'
import type { CollectionId, SegmentId, SequenceNumber, SnapshotId } from '../../ids/brands.ts'
import type { ManifestEntry, SnapshotScope } from '../../manifest/format.ts'
import type { SegmentInfo } from '../../segment/format.ts'

// Invariants of an archive:
//   - every file that an entry of a shard names is in it, and nothing else is; an incremental one lists those apart
//     that it leaves to its base (`external`), and needs nothing but these.
//   - each file is listed once, with the length and SHA-256 that its segment or delta states.
//   - the same snapshot gives the same bytes, whoever asks for them and when.

export const archiveFormat = 'stillpoint-archive'
export const archiveFormatVersion = 3
// An archive states the lowest version that can say what it holds, so that older releases read it if they can.
export const fullArchiveVersion = 1
export const incrementalArchiveVersion = 2
export const shardArchiveVersion = 3
/** Always the first entry. */
export const manifestName = 'manifest.json'
export const manifestBytesMax = 64 * 1024 * 1024
export const archiveFilesMax = 1_000_000

export interface ArchiveFile {
  /** `segments/<segment id>/<file>` */
  readonly name: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface ArchiveSnapshot {
  readonly id: SnapshotId
  readonly name: string
  readonly seq: SequenceNumber
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly scope: SnapshotScope
  /** With the scope `shard` only: which one; the others are empty. */
  readonly shard?: number
  readonly labels: Readonly<Record<string, string>>
  readonly description: string
}

export interface ArchiveCollection {
  readonly id: CollectionId
  readonly name: string
  readonly config: FullConfig
  readonly pointCount: number
  readonly shards: readonly (readonly ManifestEntry[])[]
}

/** The snapshot whose archive the reader has already, or the files of which. */
export interface ArchiveBase {
  readonly database: string
  readonly snapshot: SnapshotId
  readonly name: string
}

export interface ArchiveManifest {
  readonly format: typeof archiveFormat
  readonly formatVersion: number
  /** The snapshot's time, not the archive's: two archives of one snapshot are equal. */
  readonly createdAt: number
  /** Id of the database that wrote the archive. */
  readonly database: string
  readonly snapshot: ArchiveSnapshot
  /** Collection name by alias. */
  readonly aliases: Readonly<Record<string, string>>
  readonly collections: readonly ArchiveCollection[]
  /** By id. */
  readonly segments: readonly SegmentInfo[]
  /** What is in the archive, by name. */
  readonly files: readonly ArchiveFile[]
  /** Null for a full archive. */
  readonly base: ArchiveBase | null
  /** What the base has and this archive leaves out, by name; found again by length and SHA-256. */
  readonly external: readonly ArchiveFile[]
}

/** Every file of the content, whether the archive holds it or not. */
export function contentFiles(manifest: ArchiveManifest): readonly ArchiveFile[] {
  return manifest.external.length === 0 ? manifest.files : [...manifest.files, ...manifest.external]
}

/** Files with this key have the same bytes. */
export const contentKey = ({ bytes, sha256 }: Pick<ArchiveFile, 'bytes' | 'sha256'>): string =>
  `${sha256}/${bytes}`

export const archiveFileName = (segment: SegmentId, file: string): string => `segments/${segment}/${file}`
