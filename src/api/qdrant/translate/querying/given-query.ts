import type {
  Filter,
  Formula,
  FusionMethod,
  OrderBy,
  PayloadSelection,
  PointId,
  VectorSelection,
} from '../../../../index.ts'
import type { ShardKeys } from '../shard-key.ts'
import type { GivenVector } from '../vectors.ts'
import type { SearchParams } from './search-params.ts'

// Requests as they were sent: their form is right, and nothing is known yet of the collection.

export type GivenExample =
  { readonly kind: 'point'; readonly id: PointId } | { readonly kind: 'vector'; readonly vector: GivenVector }

export interface GivenPair {
  readonly positive: GivenExample
  readonly negative: GivenExample
}

export interface GivenDiversity {
  readonly diversity: number | undefined
  readonly candidates_limit: number | undefined
}

export interface GivenRecommend {
  readonly kind: 'recommend'
  readonly positive: readonly GivenExample[]
  readonly negative: readonly GivenExample[]
  readonly strategy: 'average_vector' | 'best_score' | 'sum_scores'
}

export interface GivenFeedback {
  readonly kind: 'feedback'
  readonly target: GivenExample
  readonly feedback: readonly { readonly example: GivenExample; readonly score: number }[]
  readonly naive: { readonly a: number; readonly b: number; readonly c: number }
}

/** What a query looks for. */
export type Aim =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'nearest'
      readonly to: GivenExample
      readonly mmr?: GivenDiversity | undefined
    }
  | GivenRecommend
  | { readonly kind: 'discover'; readonly target: GivenExample; readonly context: readonly GivenPair[] }
  | { readonly kind: 'context'; readonly context: readonly GivenPair[] }
  | GivenFeedback
  | { readonly kind: 'order'; readonly orderBy: OrderBy }
  | { readonly kind: 'sample' }
  | { readonly kind: 'fusion'; readonly fusion: FusionMethod }
  /** Names and texts in a formula are looked at last. @throws WireError 400 */
  | { readonly kind: 'formula'; readonly formula: () => Formula }

export interface GivenLookup {
  readonly collection: string
  readonly vector: string | undefined
  readonly shard_key: ShardKeys | undefined
}

/** A query, or one inside another. */
export interface GivenLevel {
  readonly aim: Aim
  readonly prefetch: readonly GivenLevel[]
  /** Undefined: left out, which means the vector without a name. */
  readonly using: string | undefined
  readonly filter: Filter | undefined
  readonly limit: number
  readonly scoreThreshold: number | undefined
  readonly params: SearchParams | undefined
  readonly lookup: GivenLookup | undefined
}

export interface GivenQuery extends GivenLevel {
  readonly offset: number
  readonly payload: PayloadSelection
  readonly vectors: VectorSelection
  readonly shardKeys: ShardKeys | undefined
  /** Of the routes that were there before the query API. */
  readonly isOld?: boolean
}

export interface GivenGroupLookup {
  readonly collection: string
  readonly payload: PayloadSelection
  readonly vectors: VectorSelection
}

/** `limit` of the query is how many groups there are at most. */
export interface GivenGroups {
  readonly query: GivenQuery
  readonly groupBy: string
  readonly groupSize: number
  readonly lookup: GivenGroupLookup | undefined
}

/** All examples of a level itself. */
export function givenExamples(aim: Aim): readonly GivenExample[] {
  const ofPairs = (pairs: readonly GivenPair[]): GivenExample[] =>
    pairs.flatMap((pair) => [pair.positive, pair.negative])
  switch (aim.kind) {
    case 'nearest':
      return [aim.to]
    case 'recommend':
      return [...aim.positive, ...aim.negative]
    case 'discover':
      return [aim.target, ...ofPairs(aim.context)]
    case 'context':
      return ofPairs(aim.context)
    case 'feedback':
      return [aim.target, ...aim.feedback.map(({ example }) => example)]
    default:
      return []
  }
}

/** The level and all those below it. */
export function levelsOf(level: GivenLevel): readonly GivenLevel[] {
  return [level, ...level.prefetch.flatMap((one) => levelsOf(one))]
}
