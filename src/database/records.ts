import type { CollectionConfig } from '../collection/types.ts'
import type { ConfigChange } from '../collection/collection.ts'
import type { JsonObject, JsonValue } from '../encoding/json.ts'
import { parseJson, stringifyJson } from '../encoding/json.ts'
import type { PointsOperation } from '../collection/operations.ts'
import { decodeBatch, encodeBatch, type PointsBatch } from '../collection/points-batch.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { ManifestEntry, SnapshotRecord } from '../manifest/format.ts'
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
  | { readonly type: 'aliases'; readonly actions: readonly AliasAction[] }
  | {
      readonly type: 'create-snapshot'
      readonly snapshot: Omit<SnapshotRecord, 'seq' | 'collections' | 'aliases'>
      readonly collection: string | null
    }
  | { readonly type: 'delete-snapshot'; readonly id: string }
  /** A new collection from a snapshot that this store holds. */
  | {
      readonly type: 'clone'
      readonly snapshot: string
      readonly source: string
      readonly id: string
      readonly name: string
    }
  /** A collection becomes what the snapshot holds; what it was is kept as the snapshot `undo`. */
  | {
      readonly type: 'rollback'
      readonly snapshot: string
      readonly source: string
      readonly collection: string
      readonly undo: UndoSnapshot | null
    }
  | {
      readonly type: 'import'
      readonly collections: readonly StagedCollection[]
      readonly aliases: Readonly<Record<string, string>>
    }

export interface UndoSnapshot {
  readonly id: string
  readonly name: string
  readonly createdAt: number
}

export type RecordOf<T extends DatabaseRecord['type']> = Extract<DatabaseRecord, { readonly type: T }>

// Numbers in the log, for ever (docs/format/log.md).
const typeNumbers = {
  points: 1,
  operation: 2,
  configure: 3,
  'create-collection': 4,
  'drop-collection': 5,
  aliases: 6,
  'create-snapshot': 7,
  'delete-snapshot': 8,
  clone: 9,
  rollback: 10,
  import: 11,
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
