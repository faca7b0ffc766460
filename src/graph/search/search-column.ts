import { assert } from '../../runtime/assert.ts'
import { rowBytesOf } from '../codes/elements.ts'
import type { HnswGraph } from '../hnsw/hnsw-graph.ts'
import type { DenseColumn } from '../stored/dense-column.ts'
import { StoredColumn } from '../stored/stored-column.ts'
import { strideOf } from '../vector-column.ts'
import { hitsOf, mergeKeys, type Metric, type VectorHits } from '../vector-hits.ts'
import { planNarrow, planSearch, scanPlan, type SearchPlan, type SearchShape } from './plan-search.ts'
import { rankedCount, rankStored, scanStored } from './search-stored.ts'
import type { FoundKeys, Searching, SearchTask } from './vector-searcher.ts'
import { withVector } from './with-vector.ts'

/** How a search weighs time against what it finds. */
export interface SearchEffort {
  /** Rows that a search of a graph keeps in view: more find more, and take longer. At least the limit. Default 128. */
  readonly ef?: number
  /** Compares every row. Default false. */
  readonly exact?: boolean
  /** Leaves out what is large and has no graph yet. Default false. */
  readonly indexedOnly?: boolean
}

export interface ColumnQuery {
  readonly column: DenseColumn
  /** Used if its metric is the query's. */
  readonly graph: HnswGraph | undefined
  readonly query: Float32Array
  readonly metric: Metric
  readonly limit: number
  /** Only the first n rows. */
  readonly rowLimit: number
  /** Rows that may be hits; undefined: all. */
  readonly passing: Uint32Array | undefined
  /** How many bits of it are set. */
  readonly passingCount: number
  /** Whether it never changes and will be asked for again. */
  readonly isKept: boolean
  readonly effort: SearchEffort
}

export interface FoundRows extends VectorHits {
  /** Whether all rows that may be hits were compared. */
  readonly isExact: boolean
}

export const efDefault = 128
/** A code's order is nearly that of the vectors: so many more rows are in view than are asked for. */
const codedMore = 6
/** Columns that are not larger are scanned whatever is asked for. */
const smallBytes = 10_240_000

const none: FoundRows = { ...hitsOf(new BigUint64Array(0), 'dot'), isExact: true }

/** The best rows of a column: through its graph where that is faster, by comparing all otherwise. */
export function* searchColumn(query: ColumnQuery): Searching<FoundRows> {
  // Its segment may put another column in its place meanwhile.
  const release = query.column.hold()
  try {
    return yield* searchHeld(query)
  } finally {
    release()
  }
}

function* searchHeld(query: ColumnQuery): Searching<FoundRows> {
  const rowLimit = Math.min(query.rowLimit, query.column.rowCount)
  const limit = Math.min(query.limit, query.passingCount, rowLimit)
  if (limit <= 0) return none
  const { graph, effort, metric } = query
  const indexed = graph?.metric === metric && effort.exact !== true ? Math.min(graph.nextRow, rowLimit) : 0
  const isSmall = query.column.rowCount * strideOf(query.column.dimensions) * 4 <= smallBytes
  const isIndexedOnly = effort.indexedOnly === true && effort.exact !== true && !isSmall
  const end = isIndexedOnly ? indexed : rowLimit
  const found = indexed === 0 ? undefined : yield* searchGraph(query, graph!, indexed, limit)
  if (found === undefined) return foundRows(yield* scan(query, 0, end, limit), metric, true)
  if (indexed >= end) return foundRows(found, metric, false)
  const rest = yield* scan(query, indexed, end, limit)
  return foundRows(mergeKeys([found, rest], limit), metric, false)
}

function foundRows(keys: BigUint64Array, metric: Metric, isExact: boolean): FoundRows {
  const { rows, scores } = hitsOf(keys, metric)
  return { rows, scores, isExact }
}

/** Of the first `indexed` rows. Undefined if they had better be scanned. */
function* searchGraph(
  query: ColumnQuery,
  graph: HnswGraph,
  indexed: number,
  wanted: number,
): Searching<FoundKeys> {
  // Rows behind are few, or there would be a graph over them as well.
  const passing = Math.min(query.passingCount, indexed)
  const limit = Math.min(wanted, passing)
  const rows = graph.nextRow
  const readAfter = query.column instanceof StoredColumn ? rankedCount(limit) : 0
  // A scan of all rows stays one of their vectors.
  const ef = query.effort.ef ?? efDefault
  const codedView = query.passing === undefined ? 0 : viewOf(graph, limit, ef, readAfter)
  const { dimensions } = query.column
  const vectorsPerRow = rowBytesOf('float32', dimensions) / rowBytesOf(graph.elements, dimensions)
  const reads = readsOf(graph)
  const shape: SearchShape = { rows, passing, limit, ef, readAfter, codedView, reads, vectorsPerRow }
  const plan = planSearch(shape)
  if (plan.kind === 'scan' || plan.kind === 'codes') return yield* scanned(query, graph, indexed, limit, plan)
  const keys = yield taskOf(query, graph, indexed, plan, wanted)
  const needed = plan.kind === 'wide' ? plan.expected : limit
  if (keys === undefined || keys.length >= needed) return yield* ranked(query, keys, limit)
  const narrow = planNarrow(shape)
  if (narrow.kind === 'scan' || narrow.kind === 'codes')
    return yield* scanned(query, graph, indexed, limit, narrow)
  const others = yield taskOf(query, graph, indexed, narrow, wanted)
  // Rows that pass and lie far apart are not all found: but all of them are asked for.
  if (others === undefined || others.length < limit)
    return yield* scanned(query, graph, indexed, limit, scanPlan(shape))
  return yield* ranked(query, others, limit)
}

function readsOf({ elements, hasSketches }: HnswGraph): SearchShape['reads'] {
  if (elements === 'float32') return 'sketches'
  return hasSketches ? 'both' : 'codes'
}

/** Rows that a scan of codes keeps in view: less effort, fewer, as in a graph. By sketches of vectors nothing is ranked. 0: there is no such scan. */
function viewOf(graph: HnswGraph, limit: number, ef: number, readAfter: number): number {
  if (graph.elements === 'float32') return graph.hasSketches ? limit + codedMore : 0
  return readAfter > 0 ? readAfter : Math.min(rankedCount(limit), Math.max(ef, limit + codedMore))
}

/** By the codes or sketches of all rows that pass. Undefined if they had better be scanned by their vectors. */
function* scanned(
  query: ColumnQuery,
  graph: HnswGraph,
  indexed: number,
  limit: number,
  plan: ReturnType<typeof scanPlan>,
): Searching<FoundKeys> {
  if (plan.kind === 'scan') return undefined
  const keys = yield taskOf(query, graph, indexed, plan, limit)
  // Passing rows that have no vector may be many.
  return keys === undefined || keys.length < limit ? undefined : yield* ranked(query, keys, limit)
}

/** The best of what a graph has found: of one over codes alone by the vectors, which are in a file. */
function* ranked(
  { column, query, metric }: ColumnQuery,
  keys: FoundKeys,
  limit: number,
): Searching<FoundKeys> {
  if (keys === undefined) return undefined
  if (!(column instanceof StoredColumn)) return keys.length <= limit ? keys : keys.subarray(0, limit)
  return yield* rankStored(column, keys.subarray(0, rankedCount(limit)), { query, metric, limit })
}

function taskOf(
  { column, query, passing, passingCount, isKept }: ColumnQuery,
  graph: HnswGraph,
  indexed: number,
  plan: Exclude<SearchPlan, { kind: 'scan' }>,
  limit: number,
): SearchTask {
  const wanted = column instanceof StoredColumn ? rankedCount(limit) : limit
  const task = {
    graph,
    query,
    ef: plan.ef,
    limit: plan.kind === 'wide' ? plan.ef : Math.min(wanted, plan.ef),
    rowLimit: indexed,
    passing: plan.kind === 'graph' ? undefined : passing,
    passingCount,
    isKept,
    way: ways[plan.kind],
    shareMin: plan.kind === 'filtered' ? Math.floor(plan.shareMin * 65_536) : 0,
    deviations: plan.kind === 'codes' ? plan.deviations : 0,
  }
  return { kind: 'graph', task: plan.kind === 'codes' ? withVector(task, column) : task }
}

const ways = { graph: 'links', filtered: 'links', wide: 'wide', codes: 'codes' } as const

function* scan(
  { column, metric, query, passing, passingCount, isKept }: ColumnQuery,
  firstRow: number,
  rowLimit: number,
  limit: number,
): Searching<BigUint64Array> {
  if (firstRow >= rowLimit) return new BigUint64Array(0)
  if (column instanceof StoredColumn)
    return yield* scanStored(column, { query, metric, limit, firstRow, rowLimit, passing })
  const task = { column, query, metric, limit, firstRow, rowLimit, passing, passingCount, isKept }
  const found = yield { kind: 'scan', task }
  assert(found !== undefined, 'a scan has an answer')
  return found
}
