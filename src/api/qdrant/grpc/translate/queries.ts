import type { JsonObject, JsonValue } from '../../../../index.ts'
import { required } from './calls.ts'
import type { Fields } from './fields.ts'
import { filterOf } from './filters.ts'
import { formulaOf } from './formula.ts'
import {
  groupsOf,
  lookupFromOf,
  orderByOf,
  searchParamsOf,
  shownOf,
  strategyOf,
  type BodyOf,
} from './reads.ts'
import { given } from './values.ts'
import { vectorInputOf } from './vectors.ts'

/** What a query and a prefetch have in common. */
function sourceOf(fields: Fields): JsonObject {
  const prefetch = fields.subs('prefetch')
  const query = fields.sub('query')
  return given({
    prefetch: prefetch.length === 0 ? undefined : prefetch.map(sourceOf),
    query: query && queryOf(query),
    using: fields.text('using'),
    filter: filterOf(fields.sub('filter')),
    params: searchParamsOf(fields.sub('params')),
    score_threshold: fields.float('score_threshold'),
    limit: fields.integer('limit'),
    lookup_from: lookupFromOf(fields.sub('lookup_from')),
  })
}

export const queryBody: BodyOf = (fields) =>
  given({ ...sourceOf(fields), offset: fields.integer('offset'), ...shownOf(fields) })

export const queryGroupsBody: BodyOf = (fields) => ({
  ...sourceOf(fields),
  ...shownOf(fields),
  ...groupsOf(fields),
})

/** @throws StatusError */
function queryOf(query: Fields): JsonValue {
  const kind = required(query.which(...Object.keys(kinds)), 'Query variant is missing')
  return kinds[kind]!(query, kind)
}

const kinds: Readonly<Record<string, (query: Fields, kind: string) => JsonValue>> = {
  nearest: (query) => ({ nearest: vectorInputOf(query.sub('nearest')!) }),
  recommend: (query) => {
    const input = query.sub('recommend')!
    return {
      recommend: given({
        positive: input.subs('positive').map(vectorInputOf),
        negative: input.subs('negative').map(vectorInputOf),
        strategy: strategyOf(input),
      }),
    }
  },
  discover: (query) => {
    const input = query.sub('discover')!
    return {
      discover: {
        target: vectorInputOf(required(input.sub('target'), 'DiscoverInput target is missing')),
        context: pairsOf(required(input.sub('context'), 'DiscoverInput context is missing')),
      },
    }
  },
  context: (query) => ({ context: pairsOf(query.sub('context')!) }),
  order_by: (query) => ({ order_by: orderByOf(query.sub('order_by')!) }),
  fusion: (query) => {
    const number = query.variant('fusion')!
    return { fusion: required(['rrf', 'dbsf'][number], `unknown Fusion: ${number}`) }
  },
  rrf: (query) => {
    const input = query.sub('rrf')!
    const weights = input.floats('weights')
    return { rrf: given({ k: input.integer('k'), weights: weights.length === 0 ? undefined : weights }) }
  },
  sample: (query) => {
    const number = query.variant('sample')!
    return { sample: required(['random'][number], `unknown Sample: ${number}`) }
  },
  formula: (query) => formulaOf(query.sub('formula')!),
  nearest_with_mmr: (query) => {
    const input = query.sub('nearest_with_mmr')!
    const mmr = required(input.sub('mmr'), 'mmr is missing')
    return {
      nearest: vectorInputOf(required(input.sub('nearest'), 'nearest vector is missing')),
      mmr: given({ diversity: mmr.float('diversity'), candidates_limit: mmr.integer('candidates_limit') }),
    }
  },
  relevance_feedback: (query) => ({ relevance_feedback: feedbackOf(query.sub('relevance_feedback')!) }),
}

function pairsOf(context: Fields): readonly JsonValue[] {
  return context.subs('pairs').map((pair) => ({
    positive: vectorInputOf(required(pair.sub('positive'), 'ContextPair positive is missing')),
    negative: vectorInputOf(required(pair.sub('negative'), 'ContextPair negative is missing')),
  }))
}

function feedbackOf(input: Fields): JsonObject {
  const target = vectorInputOf(required(input.sub('target'), 'target is missing'))
  const feedback = input.subs('feedback').map((item) => ({
    example: vectorInputOf(required(item.sub('example'), 'feedback example is missing')),
    score: item.float('score') ?? 0,
  }))
  const strategy = required(input.sub('strategy'), 'strategy is missing')
  const naive = required(strategy.sub('naive'), 'feedback strategy variant is missing')
  const weight = (name: string): number => naive.float(name) ?? 0
  return { target, feedback, strategy: { naive: { a: weight('a'), b: weight('b'), c: weight('c') } } }
}
