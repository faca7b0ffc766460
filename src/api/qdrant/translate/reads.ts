import {
  parseDatetime,
  type CollectionReader,
  type Filter,
  type JsonValue,
  type OrderBy,
  type PayloadSelection,
  type PointId,
  type ReadOptions,
  type ScrollRequest,
  type VectorSelection,
} from '../../../index.ts'
import {
  boolean,
  buffered,
  DecodeError,
  gathered,
  integerOf,
  isArray,
  isObject,
  list,
  numberOf,
  oneOf,
  optional,
  absentOr,
  required,
  struct,
  text,
  usize,
  type Decoder,
} from '../decode.ts'
import { invalid, wrongInput } from '../failures.ts'
import { filterOf } from './filters.ts'
import { payloadPath } from './payload-path.ts'
import { pointId } from './point-id.ts'
import { readScope, shardKeys, type KeyScope, type ShardKeys } from './shard-key.ts'
import { knownVector, type KnownVectors } from './vectors.ts'

const payloadExpected = 'Expected a boolean, an array of strings, or an object with an include/exclude field'
const vectorExpected = 'Expected a boolean, or an array of strings'

export const withPayload = buffered<PayloadSelection>((value) => {
  if (typeof value === 'boolean') return value
  if (isArray(value)) return { include: list(payloadPath)(value) }
  const [key, ...others] = isObject(value) ? Object.keys(value) : []
  if (others.length > 0 || (key !== 'include' && key !== 'exclude'))
    throw new DecodeError('no selector', 'after')
  const paths = list(payloadPath)((value as Readonly<Record<string, JsonValue>>)[key]!)
  return key === 'include' ? { include: paths } : { exclude: paths }
}, payloadExpected)

export const withVector = buffered<VectorSelection>(
  (value) => (typeof value === 'boolean' ? value : list(text)(value)),
  vectorExpected,
)

/** A vector that is not the collection's is refused. @throws WireError 400 */
export function checkVectorSelection(selection: VectorSelection, known: KnownVectors): void {
  if (typeof selection !== 'boolean') for (const name of selection) knownVector(known, name)
}

/** Fields that requests for points share. */
export const readFields = {
  with_payload: optional(withPayload),
  with_vector: absentOr<VectorSelection>(withVector, false, 'with_vectors'),
  shard_key: optional(shardKeys),
}

export interface GivenRetrieve {
  readonly ids: readonly PointId[]
  readonly options: ReadOptions
  readonly vectors: VectorSelection
  readonly shardKeys: ShardKeys | undefined
}

const retrieveStruct = gathered('PointRequest', { ids: required(list(pointId)), ...readFields })

/** POST points: without payload unless it is asked for. */
export const retrieveRequest: Decoder<GivenRetrieve> = (value) => {
  const { ids, with_payload: payload, with_vector: vectors, shard_key: keys } = retrieveStruct(value)
  return { ids, options: { payload: payload ?? false, vectors }, vectors, shardKeys: keys }
}

const startFrom: Decoder<number | string> = (value) => {
  const number = integerOf(value) ?? numberOf(value)
  if (number !== undefined) return Number(number)
  if (typeof value === 'string' && parseDatetime(value) !== undefined) return value
  throw new DecodeError('no start', 'after')
}

const orderByStruct = struct('OrderBy', {
  key: required(payloadPath),
  direction: optional(oneOf('asc', 'desc')),
  start_from: optional(startFrom),
})

export const orderBy = buffered<OrderBy>((value) => {
  if (typeof value === 'string') return { path: payloadPath(value) }
  const { key, direction, start_from: start } = orderByStruct(isObject(value) ? value : null)
  return {
    path: key,
    ...(direction === undefined ? {} : { direction }),
    ...(start === undefined ? {} : { startFrom: start }),
  }
}, 'Expected a string, or an object with a key, direction and/or start_from')

export interface GivenScroll {
  readonly request: ScrollRequest
  readonly vectors: VectorSelection
  /** As given; undefined if it was left out. */
  readonly limit: number | undefined
  readonly shardKeys: ShardKeys | undefined
}

const scrollStruct = gathered('ScrollRequest', {
  offset: optional(pointId),
  limit: optional(usize),
  filter: optional(filterOf('scroll_request.filter')),
  order_by: optional(orderBy),
  ...readFields,
})
const pageDefault = 10
/** No shard has more rows, so a higher limit asks for nothing more. */
export const rowsMax = 2 ** 32

export const scrollRequest: Decoder<GivenScroll> = (value) => {
  const { limit, filter, offset, order_by: order, with_payload: payload, ...given } = scrollStruct(value)
  if (limit === 0) throw invalid('scroll_request.limit: value 0 invalid, must be 1 or larger')
  return {
    limit,
    vectors: given.with_vector,
    shardKeys: given.shard_key,
    request: {
      limit: Math.min(limit ?? pageDefault, rowsMax),
      payload: payload ?? true,
      vectors: given.with_vector,
      ...(filter === undefined ? {} : { filter }),
      ...(offset === undefined ? {} : { offset }),
      ...(order === undefined ? {} : { orderBy: order }),
    },
  }
}

/** Gives what is read of the collection. @throws WireError 400 */
export function checkScroll(
  { request, vectors, shardKeys: keys }: GivenScroll,
  collection: CollectionReader,
  known: KnownVectors,
): KeyScope {
  const scope = readScope(collection, keys)
  if (request.orderBy !== undefined && request.offset !== undefined) {
    throw wrongInput(
      "Cannot use an `offset` when using `order_by`. The alternative for paging is to use `order_by.start_from` and a filter to exclude the IDs that you've already seen for the `order_by.start_from` value",
    )
  }
  checkOrderable(request.orderBy, collection)
  checkVectorSelection(vectors, known)
  return scope
}

/** Ordering needs an index that has an order. @throws WireError 400 */
export function checkOrderable(order: OrderBy | undefined, collection: CollectionReader): void {
  if (order === undefined) return
  const index = collection.config().payloadIndexes?.[order.path]
  const isOrdered =
    index?.type === 'float' ||
    index?.type === 'datetime' ||
    (index?.type === 'integer' && index.range !== false)
  if (isOrdered) return
  throw wrongInput(
    `No range index for \`order_by\` key: \`${order.path}\`. Please create one to use \`order_by\`. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Range conditions`,
  )
}

export interface GivenCount {
  readonly filter: Filter | undefined
  readonly exact: boolean
  readonly shard_key: ShardKeys | undefined
}

export const countRequest: Decoder<GivenCount> = gathered<GivenCount>('CountRequest', {
  filter: optional(filterOf('count_request.filter')),
  exact: absentOr(boolean, true),
  shard_key: optional(shardKeys),
})

export interface GivenFacet {
  readonly key: string
  readonly limit: number | undefined
  readonly filter: Filter | undefined
  readonly exact: boolean | undefined
  readonly shard_key: ShardKeys | undefined
}

const facetStruct = gathered<GivenFacet>('FacetRequest', {
  key: required(payloadPath),
  limit: optional(usize),
  filter: optional(filterOf('facet_request.filter')),
  exact: optional(boolean),
  shard_key: optional(shardKeys),
})

export const facetRequest: Decoder<GivenFacet> = (value) => {
  const given = facetStruct(value)
  if (given.limit === 0) throw invalid('facet_request.limit: value 0 invalid, must be 1 or larger')
  return given
}
