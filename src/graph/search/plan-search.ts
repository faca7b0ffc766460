import { efMax } from '../hnsw/hnsw-graph.ts'

/** What a plan depends on. */
export interface SearchShape {
  /** Rows that the graph has. */
  readonly rows: number
  /** How many of them may be hits. */
  readonly passing: number
  readonly limit: number
  /** As asked for: rows that a search without a filter keeps in view. */
  readonly ef: number
}

export type SearchPlan =
  | { readonly kind: 'scan' }
  /** Through the graph, all rows of which may be hits. */
  | { readonly kind: 'graph'; readonly ef: number }
  /** As if all might be hits, and with more rows in view; at least `expected` hits are needed to trust in what was found. */
  | { readonly kind: 'wide'; readonly ef: number; readonly expected: number }
  /** Scores only rows that may be hits. */
  | { readonly kind: 'filtered'; readonly ef: number }

// Measured (ADR 0020), in scans of one row out of many: what a row that is kept in view costs.
const wideRows = 24
const filteredRows = 40
/** What a row costs if all are scanned in the order in which they lie. */
const sequentialRow = 0.3
/** Of this share of rows that pass on, widening finds as much as filtering does, for less. */
const wideShare = 0.08
/** Below this one a graph has lost its way. */
const filteredShare = 0.04

/** The cheapest way to find as much as a search without a filter does. */
export function planSearch(shape: SearchShape): SearchPlan {
  const ef = Math.max(shape.ef, shape.limit)
  const plan = graphPlan({ ...shape, ef })
  if (plan === undefined || plan.ef > efMax) return { kind: 'scan' }
  const cost = plan.ef * (plan.kind === 'filtered' ? filteredRows : wideRows)
  return scanCost(shape) <= cost ? { kind: 'scan' } : plan
}

/** What is left when widening has found too little. */
export function planNarrow(shape: SearchShape): SearchPlan {
  const ef = Math.min(efMax, 2 * Math.max(shape.ef, shape.limit))
  return scanCost(shape) <= ef * filteredRows ? { kind: 'scan' } : { kind: 'filtered', ef }
}

function graphPlan({
  rows,
  passing,
  limit,
  ef,
}: SearchShape): Exclude<SearchPlan, { kind: 'scan' }> | undefined {
  const share = passing / rows
  if (passing >= rows) return { kind: 'graph', ef }
  if (share >= wideShare) {
    const expected = Math.ceil(Math.max(limit * 2.5, ef * 0.35))
    return {
      kind: 'wide',
      ef: Math.max(ef, Math.ceil(expected / share)),
      expected: Math.max(limit, expected >> 1),
    }
  }
  if (share < filteredShare) return undefined
  return { kind: 'filtered', ef: ef * 4 }
}

function scanCost({ rows, passing }: SearchShape): number {
  return passing > rows / 2 ? Math.max(passing, rows * 0.5) * sequentialRow : passing
}
