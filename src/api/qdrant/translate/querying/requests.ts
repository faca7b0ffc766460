import type { Filter, JsonValue } from '../../../../index.ts'
import {
  DecodeError,
  float,
  gathered,
  isArray,
  isObject,
  list,
  optional,
  required,
  struct,
  text,
  usize,
  wrongType,
  type Decoder,
} from '../../decode.ts'
import { checkBounds } from '../checks.ts'
import { filterOf } from '../filters.ts'
import { readFields, rowsMax, withVector } from '../reads.ts'
import { shardKeys } from '../shard-key.ts'
import type { Aim, GivenLevel, GivenLookup, GivenQuery } from './given-query.ts'
import { checkAim, queryInterface } from './query-variants.ts'
import { checkParams, searchParams, type SearchParams } from './search-params.ts'

export const limitDefault = 10

export const lookupLocation = struct<GivenLookup>('LookupLocation', {
  collection: required(text),
  vector: optional(text),
  shard_key: optional(shardKeys),
})

interface LevelFields {
  readonly prefetch: readonly GivenLevel[] | undefined
  readonly query: Aim | undefined
  readonly using: string | undefined
  readonly filter: Filter | undefined
  readonly score_threshold: number | undefined
  readonly params: SearchParams | undefined
  readonly limit: number | undefined
  readonly lookup_from: GivenLookup | undefined
}

const levelFields = (field: string) => ({
  prefetch: optional(prefetches(field)),
  query: optional(queryInterface(`${field}.query`)),
  using: optional(text),
  filter: optional(filterOf(`${field}.filter`)),
  score_threshold: optional(float('f32')),
  params: optional(searchParams(field)),
  limit: optional(usize),
  lookup_from: optional(lookupLocation),
})

/** `limitField`: what the validator calls the request that holds the limit. */
function levelOf(given: LevelFields, field: string, limitField = field): GivenLevel {
  const aim = given.query ?? { kind: 'nothing' }
  checkAim(aim, `${field}.query`)
  checkBounds(given.limit, { min: 1 }, `${limitField}.limit`)
  checkParams(given.params, field)
  return {
    aim,
    prefetch: given.prefetch ?? [],
    using: given.using,
    filter: given.filter,
    limit: Math.min(given.limit ?? limitDefault, rowsMax),
    scoreThreshold: given.score_threshold,
    params: given.params,
    lookup: given.lookup_from,
  }
}

/** One or several. Their fields are decoded when they come: they may hold prefetches in turn. */
function prefetches(field: string): Decoder<readonly GivenLevel[]> {
  const one = (value: JsonValue, index: number): GivenLevel => {
    const place = `${field}.prefetch[${index}]`
    return levelOf(struct('Prefetch', levelFields(place))(value), place)
  }
  return (value) => {
    if (isArray(value)) return value.map(one)
    if (isObject(value)) return [one(value, 0)]
    throw wrongType(value, 'null, array or map')
  }
}

/** What requests of the query API share; `field` is how the validator calls it. */
export const queryFields = (field: string) => ({
  ...levelFields(field),
  ...readFields,
  // Null is nothing here, and a mistake elsewhere.
  with_vector: optional(withVector, 'with_vectors'),
})

type QueryFields = {
  readonly [K in keyof ReturnType<typeof queryFields>]: ReturnType<
    ReturnType<typeof queryFields>[K]['decode']
  >
}

export function queryOf(
  given: QueryFields & { readonly offset?: number | undefined },
  field: string,
  limitField = field,
): GivenQuery {
  return {
    ...levelOf(given, field, limitField),
    offset: Math.min(given.offset ?? 0, rowsMax),
    payload: given.with_payload ?? false,
    vectors: given.with_vector ?? false,
    shardKeys: given.shard_key,
  }
}

/** A request of the query API. */
export function queryRequest(field: string): Decoder<GivenQuery> {
  const decode = gathered('QueryRequest', { ...queryFields(field), offset: optional(usize) })
  return (value) => queryOf(decode(value), field)
}

/** `{"searches": […]}` */
export function searchesOf<T>(name: string, decoder: (index: number) => Decoder<T>): Decoder<T[]> {
  const searches = struct(name, { searches: required(list((value: JsonValue) => value)) })
  return (value) =>
    searches(value).searches.map((search, index) => {
      try {
        return decoder(index)(search)
      } catch (error) {
        if (error instanceof DecodeError) error.path.unshift('searches', index)
        throw error
      }
    })
}
