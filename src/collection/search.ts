import type { SearchEffort } from '../graph/search/search-column.ts'
import type { Searching } from '../graph/search/vector-searcher.ts'
import { StoredColumn } from '../graph/stored/stored-column.ts'
import { isMulti, isSparse } from '../graph/vector-value.ts'
import { listOf, type Candidates } from './querying/candidates.ts'
import { BestHits, type Hit } from './querying/hits.ts'
import { nearestRows } from './nearest.ts'
import type { ReadServices } from './querying/read-services.ts'
import { scoresOf, type ScoringPlan } from './querying/scoring-plan.ts'
import { columnNameOf } from './vector-columns.ts'

export interface SearchRequest {
  readonly plan: ScoringPlan
  readonly count: number
  readonly threshold: number | undefined
  readonly effort: SearchEffort
}

/** The `count` best of the candidates, best first; equal scores by id. Rows without the vector are not among them. */
export async function searchCandidates(
  services: ReadServices,
  candidates: readonly Candidates[],
  { plan, count, threshold, effort }: SearchRequest,
): Promise<Hit[]> {
  const best = new BestHits(count, plan.descending, threshold)
  if (count === 0) return []
  if (plan.kind !== 'distance' || isMulti(plan.vector)) {
    for (const one of candidates) await offerScored(services, one, plan, best)
    return best.sorted()
  }
  const nearest = { plan, count, effort, best }
  const isOffered = await services.searcher.run(candidates.map((one) => offerNearest(one, nearest)))
  for (let at = 0; at < candidates.length; at++) {
    if (isOffered[at] === false) await offerScored(services, candidates[at]!, plan, best)
  }
  return best.sorted()
}

interface Nearest {
  readonly plan: Extract<ScoringPlan, { readonly kind: 'distance' }>
  readonly count: number
  readonly effort: SearchEffort
  readonly best: BestHits
}

/** False if all of the rows have to be scored: among so many equal ones the ids decide. */
function* offerNearest(
  { rows, rowLimit, bits: passing, passingCount, isKept = false }: Candidates,
  { plan, count, effort, best }: Nearest,
): Searching<boolean> {
  const { using, params, vector: query } = plan
  const request = { using, params, query, rowLimit, passing, passingCount, isKept, effort, limit: rowLimit }
  if (isSparse(query)) {
    const { rows: matches, scores } = yield* nearestRows(rows, request)
    // A match that comes to nothing is none, as in Qdrant.
    for (let i = 0; i < matches.length; i++) {
      if (scores[i] !== 0) best.offer(rows, matches[i]!, scores[i]!)
    }
    return true
  }
  // One more than is needed shows whether a row just as good was left out. A column knows no ids: which of equal rows
  // it finds depends on where they lie, and so would differ between a collection and its clone.
  for (request.limit = count + 1; ; request.limit *= tieFactor) {
    const { limit } = request
    const { rows: found, scores, isExact } = yield* nearestRows(rows, request)
    const isTie = found.length === limit && scores[limit - 1] === scores[count - 1]
    // A graph has not looked at all rows anyway.
    if (isTie && isExact) {
      if (limit * tieFactor <= tiedRowsMax) continue
      return false
    }
    for (let i = 0; i < found.length; i++) best.offer(rows, found[i]!, scores[i]!)
    return true
  }
}

// Equal rows are few, if there are any, or nearly all are equal: more are asked for before every row is compared once more.
const tieFactor = 8
const tiedRowsMax = 16_384

/** Rows scored between two looks at the clock. */
const sliceRows = 4_096
/** The same where a row has several vectors, each of which is compared with each of the query's. */
const multiSliceRows = 32
/** The same where rows are read from a file. */
const storedSliceRows = 256

async function offerScored(
  { slices }: ReadServices,
  candidates: Candidates,
  plan: ScoringPlan,
  best: BestHits,
): Promise<void> {
  const name = columnNameOf(plan.using, plan.params)
  const all = listOf(candidates, name)
  const isStored = candidates.rows.vectors.get(name) instanceof StoredColumn
  const step = plan.params.kind === 'multi' ? multiSliceRows : isStored ? storedSliceRows : sliceRows
  for (let start = 0; start < all.length; start += step) {
    const list = all.subarray(start, start + step)
    const scores = scoresOf(plan, candidates.rows, list)
    for (let i = 0; i < list.length; i++) best.offer(candidates.rows, list[i]!, scores[i]!)
    if (slices.isDue()) await slices.pause()
  }
}
