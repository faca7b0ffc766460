import type {
  CollectionReader,
  Filter,
  JsonValue,
  OrderBy,
  PayloadSelection,
  PointId,
  VectorSelection,
} from '../../../index.ts'
import {
  absentOr,
  boolean,
  buffered,
  DecodeError,
  float,
  gathered,
  isArray,
  isObject,
  list,
  memberOf,
  object,
  oneOf,
  optional,
  required,
  struct,
  text,
  unsigned,
  untagged,
  usize,
  wrongType,
  type Decoder,
} from '../decode.ts'
import { badRequest, invalid, unsupported, wrongInput } from '../failures.ts'
import { checkBounds } from './checks.ts'
import { filterOf } from './filters.ts'
import { pointId } from './point-id.ts'
import { checkOrderable, checkVectorSelection, orderBy, readFields, rowsMax, withVector } from './reads.ts'
import { refuseShardKeys, shardKeys, type ShardKeys } from './shard-key.ts'
import {
  denseValues,
  faultOf,
  knownVector,
  oneVector,
  type GivenVector,
  type KnownVectors,
} from './vectors.ts'

/** What a query looks for. */
export type Aim =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'vector'; readonly vector: GivenVector }
  | { readonly kind: 'point'; readonly id: PointId }
  | { readonly kind: 'order'; readonly orderBy: OrderBy }
  | { readonly kind: 'sample' }
  /** Something that Qdrant knows and this server does not. */
  | { readonly kind: 'other'; readonly name: string }

export interface SearchParams {
  readonly hnsw_ef: number | undefined
  readonly exact: boolean | undefined
  readonly quantization: { readonly oversampling: number | undefined } | undefined
  readonly acorn: { readonly max_selectivity: number | undefined } | undefined
  /** Whether it was given; it is for sparse vectors only. */
  readonly idf: boolean | undefined
}

export interface GivenQuery {
  readonly aim: Aim
  readonly using: string
  readonly filter: Filter | undefined
  readonly limit: number
  readonly offset: number
  readonly scoreThreshold: number | undefined
  readonly payload: PayloadSelection
  readonly vectors: VectorSelection
  readonly params: SearchParams | undefined
  readonly shardKeys: ShardKeys | undefined
  /** Prefetches and the like, which are not built. */
  readonly unsupported: string | undefined
}

const limitDefault = 10

const idfParams = untagged<boolean>(
  'IdfParams',
  (value) => oneOf('global')(value) === 'global',
  (value) => struct('IdfCorpus', { corpus: required(object) })(isObject(value) ? value : null) !== undefined,
)

// The search is exact whatever they say, so they are checked and have no effect.
const searchParams: Decoder<SearchParams> = struct('SearchParams', {
  hnsw_ef: optional(usize),
  exact: absentOr(boolean, false),
  quantization: optional(
    struct('QuantizationSearchParams', {
      ignore: optional(boolean),
      rescore: optional(boolean),
      oversampling: optional(float('f64')),
    }),
  ),
  indexed_only: absentOr(boolean, false),
  acorn: optional(
    struct('AcornSearchParams', {
      enable: absentOr(boolean, false),
      max_selectivity: optional(float('f64')),
    }),
  ),
  idf: optional(idfParams),
})

const target: Decoder<Aim> = (value) => {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') {
    return { kind: 'point', id: pointId(value) }
  }
  return { kind: 'vector', vector: oneVector(value) }
}

const others = ['recommend', 'discover', 'context', 'fusion', 'rrf', 'formula', 'relevance_feedback']

const queryInterface = buffered<Aim>((value) => {
  if (!isObject(value) || memberOf(value, 'indices') !== undefined) return target(value)
  const nearest = memberOf(value, 'nearest')
  if (nearest !== undefined) {
    return memberOf(value, 'mmr') === undefined ? target(nearest) : { kind: 'other', name: 'mmr' }
  }
  const order = memberOf(value, 'order_by')
  if (order !== undefined) return { kind: 'order', orderBy: orderBy(order) }
  const sample = memberOf(value, 'sample')
  if (sample === 'random') return { kind: 'sample' }
  const other = others.find((name) => memberOf(value, name) !== undefined)
  // Null is a context without pairs, which Qdrant takes.
  if (other === undefined && Object.hasOwn(value, 'context')) return { kind: 'other', name: 'context' }
  return other === undefined ? target(value) : { kind: 'other', name: other }
}, 'Expected some form of vector, id, or a type of query')

const prefetches: Decoder<number> = (value) => {
  if (!isArray(value) && !isObject(value)) throw wrongType(value, 'null, array or map')
  return isArray(value) ? value.length : 1
}

const lookupLocation = struct('LookupLocation', {
  collection: required(text),
  vector: optional(text),
  shard_key: optional(shardKeys),
})

const queryStruct = (field: string) =>
  gathered('QueryRequest', {
    prefetch: optional(prefetches),
    query: optional(queryInterface),
    using: optional(text),
    filter: optional(filterOf(`${field}.filter`)),
    score_threshold: optional(float('f32')),
    params: optional(searchParams),
    limit: optional(usize),
    offset: optional(usize),
    lookup_from: optional(lookupLocation),
    ...readFields,
    // Null is nothing here, and a mistake elsewhere.
    with_vector: optional(withVector, 'with_vectors'),
  })

/** A request of the query API; `field` is how the validator calls it. */
export function queryRequest(field: string): Decoder<GivenQuery> {
  const decode = queryStruct(field)
  return (value) => {
    const given = decode(value)
    const aim: Aim = given.query ?? { kind: 'nothing' }
    checkAim(aim, `${field}.query`)
    checkCounts(given.limit, given.params, field)
    return {
      aim,
      using: given.using ?? '',
      filter: given.filter,
      limit: Math.min(given.limit ?? limitDefault, rowsMax),
      offset: Math.min(given.offset ?? 0, rowsMax),
      scoreThreshold: given.score_threshold,
      payload: given.with_payload ?? false,
      vectors: given.with_vector ?? false,
      params: given.params,
      shardKeys: given.shard_key,
      unsupported:
        (given.prefetch ?? 0) > 0
          ? 'prefetch is'
          : given.lookup_from === undefined
            ? undefined
            : 'lookup_from is',
    }
  }
}

function checkAim(aim: Aim, field: string): void {
  // An empty vector is found out when its size is compared.
  if (aim.kind !== 'vector' || (aim.vector.kind === 'dense' && aim.vector.values.length === 0)) return
  const fault = faultOf(aim.vector)
  if (fault !== undefined) throw invalid(`${field}.${fault}`)
}

function checkCounts(limit: number | undefined, params: SearchParams | undefined, field: string): void {
  checkBounds(limit, { min: 1 }, `${field}.limit`)
  checkBounds(params?.hnsw_ef, { min: 1 }, `${field}.params.hnsw_ef`)
  checkBounds(
    params?.quantization?.oversampling,
    { min: 1, isFloat: true },
    `${field}.params.quantization.oversampling`,
  )
  checkBounds(
    params?.acorn?.max_selectivity,
    { min: 0, max: 1, isFloat: true },
    `${field}.params.acorn.max_selectivity`,
  )
}

interface NamedVector {
  readonly using: string
  readonly vector: GivenVector
}

const namedVector: Decoder<NamedVector> = (value) => {
  if (!isObject(value)) return { using: '', vector: oneVector(value) }
  const { name, vector } = struct('NamedVector', { name: required(text), vector: required(oneVector) })(value)
  return { using: name, vector }
}

const searchStruct = gathered('SearchRequest', {
  vector: required(
    buffered(namedVector, 'data did not match any variant of untagged enum NamedVectorStruct'),
  ),
  filter: optional(filterOf('search_request.filter')),
  params: optional(searchParams),
  limit: required(unsigned('usize')),
  offset: optional(usize),
  score_threshold: optional(float('f32')),
  ...readFields,
})

/** A request of the old search API, which called the limit `top`. */
export const searchRequest: Decoder<GivenQuery> = (value) => {
  const given = searchStruct(withLimit(value))
  const { using, vector } = given.vector
  checkCounts(given.limit, given.params, 'search_request')
  return {
    aim: { kind: 'vector', vector },
    using,
    filter: given.filter,
    limit: Math.min(given.limit, rowsMax),
    offset: Math.min(given.offset ?? 0, rowsMax),
    scoreThreshold: given.score_threshold,
    payload: given.with_payload ?? false,
    vectors: given.with_vector,
    params: given.params,
    shardKeys: given.shard_key,
    unsupported: undefined,
  }
}

function withLimit(value: JsonValue): JsonValue {
  if (!isObject(value) || memberOf(value, 'limit') !== undefined || value['top'] === undefined) return value
  return { ...value, limit: value['top'] }
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

/** What depends on the collection. @throws WireError 400, 501 */
export function checkQuery(query: GivenQuery, collection: CollectionReader, known: KnownVectors): void {
  refuseShardKeys(query.shardKeys, true)
  if (query.unsupported !== undefined) throw unsupported(query.unsupported)
  checkThreshold(query)
  const { aim } = query
  if (aim.kind === 'other') throw unsupported(`${aim.name} queries are`)
  if (aim.kind === 'order') checkOrderable(aim.orderBy, collection)
  if (aim.kind === 'vector' || aim.kind === 'point') checkUsing(query, known)
  checkVectorSelection(query.vectors, known)
}

function checkThreshold({ aim, scoreThreshold }: GivenQuery): void {
  if (scoreThreshold === undefined) return
  if (aim.kind === 'nothing') {
    throw badRequest(
      "A query is needed to use the score_threshold. Can't have score_threshold without defining a query.",
    )
  }
  if (aim.kind === 'order') throw badRequest("Can't use score_threshold with an order_by query.")
}

function checkUsing({ aim, using, params }: GivenQuery, known: KnownVectors): void {
  const vector = knownVector(known, using)
  if (params?.idf === true) {
    throw wrongInput(
      `Validation failed: search param \`idf\` requires a sparse vector with the \`idf\` modifier, which vector "${using}" is not`,
    )
  }
  if (aim.kind !== 'vector') return
  const { length } = denseValues(aim.vector)
  if (length !== vector.size)
    throw wrongInput(`Vector dimension error: expected dim: ${vector.size}, got ${length}`)
}
