import type { CollectionId, Generation, SegmentId, SequenceNumber, SnapshotId } from '../ids/brands.ts'

// Invariants of manifests and catalogs:
//   - a generation is published once, by a put that fails if it exists; it never changes afterwards.
//   - every object named here was durable before the file that names it was written.
//   - an object leaves the newest catalog before it is deleted.
//   - a catalog is the fold of all log records up to `appliedSeq`; recovery replays what follows.

export const manifestFormatVersion = 1
export const catalogFormatVersion = 1

/** A delta file of a segment, as far as an entry counts it: deletions with a number above `upTo` are not the entry's. */
export interface DeltaRef {
  /** File name within the segment's folder. */
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  /** Deletions in the file. */
  readonly count: number
  /** The number up to which the file counts for this entry. */
  readonly upTo: SequenceNumber
}

/** What one shard of a collection (or of a snapshot of it) sees of a segment. */
export interface ManifestEntry {
  readonly segment: SegmentId
  /**
   * Rows with a higher `written` number are not seen. Null where every row counts (and for rows that the
   * collection wrote itself, the number of a view applies as well, see `inherited`).
   */
  readonly rowsUpTo: SequenceNumber | null
  /**
   * True if the entry came with a restore, a clone or a merge: its rows count whole from the moment it joined,
   * whatever number wrote them (numbers of another database mean nothing here).
   */
  readonly foreign: boolean
  /** Deletions that were in force when the entry joined. */
  readonly inherited: readonly DeltaRef[]
  /** The collection's own deletions since. */
  readonly deltas: readonly DeltaRef[]
}

export interface ManifestFile {
  readonly key: string
  readonly sha256: string
}

export interface SnapshotCollectionRef {
  readonly collection: CollectionId
  readonly name: string
}

export const snapshotScopes = ['collection', 'several', 'store', 'shard'] as const
/** What a snapshot was taken of: one collection, some of them in one cut, the whole store with its aliases, or one shard. */
export type SnapshotScope = (typeof snapshotScopes)[number]

export interface SnapshotRecord {
  readonly id: SnapshotId
  readonly name: string
  readonly seq: SequenceNumber
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly scope: SnapshotScope
  /** With the scope `shard` only: which one of its collection; the others are empty in it. */
  readonly shard?: number
  readonly collections: readonly SnapshotCollectionRef[]
  readonly aliases: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly description: string
  /** Why it was made: `manual`, `policy:<name>`, `before-rollback`, or what the caller says. */
  readonly reason: string
}

/** Keeps a snapshot from being deleted. */
export interface Hold {
  readonly id: string
  /** Milliseconds since the epoch; null: until it is released. */
  readonly until: number | null
  readonly reason: string
}

/** The last time that a snapshot was verified or drilled. */
export interface CheckMark {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly ok: boolean
  /** What was wrong: file and reason. */
  readonly problems: readonly string[]
  /** Bytes that were read. */
  readonly bytes: number
}

/** What is said of a snapshot after its moment; it lives in the catalog only. */
export interface SnapshotMarks {
  readonly holds: readonly Hold[]
  readonly verified: CheckMark | null
  readonly drilled: CheckMark | null
  /** SHA-256 over each collection's points, by collection id, as far as it has been computed. */
  readonly contentHashes: Readonly<Record<string, string>>
}

export const noMarks: SnapshotMarks = { holds: [], verified: null, drilled: null, contentHashes: {} }

export type { CollectionId, Generation, SegmentId, SequenceNumber, SnapshotId }

/** `collections/<id>/manifests/<generation>-<random>.json` */
export interface CollectionManifest {
  readonly collection: CollectionId
  readonly name: string
  /** The log record up to which the manifest counts. */
  readonly seq: SequenceNumber
  readonly pointCount: number
  /** The collection's configuration, as it was created and changed since. */
  readonly config: unknown
  readonly shards: readonly (readonly ManifestEntry[])[]
  /** One SegmentInfo for each segment that an entry names. */
  readonly segments: readonly unknown[]
}

/** A snapshot's content in the store, one file per collection. */
export interface SealedRef extends ManifestFile {
  readonly collection: CollectionId
}

export interface CatalogSnapshot extends SnapshotRecord {
  readonly sealed: readonly SealedRef[]
  readonly marks: SnapshotMarks
}

/**
 * A stretch of a collection's past: what it held at `seq`, from which any moment since `from` follows by leaving out
 * later rows and deletions. It ends where the collection's entries or its configuration changed as a whole.
 */
export interface HistoryRecord {
  readonly snapshot: SnapshotRecord
  readonly from: SequenceNumber
}

export interface CatalogHistory extends HistoryRecord {
  readonly sealed: readonly SealedRef[]
}

export const documentKinds = ['retention', 'policy', 'job', 'user'] as const
/** Small things that the catalog keeps by name: settings, policies, jobs, and those of whoever uses the database. */
export type DocumentKind = (typeof documentKinds)[number]

export interface CatalogCollection extends ManifestFile {
  readonly id: CollectionId
  readonly name: string
  /** From this number on the collection's entries give any of its moments. */
  readonly validFrom: SequenceNumber
}

/** `catalog/<generation>.json`: the root of everything. Publishing it is the commit point of a checkpoint. */
export interface Catalog {
  readonly database: string
  readonly generation: Generation
  readonly appliedSeq: SequenceNumber
  readonly collections: readonly CatalogCollection[]
  readonly aliases: Readonly<Record<string, string>>
  readonly snapshots: readonly CatalogSnapshot[]
  readonly history: readonly CatalogHistory[]
  /** Moments below this number cannot be read any more. */
  readonly horizon: SequenceNumber
  /** When which record was written (docs/format/manifest.md); null: no retention window was ever set. */
  readonly timeline: ManifestFile | null
  /** By kind, then by name. */
  readonly documents: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export const catalogPrefix = 'catalog/'
export const historyPrefix = 'history/'
export const catalogKey = (generation: Generation): string =>
  `${catalogPrefix}${String(generation).padStart(10, '0')}.json`
export const manifestKey = (collection: CollectionId, generation: Generation, unique: string): string =>
  `collections/${collection}/manifests/${String(generation).padStart(10, '0')}-${unique}.json`
