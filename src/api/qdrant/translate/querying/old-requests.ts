import type { JsonValue } from '../../../../index.ts'
import {
  buffered,
  float,
  gathered,
  isObject,
  list,
  memberOf,
  oneOf,
  optional,
  required,
  struct,
  text,
  unsigned,
  usize,
  type Decoder,
} from '../../decode.ts'
import { badRequest, invalid } from '../../failures.ts'
import { checkBounds } from '../checks.ts'
import { filterOf } from '../filters.ts'
import { readFields, rowsMax } from '../reads.ts'
import { faultOf, oneVector, type GivenVector } from '../vectors.ts'
import { example, pairList } from './examples.ts'
import type { Aim, GivenLookup, GivenQuery } from './given-query.ts'
import { strategies } from './query-variants.ts'
import { lookupLocation } from './requests.ts'
import { checkParams, searchParams } from './search-params.ts'

interface NamedVector {
  readonly using: string
  readonly vector: GivenVector
}

const namedVector: Decoder<NamedVector> = (value) => {
  if (!isObject(value)) return { using: '', vector: oneVector(value) }
  const { name, vector } = struct('NamedVector', { name: required(text), vector: required(oneVector) })(value)
  return { using: name, vector }
}

/** Fields of all old requests; those of groups have other limits. */
const commonFields = (field: string) => ({
  filter: optional(filterOf(`${field}.filter`)),
  params: optional(searchParams(field)),
  score_threshold: optional(float('f32')),
  ...readFields,
})
const pageFields = { limit: required(unsigned('usize')), offset: optional(usize) }

export const searchAim = {
  vector: required(
    buffered(namedVector, 'data did not match any variant of untagged enum NamedVectorStruct'),
  ),
}
const exampleOrFail = buffered(example, 'data did not match any variant of untagged enum RecommendExample')
export const recommendAim = {
  positive: optional(list(exampleOrFail)),
  negative: optional(list(exampleOrFail)),
  strategy: optional(oneOf(...strategies)),
  using: optional(text),
  lookup_from: optional(lookupLocation),
}
const discoverAim = {
  target: optional(exampleOrFail),
  context: optional(pairList),
  using: optional(text),
  lookup_from: optional(lookupLocation),
}

type Decoded<F extends Readonly<Record<string, { readonly decode: Decoder<unknown> }>>> = {
  readonly [K in keyof F]: ReturnType<F[K]['decode']>
}
type Common = Decoded<ReturnType<typeof commonFields>> & {
  readonly limit: number
  readonly offset?: number | undefined
}
interface Search {
  readonly aim: Aim
  readonly using: string | undefined
  readonly lookup: GivenLookup | undefined
}

/** The same as a request of the query API. `field`: what the validator calls it. */
export function oldQuery(given: Common, search: Search, field: string, limitField = field): GivenQuery {
  checkBounds(given.limit, { min: 1 }, `${limitField}.limit`)
  checkParams(given.params, field)
  return {
    ...search,
    prefetch: [],
    filter: given.filter,
    limit: Math.min(given.limit, rowsMax),
    offset: Math.min(given.offset ?? 0, rowsMax),
    scoreThreshold: given.score_threshold,
    payload: given.with_payload ?? false,
    vectors: given.with_vector,
    params: given.params,
    shardKeys: given.shard_key,
    isOld: true,
  }
}

/** @throws WireError 422 */
export function searchFor({ vector }: Decoded<typeof searchAim>, field: string): Search {
  const fault = vector.vector.kind === 'sparse' ? faultOf(vector.vector) : undefined
  if (fault !== undefined) throw invalid(`${field}.vector.vector.${fault}`)
  return {
    aim: { kind: 'nearest', to: { kind: 'vector', vector: vector.vector } },
    using: vector.using,
    lookup: undefined,
  }
}

export function recommendationOf(given: Decoded<typeof recommendAim>): Search {
  const { positive = [], negative = [], strategy = 'average_vector', using, lookup_from: lookup } = given
  return { aim: { kind: 'recommend', positive, negative, strategy }, using, lookup }
}

/** The old API called the limit `top`. */
export function withLimit(value: JsonValue): JsonValue {
  if (!isObject(value) || memberOf(value, 'limit') !== undefined || value['top'] === undefined) return value
  return { ...value, limit: value['top'] }
}

export function searchRequest(field: string): Decoder<GivenQuery> {
  const decode = gathered('SearchRequest', { ...searchAim, ...commonFields(field), ...pageFields })
  return (value) => {
    const given = decode(withLimit(value))
    return oldQuery(given, searchFor(given, field), field)
  }
}

export function recommendRequest(field: string): Decoder<GivenQuery> {
  const decode = gathered('RecommendRequest', { ...recommendAim, ...commonFields(field), ...pageFields })
  return (value) => {
    const given = decode(withLimit(value))
    return oldQuery(given, recommendationOf(given), field)
  }
}

/** What the old route said where the new one has other words. @throws WireError 400 */
export function checkPositive({ aim }: GivenQuery): void {
  if (aim.kind !== 'recommend' || aim.strategy !== 'average_vector' || aim.positive.length > 0) return
  throw badRequest('At least one positive vector ID required with this strategy')
}

export function discoverRequest(field: string): Decoder<GivenQuery> {
  const decode = gathered('DiscoverRequest', { ...discoverAim, ...commonFields(field), ...pageFields })
  return (value) => {
    const given = decode(withLimit(value))
    const { target, context = [], using, lookup_from: lookup } = given
    const aim: Aim =
      target === undefined ? { kind: 'context', context } : { kind: 'discover', target, context }
    return oldQuery(given, { aim, using, lookup }, field)
  }
}

/** @throws WireError 400 */
export function checkDiscovery({ aim }: GivenQuery): void {
  if (aim.kind !== 'context' || aim.context.length > 0) return
  throw badRequest('target and/or context_pairs must be specified')
}

export { commonFields as oldFields }
