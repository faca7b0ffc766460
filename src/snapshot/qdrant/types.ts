// What a genuine archive of Qdrant holds, without its write-ahead log applied. Whoever reads it merges the segments of
// a shard (of an id that several have, the highest version stands) and then replays the log.

import type { JsonObject } from '../../encoding/json.ts'
import type { VectorValue } from '../../graph/vector-value.ts'
import type { PointId } from '../../ids/point-id.ts'
import type { TextBlock, VectorBlock } from '../../segment/row-block.ts'
import type { ShardKey } from './shard-key-names.ts'

/** Bytes of known length, any range of which can be read. */
export interface EntryBytes {
  /** For messages: `0/segments/<uuid>.tar/snapshot/files/segment.json`. */
  readonly name: string
  readonly bytes: number
  /**
   * All of the range, which must lie inside; the caller must not change what it gets. `into` is memory that may be used for it.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
}

export interface QdrantArchive {
  readonly kind: 'collection' | 'shard' | 'full'
  readonly collections: readonly QdrantCollection[]
  /** Alias to collection; full archives only. */
  readonly aliases: Readonly<Record<string, string>>
  /** Lines for a report: what the format has no checksum for, and so could not be proved. */
  readonly unproved: readonly string[]
}

export interface QdrantCollection {
  /** Full archives only. */
  readonly name: string | undefined
  /** `config.json` as it stands; undefined in an archive of one shard. */
  readonly config: JsonObject | undefined
  /** `schema` of `payload_index.json`: field to schema. */
  readonly payloadIndexes: JsonObject
  readonly shards: readonly QdrantShard[]
}

export interface QdrantShard {
  readonly index: number
  /** Under custom sharding: then several shards may hold the same id under different keys. */
  readonly key: ShardKey | undefined
  readonly segments: readonly QdrantSegment[]
  /** Files below `wal/` by name. */
  readonly wal: ReadonlyMap<string, EntryBytes>
}

export interface QdrantSegment {
  /** The name of its folder or nested tar. */
  readonly name: string
  /** The version of the segment, null if it has none. */
  readonly version: number | null
  readonly pointCount: number
  /** The points that exist, checked: no id and no slot twice. In no stated order. */
  ids(): AsyncIterable<readonly QdrantSlot[]>
  /** The same, by ascending slots, as they lie in memory. */
  readonly idColumns: QdrantIds
  /** The points of these slots, which must ascend, in that order, in batches of bounded bytes. */
  points(slots: Iterable<number>): AsyncIterable<readonly QdrantPoint[]>
  /** The same without an object for each. What a block holds is good until the next but one is asked for. */
  blocks(slots: Uint32Array): AsyncIterable<QdrantBlock>
}

/** What a segment says of its points, column by column. */
export interface QdrantIds {
  readonly slots: Uint32Array
  readonly versions: Float64Array
  /** `IdKind`. */
  readonly kinds: Uint8Array
  /** Four for each point, as in `IdWords`. */
  readonly words: Uint32Array
}

/** Points of a segment column by column. */
export interface QdrantBlock {
  readonly slots: Uint32Array
  /** By name, `''` for the unnamed one. As stored: for cosine, normalised. */
  readonly vectors: ReadonlyMap<string, VectorBlock>
  /** Texts of JSON objects, checked, to the digit; empty for `{}`. */
  readonly payloads: TextBlock
}

/** Where a segment keeps a point. */
export interface QdrantSlot {
  readonly id: PointId
  readonly slot: number
  readonly version: number
}

export interface QdrantPoint {
  readonly slot: number
  /** By name, `''` for the unnamed one; absent ones are absent. As stored: for cosine, normalised. */
  readonly vectors: Readonly<Record<string, VectorValue>>
  /** Text of a JSON object, checked, to the digit; empty for `{}`. */
  readonly payload: Uint8Array
}
