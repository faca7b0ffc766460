import type { VectorValue } from '../../graph/vector-value.ts'
import { averageQuery } from '../../query/ranking/average.ts'
import {
  bestScore,
  contextScore,
  discoverScore,
  feedbackPairs,
  feedbackScore,
  sumOfScores,
  type Similarities,
} from '../../query/ranking/similarity-score.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import type { RowSet } from '../../segment/row-set.ts'
import { isDescending, paramsOf, prepareQuery, scoreRows } from '../scoring.ts'
import type { Distance, VectorParams } from '../types.ts'
import type { View } from '../view.ts'
import type { ExampleReader, SearchedField } from './examples.ts'
import type { ContextPair, Query, Recommend } from './query-types.ts'

export type VectorQuery = Extract<
  Query,
  { kind: 'nearest' | 'recommend' | 'discover' | 'context' | 'feedback' }
>

/** Takes similarities to the examples, in their order; gives the scores of rows. */
type Combine = (similarities: Similarities) => (row: number) => number

interface Field {
  readonly using: string
  readonly params: VectorParams
  /** Whether a higher score is a better one. */
  readonly descending: boolean
}

/** How rows are scored by their vectors: by the distance to one vector, or by similarities to several. */
export type ScoringPlan =
  | (Field & { readonly kind: 'distance'; readonly vector: VectorValue })
  | (Field & {
      readonly kind: 'similarities'
      readonly examples: readonly VectorValue[]
      readonly combine: Combine
    })

/** @throws vector-unknown, dimension-mismatch, point-not-found, request-invalid */
export function scoringPlan(
  view: View,
  query: VectorQuery,
  field: SearchedField,
  reader: ExampleReader,
): ScoringPlan {
  const { using } = field
  const params = paramsOf(view, using)
  const distance = (vector: VectorValue): ScoringPlan => ({
    kind: 'distance',
    using,
    params,
    descending: isDescending(params.distance),
    vector,
  })
  if (query.kind === 'nearest') return distance(reader.prepared(query.to, field))
  if (query.kind === 'recommend' && (query.strategy ?? 'average') === 'average') {
    return distance(averageOf(query, field, reader, view))
  }
  const { examples, combine } = combination(query, field, reader)
  return { kind: 'similarities', using, params, descending: true, examples, combine }
}

function averageOf(query: Recommend, field: SearchedField, reader: ExampleReader, view: View): VectorValue {
  const { positive = [], negative = [] } = query
  if (positive.length === 0) {
    const text = 'Cannot recommend by average: there is no positive example'
    throw new DatabaseError('request-invalid', text, { reason: 'no-positive-example' })
  }
  const liked = positive.map((example) => reader.plain(example, field))
  const disliked = negative.map((example) => reader.plain(example, field))
  return prepareQuery(view, field.using, averageQuery(liked, disliked), field.corpus)
}

interface Combination {
  readonly examples: readonly VectorValue[]
  readonly combine: Combine
}

function combination(
  query: Exclude<VectorQuery, { kind: 'nearest' }>,
  field: SearchedField,
  reader: ExampleReader,
): Combination {
  const read = (pairs: readonly ContextPair[], side: 'positive' | 'negative'): VectorValue[] =>
    pairs.map((pair) => reader.prepared(pair[side], field))
  switch (query.kind) {
    case 'recommend': {
      const positive = (query.positive ?? []).map((example) => reader.prepared(example, field))
      const negative = (query.negative ?? []).map((example) => reader.prepared(example, field))
      const score = query.strategy === 'best-score' ? bestScore : sumOfScores
      const count = positive.length
      return {
        examples: [...positive, ...negative],
        combine: (found) => {
          const [liked, disliked] = [found.slice(0, count), found.slice(count)]
          return (row) => score(liked, disliked, row)
        },
      }
    }
    case 'discover': {
      const count = query.context.length
      const target = reader.prepared(query.target, field)
      return {
        examples: [target, ...read(query.context, 'positive'), ...read(query.context, 'negative')],
        combine: (found) => {
          const [closer, farther] = [found.slice(1, count + 1), found.slice(count + 1)]
          return (row) => discoverScore(found[0]!, closer, farther, row)
        },
      }
    }
    case 'context': {
      const count = query.context.length
      return {
        examples: [...read(query.context, 'positive'), ...read(query.context, 'negative')],
        combine: (found) => {
          const [closer, farther] = [found.slice(0, count), found.slice(count)]
          return (row) => contextScore(closer, farther, row)
        },
      }
    }
    case 'feedback': {
      const { weights, judged } = query
      const pairs = feedbackPairs(
        judged.map(({ score }) => score),
        weights,
      )
      const examples = [query.target, ...judged.map(({ example }) => example)]
      return {
        examples: examples.map((example) => reader.prepared(example, field)),
        combine: (found) => {
          const others = found.slice(1)
          return (row) => feedbackScore(found[0]!, others, pairs, weights, row)
        },
      }
    }
  }
}

/** Scores of the rows of `list`, in its order. Every one has the vector. */
export function scoresOf(plan: ScoringPlan, rows: RowSet, list: Uint32Array): Float32Array {
  const { using, params } = plan
  if (plan.kind === 'distance') return scoreRows(rows, using, params, plan.vector, list)
  const similarities = plan.examples.map((example) =>
    asSimilarities(params.distance, scoreRows(rows, using, params, example, list)),
  )
  const score = plan.combine(similarities)
  return Float32Array.from(list, (_, i) => score(i))
}

/** Scores as numbers that are higher for what is closer: of Euclid the square, as the original compares them. */
export function asSimilarities(distance: Distance, scores: Float32Array): Float32Array {
  switch (distance) {
    case 'Cosine':
    case 'Dot':
      return scores
    case 'Euclid':
      return scores.map((score) => -score * score)
    case 'Manhattan':
    case 'Jaccard':
      return scores.map((score) => -score)
  }
}
