import type { CollectionConfig } from '../collection/types.ts'
import type { ConfigChange } from '../collection/collection.ts'
import type { JsonObject, JsonValue } from '../encoding/json.ts'
import { parseJson, stringifyJson } from '../encoding/json.ts'
import type { PointsOperation } from '../collection/operations.ts'
import { decodeBatch, encodeBatch, type PointsBatch } from '../collection/points-batch.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type {
  CheckMark,
  DocumentKind,
  Hold,
  ManifestEntry,
  SnapshotRecord,
  SnapshotScope,
} from '../manifest/format.ts'
import type { SegmentInfo } from '../segment/format.ts'

export type AliasAction =
  | { readonly kind: 'create'; readonly alias: string; readonly collection: string }
  | { readonly kind: 'delete'; readonly alias: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

/** A collection that came from outside, already in the store: what a restore record names. */
export interface StagedCollection {
  readonly id: string
  readonly name: string
  readonly config: CollectionConfig
  readonly shards: readonly (readonly ManifestEntry[])[]
  readonly segments: readonly SegmentInfo[]
  /** An existing collection of this name is replaced in place, keeping its id, its settings and its indexes. */
  readonly replace: boolean
  /** The existing collection's shard that becomes what this one is here; its other shards stay. Left out: all of it. */
  readonly shard?: number
  /** With `shard`: the partition that the shard belonged to. Left out: the default one. */
  readonly partition?: string
}

export type DatabaseRecord =
  | { readonly type: 'points'; readonly batch: PointsBatch }
  | { readonly type: 'operation'; readonly operation: PointsOperation }
  | { readonly type: 'configure'; readonly change: ConfigChange }
  | {
      readonly type: 'create-collection'
      readonly id: string
      readonly name: string
      readonly config: CollectionConfig
    }
  | { readonly type: 'drop-collection'; readonly name: string }
  | { readonly type: 'rename-collection'; readonly from: string; readonly to: string }
  | { readonly type: 'aliases'; readonly actions: readonly AliasAction[] }
  | {
      readonly type: 'create-snapshot'
      readonly snapshot: Omit<SnapshotRecord, 'seq' | 'collections' | 'aliases'>
      /** Ids; null: every collection. */
      readonly collections: readonly string[] | null
      readonly holds: readonly Hold[]
    }
  /** `at`: milliseconds since the epoch, for holds that have expired by then. */
  | { readonly type: 'delete-snapshot'; readonly id: string; readonly at: number }
  | { readonly type: 'update-snapshot'; readonly id: string; readonly change: SnapshotChange }
  /** Collections as a snapshot or a moment holds them, as clones or in place: all of them or none. */
  | {
      readonly type: 'restore'
      readonly source: RestoreSource
      readonly collections: readonly RestoreTarget[]
      /** Set beside the collections; those of the same name are replaced. */
      readonly aliases: Readonly<Record<string, string>>
      /** What is replaced in place is kept as this snapshot. */
      readonly undo: UndoSnapshot | null
      readonly receipt?: Receipt
    }
  /** Moments below `horizon` are let go. */
  | { readonly type: 'forget'; readonly horizon: number }
  /** The time from which on the records that follow were written, in milliseconds since the epoch. */
  | { readonly type: 'time'; readonly at: number }
  /** Null removes the document. */
  | {
      readonly type: 'document'
      readonly kind: DocumentKind
      readonly name: string
      readonly value: JsonValue | null
    }
  | {
      readonly type: 'import'
      readonly collections: readonly StagedCollection[]
      readonly aliases: Readonly<Record<string, string>>
      readonly receipt?: Receipt
    }

/** A document of a user that is put by the very record whose effect it tells of. */
export interface Receipt {
  readonly name: string
  readonly value: JsonValue
}

export interface UndoSnapshot {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly scope: SnapshotScope
  /** With the scope `shard` only. */
  readonly shard?: number
  readonly reason: string
}

/** Where a restore reads: a snapshot (by id), a moment that the history still holds, or what is there when its turn comes. */
export type RestoreSource = { readonly snapshot: string } | { readonly seq: number } | { readonly live: true }

export interface RestoreTarget {
  /** Id of the collection in the source. */
  readonly source: string
  /** The new collection's id, or the id of the one that becomes what the source holds. */
  readonly id: string
  readonly name: string
  readonly inPlace: boolean
  /** A new collection's settings. Left out: those of the source. */
  readonly settings?: JsonObject
  /** In place only: one shard of the collection becomes what a shard of the source is. */
  readonly shard?: ShardTarget
}

export interface ShardTarget {
  readonly source: number
  readonly target: number
  /** The number of shards that each partition of the collection had when the points were looked at: they belong there only then. */
  readonly of: number
}

/** Members that are absent stay as they are. */
export interface SnapshotChange {
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
  readonly reason?: string
  readonly addHold?: Hold
  readonly removeHold?: string
  readonly verified?: CheckMark
  readonly drilled?: CheckMark
  readonly contentHashes?: Readonly<Record<string, string>>
}

export type RecordOf<T extends DatabaseRecord['type']> = Extract<DatabaseRecord, { readonly type: T }>

// Numbers in the log, for ever (docs/format/log.md); 9 and 10 are not used any more.
const typeNumbers = {
  points: 1,
  operation: 2,
  configure: 3,
  'create-collection': 4,
  'drop-collection': 5,
  aliases: 6,
  'create-snapshot': 7,
  'delete-snapshot': 8,
  import: 11,
  'update-snapshot': 12,
  restore: 13,
  forget: 14,
  time: 15,
  document: 16,
  'rename-collection': 17,
} as const satisfies Record<DatabaseRecord['type'], number>

const typeNames = new Map<number, DatabaseRecord['type']>(
  Object.entries(typeNumbers).map(([name, number]) => [number, name as DatabaseRecord['type']]),
)

export function encodeRecord(record: DatabaseRecord): { readonly type: number; readonly body: Uint8Array[] } {
  const type = typeNumbers[record.type]
  if (record.type === 'points') return { type, body: encodeBatch(record.batch) }
  return { type, body: [Buffer.from(stringifyJson(record as unknown as JsonValue))] }
}

/** @throws version-unsupported for a type that this release does not know */
export function decodeRecord(type: number, body: Uint8Array): DatabaseRecord {
  const name = typeNames.get(type)
  if (name === undefined) {
    throw new DatabaseError(
      'version-unsupported',
      `Cannot read the log: it holds a record of type ${type}, written by a newer release`,
      { type },
    )
  }
  if (name === 'points') return { type: 'points', batch: decodeBatch(body) }
  return parseJson(body) as unknown as DatabaseRecord & JsonObject
}
