import type { SearchEffort } from '../../graph/search/search-column.ts'
import type { PointId } from '../../ids/point-id.ts'
import type { Filter } from '../../query/filter.ts'
import type { FusionMethod } from '../../query/ranking/fusion.ts'
import type { Formula } from '../../query/ranking/formula.ts'
import type { FeedbackWeights } from '../../query/ranking/similarity-score.ts'
import type { CollectionReader } from '../reader.ts'
import type { OrderBy, PartitionSelection, Point, ReadOptions, ScoredPoint, VectorInput } from '../types.ts'

/** A vector, or that of a point. */
export type Example = VectorInput | PointExample

export interface PointExample {
  readonly id: PointId
  /** Name of the vector. Default: that of the search. */
  readonly vector?: string
  /** Where the point is; by default in the collection that is searched, and then it is not among the results. */
  readonly from?: CollectionReader
  /** Only in these partitions. Default: in those that are searched, and then in all. */
  readonly partitions?: readonly string[]
}

export interface ContextPair {
  readonly positive: Example
  readonly negative: Example
}

/** What decides about the order of the results. Scores: higher is better, except where a distance is named. */
export type Query =
  /** The closest, as the vector's distance has it. `diversity` also keeps the results apart from each other. */
  | { readonly kind: 'nearest'; readonly to: Example; readonly diversity?: Diversity }
  | Recommend
  /** Points on the positive side of the most pairs, and of these the closest to the target. */
  | { readonly kind: 'discover'; readonly target: Example; readonly context: readonly ContextPair[] }
  /** Points on the positive side of all pairs have score 0, others less. */
  | { readonly kind: 'context'; readonly context: readonly ContextPair[] }
  | Feedback
  /** By a value of the payload, which must be indexed; only points that have one, with score 1. */
  | { readonly kind: 'order-by'; readonly orderBy: OrderBy }
  /** Any points in any order, with score 1. */
  | { readonly kind: 'sample' }
  /** One list out of those that the prefetches give. */
  | { readonly kind: 'fusion'; readonly fusion: FusionMethod }
  /** A score computed for each point that the prefetches give. */
  | { readonly kind: 'formula'; readonly formula: Formula }

export interface Diversity {
  /** 0 to 1: from the closest alone to the most unlike alone. Default 0.5. */
  readonly diversity?: number
  /** From how many of the closest is chosen. Default: the limit. */
  readonly candidates?: number
}

export interface Recommend {
  readonly kind: 'recommend'
  readonly positive?: readonly Example[]
  readonly negative?: readonly Example[]
  /**
   * `average` (the default) is a search for twice the mean of the positive examples less that of the negative ones, and
   * scores as such; it needs a positive one. `best-score` compares with the closest example, `sum-scores` with all.
   */
  readonly strategy?: 'average' | 'best-score' | 'sum-scores'
}

/** A search that is corrected by how results of an earlier one were judged. */
export interface Feedback {
  readonly kind: 'feedback'
  readonly target: Example
  /** The higher the score, the better the example. */
  readonly judged: readonly { readonly example: Example; readonly score: number }[]
  readonly weights: FeedbackWeights
}

/** A search whose results the query around it works on. */
export interface Prefetch {
  /** Without one: points in id order, with score 1. */
  readonly query?: Query
  readonly prefetch?: readonly Prefetch[]
  /** Default `''`. */
  readonly using?: string
  /** Points must also pass the filters of all queries around. */
  readonly filter?: Filter
  /** Of which points a sparse vector with the modifier `idf` counts how rare an index is. Default: of all. */
  readonly corpus?: Filter
  /** Default 10. */
  readonly limit?: number
  /**
   * Scores of vectors must be better: > threshold, or < threshold where a distance (Euclid, Manhattan) is the score. Those
   * of a fusion or a formula may also be equal to it.
   */
  readonly scoreThreshold?: number
  /** How the search of dense vectors weighs time against what it finds. Prefetches have their own. */
  readonly effort?: SearchEffort
}

/** Without any query, points come in id order with score 1. */
export interface QueryRequest extends Prefetch, ReadOptions, PartitionSelection {
  /** Short for the query `nearest`. */
  readonly vector?: VectorInput
  /** Short for the query `sample`. */
  readonly sample?: boolean
  /** How many of the best to leave out; a sample has none to leave out. Default 0. */
  readonly offset?: number
}

export interface QueryGroupsRequest extends Omit<QueryRequest, 'offset'> {
  /**
   * Path of the values: texts and whole numbers. A point belongs to the group of each of its values, in a list too;
   * points without one belong to none.
   */
  readonly groupBy: string
  /** Hits in a group at most. Default 3. */
  readonly groupSize?: number
  /** Reads the point whose id is the group's. */
  readonly groupLookup?: ReadOptions & PartitionSelection & { readonly from: CollectionReader }
}

/** `limit` of a request is how many groups there are at most. */
export interface PointGroup {
  readonly id: string | number | bigint
  /** Best first. */
  readonly hits: readonly ScoredPoint[]
  /** Absent where there is no such point. */
  readonly lookup?: Point
}

export interface DistanceMatrixRequest extends PartitionSelection {
  /** Name of the vector. Default `''`. */
  readonly using?: string
  readonly filter?: Filter
  /** How many points are compared, chosen at random where there are more. Default 10. */
  readonly sample?: number
  /** How many neighbours each has. Default 3. */
  readonly limit?: number
}

/** Scores between points: of each its nearest among the others. */
export interface DistanceMatrix {
  /** In id order. */
  readonly ids: readonly PointId[]
  /** For each of `ids` its neighbours, nearest first; `index` is a place in `ids`. */
  readonly neighbours: readonly (readonly { readonly index: number; readonly score: number }[])[]
}
