import type { JsonObject, RawJson } from '../encoding/json.ts'
import type { PointId } from '../ids/point-id.ts'
import type { SequenceNumber } from '../ids/brands.ts'
import type { MultiVector, VectorValue } from '../graph/vector-value.ts'
import type { Filter } from '../query/filter.ts'
import type { PayloadIndexParams } from '../query/payload-index.ts'

/**
 * `Jaccard` is for vectors of zeros and ones, which stand for sets: 1 less the share that the two have in common of all that
 * is in one of them; 0 for two empty ones. (Of other numbers it is 1 - a·b / (a·a + b·b - a·b).)
 */
export type Distance = 'Cosine' | 'Dot' | 'Euclid' | 'Manhattan' | 'Jaccard'

/** `sparse`: components by index. `multi`: several vectors of one size, compared by the best match of each (max-sim). */
export type VectorKind = 'dense' | 'sparse' | 'multi'

/** What values are rounded to: half precision; or whole numbers from 0 to 255, cut off beyond. */
export type VectorDatatype = 'float32' | 'float16' | 'uint8'

/** How graphs (HNSW) are built over the vectors of one name. Every segment has one of its own. */
export interface GraphParams {
  /** Links per row, twice as many on the lowest layer: 2 to 512; 0: no graph, every search is exact. Default 16. */
  readonly m: number
  /** Rows that an insertion keeps in view, 1 to 4,096: more make a better graph, and take longer. Default 100. */
  readonly efConstruct: number
  /** A segment whose vectors have fewer bytes is scanned: it gets no graph. Default 10,000 KiB. */
  readonly minBytes: number
  /**
   * Searches take distances of codes of the vectors, which lie beside them in memory, and rank what they have found by the vectors:
   * a byte per component (`int8`), or two. Faster the more dimensions there are; below 64 there are none. `auto`: bytes from 256
   * dimensions on, where they tell the vectors apart. Default `auto`.
   */
  readonly codes?: 'auto' | 'none' | 'int8' | 'bfloat16'
}

export interface VectorParams {
  /** Default 'dense'. */
  readonly kind?: VectorKind
  /** Dimensions, 1 to 65,536; of each of several vectors. 0 for sparse ones. */
  readonly size: number
  /** 'Dot' for sparse vectors. */
  readonly distance: Distance
  /**
   * Vectors with the distance Cosine are stored at length one, which is faster, unless this is true: then they are stored as
   * they are given, bit for bit, and their lengths are divided out in each comparison; those without any have the score 0.
   * With other distances vectors are stored as given in any case. Not for sparse ones. Default false.
   */
  readonly keepsLength?: boolean
  /** Default 'float32'. */
  readonly datatype?: VectorDatatype
  /** Sparse vectors only: in a query each component counts the more, the fewer points have it (inverse document frequency). */
  readonly modifier?: 'idf'
  /** Of the graph that finds its nearest neighbours. Dense vectors only. A front door may say otherwise, see `OpenOptions.graphParams`. */
  readonly graph?: Partial<GraphParams>
  /**
   * In written segments the vectors stay in their files: in memory are codes of them, by which graphs find what is then ranked by
   * the vectors, and what has not been written yet. Holds for what is written or loaded from then on. Dense vectors only, and only
   * where the store is local files; without effect elsewhere. Default false.
   */
  readonly onDisk?: boolean
  /** Set by the database where the vector is kept under another name than its own; not given by callers. */
  readonly column?: string
  /** What a front door wants to remember of this vector (on_disk, hnsw_config, …); means nothing to the engine. */
  readonly settings?: JsonObject
}

export interface CollectionConfig {
  /** By name; the unnamed vector is `''`. May be empty. */
  readonly vectors: Readonly<Record<string, VectorParams>>
  /** Default 1. */
  readonly shardNumber?: number
  /**
   * Names of the partitions, `_default` first; null where one was dropped and its place not taken again. Left out where
   * `_default` is the only one. Each has `shardNumber` shards.
   */
  readonly partitions?: readonly (string | null)[]
  readonly payloadIndexes?: Readonly<Record<string, PayloadIndexParams>>
  /** What a front door wants to remember of this collection; snapshotted with it; means nothing to the engine. */
  readonly settings?: JsonObject
}

export interface SparseInput {
  /** Whole numbers up to 2^32 - 1, distinct, in any order. */
  readonly indices: readonly number[] | Uint32Array
  /** As many. */
  readonly values: readonly number[] | Float32Array
}

/** Components of a dense vector; indices and values of a sparse one; one or more vectors of a `multi`. */
export type VectorInput =
  readonly number[] | Float32Array | SparseInput | readonly (readonly number[] | Float32Array)[] | MultiVector

export interface PointInput {
  readonly id: PointId
  /** By vector name. Absent names stay absent. */
  readonly vectors?: Readonly<Record<string, VectorInput>>
  readonly payload?: JsonObject | RawJson
}

export interface VectorsInput {
  readonly id: PointId
  readonly vectors: Readonly<Record<string, VectorInput>>
}

/** Which points an operation means: exactly one of the two. A filter without conditions means every point. */
export type PointSelector = { readonly ids: readonly PointId[] } | { readonly filter: Filter }

/** `include` keeps only the named paths, `exclude` drops them; true is everything, false nothing. */
export type PayloadSelection =
  boolean | { readonly include: readonly string[] } | { readonly exclude: readonly string[] }
export type VectorSelection = boolean | readonly string[]

export interface ReadOptions {
  /** Default false. */
  readonly payload?: PayloadSelection
  /** Default false. */
  readonly vectors?: VectorSelection
  /** Points say which partition they are in. Default false. */
  readonly partition?: boolean
}

export interface PartitionSelection {
  /** Only points in these partitions. Default: in all. */
  readonly partitions?: readonly string[]
  /**
   * Of the points of one id, in several partitions, only one: the best, where there are scores, else that of the partition
   * that was there first. Pages that are ordered by a value hold all of them. Default false.
   */
  readonly oncePerId?: boolean
}

export interface PartitionTarget {
  /** The partition that is written to, or several, in one record. Default `_default`. */
  readonly partition?: string | readonly string[]
}

/** Of a write that selects points. */
export interface PartitionsTarget {
  /** The partition that is written to. Default `_default`. Several, or null, which is all that there are when its turn comes, in one record. */
  readonly partition?: string | readonly string[] | null
}

/** Of a write that goes with another schema of the front door's. */
export interface SettingsTarget extends PartitionsTarget {
  /** Replaces the settings of the collection, in the same step. */
  readonly settings?: JsonObject
}

export interface Point {
  /** A number up to 2^53 - 1, a bigint beyond, or a UUID in lower case with hyphens. */
  readonly id: PointId
  /** Sequence number of the write that made this version. */
  readonly version: SequenceNumber
  /** JSON text as stored, after the selection. Absent if not asked for. */
  readonly payload?: RawJson
  readonly vectors?: Readonly<Record<string, VectorValue>>
  /** Absent if not asked for. */
  readonly partition?: string
}

export interface ScoredPoint extends Point {
  /** Similarity for Cosine and Dot (higher is better), distance for Euclid, Manhattan and Jaccard (lower is better). */
  readonly score: number
  /** What the point was ordered by, if it was. */
  readonly orderValue?: number | bigint | string
}

export interface OrderBy {
  readonly path: string
  /** Default 'asc'. */
  readonly direction?: 'asc' | 'desc'
  /** Number, or RFC 3339 text for datetime fields; inclusive. */
  readonly startFrom?: number | string
}

export interface ScrollRequest extends ReadOptions, PartitionSelection {
  readonly filter?: Filter
  /** Default 10. The points of one id, in several partitions, are never on two pages: a page may be longer by these. */
  readonly limit?: number
  /** First id to return (inclusive); not together with orderBy. */
  readonly offset?: PointId
  /** Default 'unsigned'. 'signed': numbers from 2^63 on are negative, 64-bit two's complement, and come first. */
  readonly idOrder?: 'unsigned' | 'signed'
  readonly orderBy?: OrderBy
}

export interface ScrollPage {
  /** By id, numbers before UUIDs; or by orderBy, which then also gives `orderValues` (one per point: number, bigint or datetime text as stored). */
  readonly points: readonly Point[]
  readonly orderValues?: readonly (number | bigint | string)[]
  /** The offset of the next page; absent on the last one. */
  readonly next?: PointId
}

export interface WriteResult {
  readonly seq: SequenceNumber
  /** Ids that the operation named and that do not exist; the others were changed. */
  readonly missing: readonly PointId[]
  /** How many points were written or removed. */
  readonly affected: number
}

export interface UpsertOptions extends PartitionTarget {
  /** Default 'upsert'. */
  readonly mode?: 'upsert' | 'insert-only' | 'update-only'
  /** Existing points are replaced only if they pass; points that do not exist are inserted (unless update-only). */
  readonly condition?: Filter
}

export interface CollectionInfo {
  readonly name: string
  readonly id: string
  readonly config: CollectionConfig & { readonly shardNumber: number }
  readonly pointCount: number
  /** Points by partition. The same id in two partitions is two points. */
  readonly partitions: Readonly<Record<string, number>>
  /** Of each shard, in their order: `shardNumber` for each partition. */
  readonly shardPointCounts: readonly number[]
  readonly segmentCount: number
  /** Present vectors over all names. */
  readonly vectorCount: number
  /** Present vectors by name. */
  readonly vectorCounts: Readonly<Record<string, number>>
  /** Of dense vectors by name: those that a graph finds. The others are in segments that are scanned. */
  readonly indexedVectorCounts: Readonly<Record<string, number>>
  /** Whether there are enough rows for a graph that is not there yet. Their searches are exact until then. */
  readonly isOptimizing: boolean
  /** Points that have a value of the index's type, by indexed field. */
  readonly indexedPoints: Readonly<Record<string, number>>
}
