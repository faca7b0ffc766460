import type { HnswGraph } from '../hnsw/hnsw-graph.ts'
import type { DenseColumn } from '../stored/dense-column.ts'
import { StoredColumn } from '../stored/stored-column.ts'
import { strideOf } from '../vector-column.ts'
import { hitsOf, mergeKeys, type Metric, type VectorHits } from '../vector-hits.ts'
import { planNarrow, planSearch, type SearchPlan, type SearchShape } from './plan-search.ts'
import { rankedCount, rankStored, scanStored } from './search-stored.ts'
import type { VectorSearcher } from './vector-searcher.ts'

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
/** Columns that are not larger are scanned whatever is asked for. */
const smallBytes = 10_240_000

const none: FoundRows = { ...hitsOf(new BigUint64Array(0), 'dot'), isExact: true }

/** The best rows of a column: through its graph where that is faster, by comparing all otherwise. @throws what the searcher throws */
export async function searchColumn(searcher: VectorSearcher, query: ColumnQuery): Promise<FoundRows> {
  // Its segment may put another column in its place meanwhile.
  const release = query.column.hold()
  try {
    return await searchHeld(searcher, query)
  } finally {
    release()
  }
}

async function searchHeld(searcher: VectorSearcher, query: ColumnQuery): Promise<FoundRows> {
  const rowLimit = Math.min(query.rowLimit, query.column.rowCount)
  const limit = Math.min(query.limit, query.passingCount, rowLimit)
  if (limit <= 0) return none
  const whole = { ...query, rowLimit, limit }
  const { graph, effort, metric } = query
  const indexed = graph?.metric === metric && effort.exact !== true ? Math.min(graph.nextRow, rowLimit) : 0
  const isSmall = query.column.rowCount * strideOf(query.column.dimensions) * 4 <= smallBytes
  const isIndexedOnly = effort.indexedOnly === true && effort.exact !== true && !isSmall
  const end = isIndexedOnly ? indexed : rowLimit
  const found = indexed === 0 ? undefined : await searchGraph(searcher, whole, graph!, indexed)
  if (found === undefined) return { ...hitsOf(await scan(searcher, whole, 0, end), metric), isExact: true }
  const rest = indexed < end ? await scan(searcher, whole, indexed, end) : undefined
  const keys = rest === undefined ? found : mergeKeys([found, rest], limit)
  return { ...hitsOf(keys, metric), isExact: false }
}

/** Of the first `indexed` rows. Undefined if they had better be scanned. */
async function searchGraph(
  searcher: VectorSearcher,
  query: ColumnQuery,
  graph: HnswGraph,
  indexed: number,
): Promise<BigUint64Array | undefined> {
  // Rows behind are few, or there would be a graph over them as well.
  const passing = Math.min(query.passingCount, indexed)
  const limit = Math.min(query.limit, passing)
  const rows = graph.nextRow
  const readAfter = query.column instanceof StoredColumn ? rankedCount(limit) : 0
  const shape: SearchShape = { rows, passing, limit, ef: query.effort.ef ?? efDefault, readAfter }
  const plan = planSearch(shape)
  if (plan.kind === 'scan') return undefined
  const keys = await runPlan(searcher, query, graph, indexed, plan)
  const needed = plan.kind === 'wide' ? plan.expected : limit
  if (keys === undefined || keys.length >= needed) return ranked(searcher, query, keys, limit)
  const narrow = planNarrow(shape)
  if (narrow.kind === 'scan') return undefined
  const others = await runPlan(searcher, query, graph, indexed, narrow)
  // Rows that pass and lie far apart are not all found: but all of them are asked for.
  return others === undefined || others.length < limit ? undefined : ranked(searcher, query, others, limit)
}

/** The best of what a graph has found: of one over codes alone by the vectors, which are in a file. */
async function ranked(
  searcher: VectorSearcher,
  { column, query, metric }: ColumnQuery,
  keys: BigUint64Array | undefined,
  limit: number,
): Promise<BigUint64Array | undefined> {
  if (keys === undefined || !(column instanceof StoredColumn)) return keys?.subarray(0, limit)
  return rankStored(searcher, column, keys.subarray(0, rankedCount(limit)), { query, metric, limit })
}

function runPlan(
  searcher: VectorSearcher,
  { column, query, limit, passing, isKept }: ColumnQuery,
  graph: HnswGraph,
  indexed: number,
  plan: Exclude<SearchPlan, { kind: 'scan' }>,
): Promise<BigUint64Array | undefined> {
  const isWide = plan.kind === 'wide'
  const wanted = column instanceof StoredColumn ? rankedCount(limit) : limit
  return searcher.graph({
    graph,
    query,
    ef: plan.ef,
    limit: isWide ? plan.ef : Math.min(wanted, plan.ef),
    rowLimit: indexed,
    passing: plan.kind === 'graph' ? undefined : passing,
    isKept,
    isWide,
    shareMin: plan.kind === 'filtered' ? Math.floor(plan.shareMin * 65_536) : 0,
  })
}

async function scan(
  searcher: VectorSearcher,
  { column, metric, query, limit, passing, passingCount, isKept }: ColumnQuery,
  firstRow: number,
  rowLimit: number,
): Promise<BigUint64Array> {
  if (firstRow >= rowLimit) return new BigUint64Array(0)
  if (column instanceof StoredColumn)
    return scanStored(searcher, column, { query, metric, limit, firstRow, rowLimit, passing })
  return searcher.scan({ column, query, metric, limit, firstRow, rowLimit, passing, passingCount, isKept })
}
