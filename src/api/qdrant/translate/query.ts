import type {
  Collection,
  Filter,
  JsonObject,
  JsonValue,
  OrderBy,
  QueryRequest,
  ScrollRequest,
} from '../../../index.ts'
import { array, atLeastOne, float, isObject, numberOf, object, optional, text, unsigned } from '../decode.ts'
import { formatError, notFound, validationError, wrongInput } from '../failures.ts'
import { WireError } from '../wire-error.ts'
import { translateFilter } from './filter.ts'
import { checkPath, payloadSelection, vectorSelection } from './payload.ts'
import { pointId } from './point-id.ts'

const limitDefault = 10

/** POST points/scroll. */
export function translateScroll(body: JsonValue): ScrollRequest {
  const given = object(body, 'struct ScrollRequest')
  const limit = optional(given['limit'], (value) => unsigned(value))
  if (limit !== undefined) atLeastOne(limit, 'scroll_request.limit')
  const filter = optional(given['filter'], (value) =>
    translateFilter(value, { field: 'scroll_request.filter' }),
  )
  const offset = optional(given['offset'], (value) => pointId(value))
  const orderBy = optional(given['order_by'], (value) => translateOrderBy(value))
  if (orderBy !== undefined && offset !== undefined) {
    throw wrongInput(
      "Cannot use an `offset` when using `order_by`. The alternative for paging is to use `order_by.start_from` and a filter to exclude the IDs that you've already seen for the `order_by.start_from` value",
    )
  }
  return {
    limit: limit ?? limitDefault,
    ...(filter === undefined ? {} : { filter }),
    ...(offset === undefined ? {} : { offset }),
    ...(orderBy === undefined ? {} : { orderBy }),
    payload: payloadSelection(given['with_payload'], true),
    vectors: vectorSelection(given['with_vector'], false),
  }
}

const orderByUnknown = 'Expected a string, or an object with a key, direction and/or start_from'

export function translateOrderBy(value: JsonValue): OrderBy {
  if (typeof value === 'string') return { path: checkPath(value) }
  if (!isObject(value) || typeof value['key'] !== 'string') throw formatError(orderByUnknown)
  const { direction } = value
  const start = value['start_from']
  const startFrom = typeof start === 'string' ? start : optional(start, (given) => numberOf(given))
  return {
    path: checkPath(value['key']),
    ...(direction === 'asc' || direction === 'desc' ? { direction } : {}),
    ...(startFrom === undefined ? {} : { startFrom }),
  }
}

/** What a query asks for, before an id in it has been looked up. */
export interface TranslatedQuery extends Omit<QueryRequest, 'vector'> {
  readonly nearest?: JsonValue
  readonly orderBy?: OrderBy
}

/** The new query API: one of nearest (a vector or an id), order_by, sample, or nothing. */
export function translateQuery(body: JsonValue, place = 'internal'): TranslatedQuery {
  const given = object(body, 'struct QueryRequest')
  for (const field of ['prefetch', 'lookup_from']) {
    const value = given[field]
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw notYet(field)
  }
  const limit = optional(given['limit'], (value) => unsigned(value))
  if (limit !== undefined) atLeastOne(limit, `${place}.limit`)
  const ef = isObject(given['params'])
    ? optional(given['params']['hnsw_ef'], (value) => unsigned(value))
    : undefined
  if (ef !== undefined) atLeastOne(ef, `${place}.params.hnsw_ef`)
  return { ...common(given, place, limit ?? limitDefault), ...variant(given['query']) }
}

/** The request of the old search API. */
export function translateSearch(body: JsonValue): TranslatedQuery {
  const given = object(body, 'struct SearchRequest')
  const vector = given['vector']
  if (vector === undefined) throw formatError('missing field `vector`')
  const limit = given['limit'] ?? given['top']
  if (limit === undefined) throw formatError('missing field `limit`')
  const count = atLeastOne(unsigned(limit), 'limit')
  if (isObject(vector)) {
    return {
      ...common(given, 'search_request', count),
      using: text(vector['name']),
      nearest: vector['vector'] ?? null,
    }
  }
  return { ...common(given, 'search_request', count), nearest: vector }
}

function common(given: JsonObject, place: string, limit: number): TranslatedQuery {
  const filter = optional(given['filter'], (value): Filter =>
    translateFilter(value, { field: `${place}.filter` }),
  )
  const using = optional(given['using'], (value) => text(value))
  const scoreThreshold = optional(given['score_threshold'], (value) => float(value))
  return {
    limit,
    offset: optional(given['offset'], (value) => unsigned(value)) ?? 0,
    ...(filter === undefined ? {} : { filter }),
    ...(using === undefined ? {} : { using }),
    ...(scoreThreshold === undefined ? {} : { scoreThreshold }),
    payload: payloadSelection(given['with_payload'], false),
    vectors: vectorSelection(given['with_vector'] ?? given['with_vectors'], false),
  }
}

const variants = ['recommend', 'discover', 'context', 'fusion', 'rrf', 'formula', 'relevance_feedback']
const queryUnknown = 'Expected some form of vector, id, or a type of query'

function variant(query: JsonValue | undefined): Pick<TranslatedQuery, 'nearest' | 'orderBy' | 'sample'> {
  if (query === undefined || query === null) return {}
  if (!isObject(query)) {
    if (typeof query === 'boolean') throw formatError(queryUnknown)
    return { nearest: query }
  }
  for (const name of variants) if (query[name] !== undefined) throw notYet(name)
  if (query['nearest'] !== undefined) {
    if (query['mmr'] !== undefined && query['mmr'] !== null) throw notYet('mmr')
    return { nearest: query['nearest'] }
  }
  if (query['order_by'] !== undefined) return { orderBy: translateOrderBy(query['order_by']) }
  if (query['sample'] !== undefined) {
    if (query['sample'] !== 'random') throw formatError(queryUnknown)
    return { sample: true }
  }
  if (query['indices'] !== undefined) throw wrongInput('Conversion between sparse and regular vectors failed')
  throw formatError(queryUnknown)
}

function notYet(what: string): WireError {
  return new WireError(400, `Bad request: ${what} is not supported by this server yet`)
}

/** The vector of a query: given, or that of a point, which is then left out of the answer. */
export async function resolveNearest(
  collection: Collection,
  nearest: JsonValue,
  using: string,
): Promise<{
  readonly vector: readonly number[] | Float32Array
  readonly excluded?: ReturnType<typeof pointId>
}> {
  if (Array.isArray(nearest)) return { vector: denseVector(array(nearest)) }
  if (isObject(nearest)) {
    if (nearest['indices'] !== undefined)
      throw wrongInput('Conversion between sparse and regular vectors failed')
    throw formatError(queryUnknown)
  }
  const id = pointId(nearest)
  const [point] = await collection.get([id], { vectors: true })
  if (point === undefined) throw notFound(`No point with id ${String(id)} found`)
  const vector = point.vectors?.[using]
  if (vector === undefined) throw notFound(`Vector with name "${using}" for point ${String(id)} not found`)
  return { vector, excluded: point.id }
}

function denseVector(list: readonly JsonValue[]): number[] {
  if (list.length === 0) throw validationError('query.nearest: dense vector must not be empty')
  return list.map((component) => {
    if (Array.isArray(component)) throw wrongInput('Conversion between multi and regular vectors failed')
    const number = numberOf(component)
    if (number === undefined) throw formatError(queryUnknown)
    return number
  })
}
