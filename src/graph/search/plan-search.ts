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
  /** Rows that are scored by vectors in a file behind a search of the graph; 0: the vectors are in memory. */
  readonly readAfter: number
  /** Rows that a scan in the graph's memory has to keep in view, if the graph has codes or sketches; 0: it has neither. */
  readonly codedView: number
  /** What that reads of each row that passes: the one, and of many rows that pass the other first. */
  readonly reads: 'codes' | 'sketches' | 'both'
  /** How many times as long a row's vector is as what the graph compares of it: its code, or the vector itself. */
  readonly vectorsPerRow: number
}

export type SearchPlan =
  /** Of the vectors of all rows that may be hits: exact. */
  | { readonly kind: 'scan' }
  /**
   * In the graph's memory, of their codes, unless sketches say by so many standard deviations that a row is none of the best; those in
   * view are ranked by their vectors. Of a graph over vectors, of the vectors of rows of which sketches do not say that.
   */
  | { readonly kind: 'codes'; readonly ef: number; readonly deviations: number }
  /** Through the graph, all rows of which may be hits. */
  | { readonly kind: 'graph'; readonly ef: number }
  /** As if all might be hits, and with more rows in view; at least `expected` hits are needed to trust in what was found. */
  | { readonly kind: 'wide'; readonly ef: number; readonly expected: number }
  /** Scores only rows that may be hits; of no use if less than `shareMin` of the rows around the query may. */
  | { readonly kind: 'filtered'; readonly ef: number; readonly shareMin: number }

type GraphPlan = Exclude<SearchPlan, { kind: 'scan' | 'codes' }>

// Measured (ADR 0020), in rows out of many as the graph compares them: what a row that is kept in view costs.
const wideRows = 24
const filteredRows = 50
/** A search that filters goes in by so many rows, whatever it keeps in view. */
const filteredEntries = 16
/** What a row costs if all are scanned in the order in which they lie. */
const sequentialRow = 0.3
/** What a row costs whose codes are compared, where searches of the graph compare codes, too. */
const codedRow = 0.6
/** What a row costs whose sketch is read, of short vectors and of long ones; and what those cost at most that are left to be compared. */
const sketchedRow = { sketches: 0.25, both: 0.4 } as const
const sievedShare = 0.2
const sievedRows = 250
/** A scan of fewer rows for each in view takes no longer without sketches: as in assembly/hnsw-scan.ts. */
const sketchedPerView = 16
/** How sure a scan by sketches is: see `GraphTask.deviations`. */
const deviationsMin = 2
const deviationsPerEffort = 0.3
const deviationsMax = 3.5
/** What a row costs that is read from a file (ADR 0026). */
const fileRow = 6
/** Of this share of rows that pass on, widening finds as much as filtering does, for less. */
const wideShare = 0.2
/** Places that rows take up which do not pass are made up for by so many more. */
const wideMore = 1.2
/** From this one down rows that pass are so far apart that more of them have to be kept in view. */
const sparseShare = 0.1
/** Below this one a graph has lost its way. */
const filteredShare = 0.01
/** If so much less pass around the query than elsewhere, those that do lie far away, where a search for near ones goes astray. */
const nearShare = 0.5
/** A search that goes astray in such a place keeps no less in view. */
const narrowMin = 64

/** The cheapest way to find as much as a search without a filter does. */
export function planSearch(shape: SearchShape): SearchPlan {
  // Whoever asks for so much asks for what is exact.
  if (shape.ef > efMax) return { kind: 'scan' }
  const ef = Math.max(shape.ef, shape.limit)
  const plan = graphPlan({ ...shape, ef })
  if (plan === undefined || plan.ef > efMax) return scanPlan(shape)
  return cheaper(plan, shape)
}

/** What is left when a search of the graph has found too little: what passes is not where the query is. */
export function planNarrow(shape: SearchShape): SearchPlan {
  const ef = Math.min(efMax, Math.max(narrowMin, 2 * Math.max(shape.ef, shape.limit)))
  const plan = { kind: 'filtered', ef, shareMin: 0 } as const
  return cheaper(plan, shape)
}

function cheaper(plan: GraphPlan, shape: SearchShape): SearchPlan {
  return scanCost(shape) <= graphCost(plan, shape) ? scanPlan(shape) : plan
}

/** All rows that may be hits are compared: by their codes, if those that are to be ranked by their vectors are few of them. */
export function scanPlan(shape: SearchShape): Exclude<SearchPlan, GraphPlan> {
  if (!scansCodes(shape)) return { kind: 'scan' }
  return { kind: 'codes', ef: shape.codedView, deviations: deviationsOf(shape) }
}

/** The more effort for each hit, the surer a search is to be, as that of a graph is: this one loses less. */
function deviationsOf({ ef, limit }: SearchShape): number {
  return Math.min(deviationsMax, deviationsMin + (ef / limit) * deviationsPerEffort)
}

function scansCodes({ passing, codedView, reads }: SearchShape): boolean {
  const least = reads === 'sketches' ? sketchedPerView : 2
  return codedView > 0 && codedView <= efMax && passing >= codedView * least
}

function graphPlan({ rows, passing, limit, ef }: SearchShape): GraphPlan | undefined {
  const share = passing / rows
  if (passing >= rows) return { kind: 'graph', ef }
  if (share >= wideShare) {
    const expected = Math.ceil(Math.max(limit + 2.2 * Math.sqrt(limit), ef * 0.6))
    return {
      kind: 'wide',
      ef: Math.ceil(Math.max(ef * (1 + (1 - share) * wideMore), expected / share)),
      expected: Math.max(limit, expected >> 1),
    }
  }
  if (share < filteredShare) return undefined
  // Rows that do not pass lead on without taking up places, so fewer places find as much.
  const kept =
    share >= sparseShare
      ? Math.max(Math.min(ef / 2 + 12, ef - 4), limit + 2)
      : (Math.max(ef / 2 + 12, limit * 1.2 + 5) * sparseShare) / share
  return { kind: 'filtered', ef: Math.ceil(kept), shareMin: share * nearShare }
}

function graphCost({ kind, ef }: GraphPlan, { readAfter }: SearchShape): number {
  const walk = kind === 'filtered' ? (ef + filteredEntries) * filteredRows : ef * wideRows
  return walk + readAfter * fileRow
}

function scanCost(shape: SearchShape): number {
  const { rows, passing, readAfter, reads, vectorsPerRow } = shape
  if (scansCodes(shape)) {
    return (reads === 'codes' ? passing * codedRow : sieveCost(shape, reads)) + readAfter * fileRow
  }
  const cost = passing > rows / 2 ? Math.max(passing, rows * 0.5) * sequentialRow : passing
  return cost * (readAfter > 0 ? fileRow : vectorsPerRow)
}

function sieveCost({ passing, codedView }: SearchShape, reads: keyof typeof sketchedRow): number {
  if (passing < codedView * sketchedPerView) return passing * codedRow
  return passing * sketchedRow[reads] + Math.min(passing * sievedShare, sievedRows)
}
