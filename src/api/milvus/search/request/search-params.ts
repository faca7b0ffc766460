import { mapOf, type KeyValue } from '../../schema/messages.ts'
import { invalidParameter, MilvusError } from '../../status.ts'
import { elementScopeOf, type ElementScope } from '../levels/element-scope.ts'

/** What a search says beside its vectors and its filter. */
export interface SearchParams {
  /** Results of each query, after `offset`. */
  readonly limit: number
  readonly offset: number
  /** '' where the collection has one vector field only. */
  readonly field: string
  /** '' for that of the index. */
  readonly metric: string
  /** -1: as they are. */
  readonly roundDecimal: number
  /** Scores are better than this. */
  readonly radius?: number
  /** Scores are not better than this. Only together with `radius`. */
  readonly rangeFilter?: number
  /** Rows that a search of a graph keeps in view. */
  readonly ef?: number
  readonly groupBy?: GroupBy
  readonly iterator?: IteratorParams
  readonly orderBy: readonly OrderField[]
  /** Of a part of a hybrid search that finds structs. */
  readonly elementScope?: ElementScope
}

export interface GroupBy {
  readonly field: string
  /** Hits of a group. */
  readonly size: number
  /** Whether groups with fewer hits are sought to be filled, whatever it costs. */
  readonly isStrict: boolean
}

export interface IteratorParams {
  readonly batchSize: number
  /** What the answer before gave; the first request has none. */
  readonly token?: string
  readonly lastBound?: number
}

export interface OrderField {
  readonly field: string
  readonly isDescending: boolean
}

const windowMax = 16_384
const groupSizeMax = 10
const unexpected = 65_535

/** Those of a search, or of a part of a hybrid one. @throws 1100, 65535 */
export function searchParamsOf(pairs: readonly KeyValue[]): SearchParams {
  const map = mapOf(pairs)
  const extra = extraOf(map['params'])
  checkIgnoreGrowing(map['ignore_growing'] ?? extra['ignore_growing'])
  const [radius, rangeFilter] = [numberOf('radius', map, extra), numberOf('range_filter', map, extra)]
  const ef = efOf(extra['ef'] ?? map['ef'])
  const groupBy = groupByOf({ ...textsOf(extra), ...map })
  const iterator = iteratorOf(map)
  const elementScope = elementScopeOf(extra['element_scope'])
  const window = windowOf(map, 'topk')
  if (iterator !== undefined && groupBy !== undefined)
    throw invalidParameter('Not allowed to do groupBy when doing iteration')
  if (iterator !== undefined && window.offset > 0)
    throw invalidParameter('Not allowed to use offset when doing iteration')
  return {
    ...window,
    field: map['anns_field'] ?? '',
    metric: map['metric_type'] ?? textOf(extra['metric_type']) ?? '',
    roundDecimal: roundDecimalOf(map),
    ...(radius === undefined ? {} : { radius }),
    // Without a radius Milvus does not look at it.
    ...(radius === undefined || rangeFilter === undefined ? {} : { rangeFilter }),
    ...(ef === undefined ? {} : { ef }),
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(iterator === undefined ? {} : { iterator }),
    ...(elementScope === undefined ? {} : { elementScope }),
    orderBy: orderByOf(map['order_by_fields'] ?? textOf(extra['order_by_fields'])),
  }
}

/** What of the whole of a hybrid search stands in its rank parameters. */
export type RankedWindow = Pick<SearchParams, 'limit' | 'offset' | 'roundDecimal' | 'groupBy'>

/** @throws 1100, 65535 */
export function rankedWindowOf(pairs: readonly KeyValue[]): RankedWindow {
  const map = mapOf(pairs)
  const groupBy = groupByOf(map)
  const window = windowOf(map, 'limit')
  return { ...window, roundDecimal: roundDecimalOf(map), ...(groupBy === undefined ? {} : { groupBy }) }
}

type Texts = Readonly<Record<string, string>>
type Extra = Readonly<Record<string, unknown>>

function windowOf(map: Texts, name: 'topk' | 'limit'): { limit: number; offset: number } {
  const given = map[name]
  if (given === undefined || given === '') throw invalidParameter(`${name} not found in search_params`)
  if (!isWhole(given)) throw invalidParameter(`${name} [${given}] is invalid`)
  const limit = Number(given)
  checkWindow(name, limit, limit < 1 || limit > windowMax)
  const shift = map['offset'] ?? '0'
  if (!isWhole(shift)) throw invalidParameter(`offset [${shift}] is invalid`)
  const offset = Number(shift)
  checkWindow('offset', offset, offset < 0 || offset > windowMax)
  checkWindow(`offset+${name}`, offset + limit, offset + limit > windowMax)
  return { limit, offset }
}

function checkWindow(name: string, value: number, isOutside: boolean): void {
  if (!isOutside) return
  throw new MilvusError(
    unexpected,
    `${name} [${value}] is invalid, top k should be in range [1, ${windowMax}], but got ${value}`,
  )
}

const isWhole = (text: string): boolean => /^[+-]?\d{1,15}$/.test(text)

/** The JSON object under `params`. */
function extraOf(text: string | undefined): Extra {
  if (text === undefined || text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalidParameter(`failed to parse search params: ${text} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidParameter(`failed to parse search params: ${text} is no JSON object`)
  return value as Extra
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Those of `params` that may also stand beside it, as texts. */
function textsOf(extra: Extra): Record<string, string> {
  const names = ['group_by_field', 'group_size', 'strict_group_size']
  const given = names.filter((name) => ['string', 'number', 'boolean'].includes(typeof extra[name]))
  return Object.fromEntries(given.map((name) => [name, String(extra[name])]))
}

/** Within `params` it must be a number; beside it every value is a text. */
function numberOf(name: string, map: Texts, extra: Extra): number | undefined {
  const inside = extra[name]
  const outside = map[name]
  if (inside === undefined && (outside === undefined || outside === '')) return undefined
  const value = inside ?? Number(outside)
  if (typeof value !== 'number' || Number.isNaN(value))
    throw invalidParameter(
      `${name} is invalid: type must be number, but got ${JSON.stringify(inside ?? outside)}`,
    )
  return value
}

/** What is no number means nothing, as it does to Milvus where no graph is searched. */
function efOf(given: unknown): number | undefined {
  const ef = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  return typeof ef === 'number' && !Number.isNaN(ef) ? ef : undefined
}

/** Nothing is growing here, so that it is only checked. */
function checkIgnoreGrowing(given: unknown): void {
  if (given === undefined || typeof given === 'boolean') return
  const isBoolean = typeof given === 'string' && /^(1|0|t|f|true|false)?$/i.test(given)
  if (!isBoolean)
    throw invalidParameter(`parse ignore growing field failed: ${JSON.stringify(given)} is no boolean`)
}

function roundDecimalOf(map: Texts): number {
  const given = map['round_decimal'] ?? '-1'
  const decimals = Number(given)
  if (!isWhole(given) || decimals < -1 || decimals > 6)
    throw invalidParameter(`round_decimal [${given}] is invalid, should be -1 or an integer in range [0, 6]`)
  return decimals
}

/** Clients of Python write `True`. */
const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true'

function groupByOf(map: Texts): GroupBy | undefined {
  const several = map['group_by_fields'] ?? ''
  if (several.includes(',')) throw invalidParameter('grouping by several fields is not supported')
  const field = map['group_by_field'] ?? several
  if (field === '') return undefined
  const given = map['group_size'] ?? '1'
  const size = isWhole(given) ? Number(given) : 1
  if (size < 0) throw invalidParameter(`input group size:${size} is negative, failed to do search_groupby`)
  if (size > groupSizeMax)
    throw invalidParameter(`input group size:${size} exceeds configured max group size:${groupSizeMax}`)
  return { field, size: Math.max(size, 1), isStrict: isTrue(map['strict_group_size']) }
}

/** The first kind of iterators is made of searches with radius and range filter, which need nothing more. */
function iteratorOf(map: Texts): IteratorParams | undefined {
  if (!isTrue(map['search_iter_v2'])) return undefined
  if (!isTrue(map['iterator'])) throw invalidParameter('search_iter_v2 is only for iterators')
  const given = map['search_iter_batch_size'] ?? ''
  const batchSize = isWhole(given) ? Number(given) : 0
  if (batchSize < 1 || batchSize > windowMax)
    throw invalidParameter(`batch size [${given}] is invalid, it should be in range [1, ${windowMax}]`)
  const token = map['search_iter_id']
  const bound = map['search_iter_last_bound']
  if (bound !== undefined && Number.isNaN(Number(bound)))
    throw invalidParameter(`search_iter_last_bound [${bound}] is no number`)
  return {
    batchSize,
    ...(token === undefined || token === '' ? {} : { token }),
    ...(bound === undefined || bound === '' ? {} : { lastBound: Math.fround(Number(bound)) }),
  }
}

/** `price:desc,name`. */
function orderByOf(text: string | undefined): OrderField[] {
  if (text === undefined || text.trim() === '') return []
  return text.split(',').map((one) => {
    const [field = '', direction = 'asc'] = one.split(':').map((part) => part.trim())
    const way = direction.toLowerCase()
    if (field === '' || !['asc', 'desc', 'ascending', 'descending'].includes(way))
      throw invalidParameter(`order_by_fields [${text}] is invalid`)
    return { field, isDescending: way.startsWith('desc') }
  })
}
