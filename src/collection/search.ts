import { allEnded } from '../runtime/all-ended.ts'
import type { SearchEffort } from '../graph/search/search-column.ts'
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
  if (plan.kind === 'distance') {
    const nearest = { plan, count, effort, best }
    const [only] = candidates
    if (only !== undefined && candidates.length === 1) await offerNearest(services, only, nearest)
    // The rows are in use until the last of them is over, whatever becomes of another.
    else await allEnded(candidates.map((one) => offerNearest(services, one, nearest)))
  } else for (const one of candidates) await offerScored(services, one, plan, best)
  return best.sorted()
}

interface Nearest {
  readonly plan: Extract<ScoringPlan, { readonly kind: 'distance' }>
  readonly count: number
  readonly effort: SearchEffort
  readonly best: BestHits
}

async function offerNearest(
  services: ReadServices,
  candidates: Candidates,
  { plan, count, effort, best }: Nearest,
): Promise<void> {
  const { searcher } = services
  const { rows, rowLimit, bits: passing, passingCount, isKept = false } = candidates
  const { using, params, vector } = plan
  if (isMulti(vector)) return offerScored(services, candidates, plan, best)
  const request = { using, params, query: vector, rowLimit, passing, passingCount, isKept, effort }
  if (isSparse(vector)) {
    const { rows: matches, scores } = await nearestRows(searcher, rows, { ...request, limit: rowLimit })
    // A match that comes to nothing is none, as in Qdrant.
    for (let i = 0; i < matches.length; i++) {
      if (scores[i] !== 0) best.offer(rows, matches[i]!, scores[i]!)
    }
    return
  }
  // One more than is needed shows whether a row just as good was left out. A column knows no ids: which of equal rows
  // it finds depends on where they lie, and so would differ between a collection and its clone.
  for (let limit = count + 1; ; limit *= tieFactor) {
    const { rows: found, scores, isExact } = await nearestRows(searcher, rows, { ...request, limit })
    const isTie = found.length === limit && scores[limit - 1] === scores[count - 1]
    // A graph has not looked at all rows anyway.
    if (isTie && isExact) {
      if (limit * tieFactor <= tiedRowsMax) continue
      return offerScored(services, candidates, plan, best)
    }
    for (let i = 0; i < found.length; i++) best.offer(rows, found[i]!, scores[i]!)
    return undefined
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
