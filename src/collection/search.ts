import { isSparse } from '../graph/vector-value.ts'
import { listOf, type Candidates } from './querying/candidates.ts'
import { BestHits, type Hit } from './querying/hits.ts'
import { nearestRows } from './nearest.ts'
import { scoresOf, type ScoringPlan } from './querying/scoring-plan.ts'
import { columnNameOf } from './vector-columns.ts'

/** The `count` best of the candidates, best first; equal scores by id. Rows without the vector are not among them. */
export function searchCandidates(
  candidates: readonly Candidates[],
  plan: ScoringPlan,
  count: number,
  threshold?: number,
): Hit[] {
  const best = new BestHits(count, plan.descending, threshold)
  if (count === 0) return []
  for (const one of candidates) {
    if (plan.kind === 'distance') offerNearest(one, plan, count, best)
    else offerScored(one, plan, best)
  }
  return best.sorted()
}

function offerNearest(
  candidates: Candidates,
  plan: Extract<ScoringPlan, { readonly kind: 'distance' }>,
  count: number,
  best: BestHits,
): void {
  const { rows, rowLimit, bits: passing } = candidates
  const { using, params, vector } = plan
  // One more than is needed shows whether a row just as good was left out. A column knows no ids: which of equal rows
  // it finds depends on where they lie, and so would differ between a collection and its clone.
  const request = { using, params, query: vector, rowLimit, passing, limit: count + 1 }
  const { rows: found, scores } = nearestRows(rows, request)
  const isTied = found.length > count && scores[count] === scores[count - 1]
  if (isTied && !isSparse(vector)) return offerScored(candidates, plan, best)
  // Of sparse vectors only those that match are found, and none is left out.
  const all = isTied ? nearestRows(rows, { ...request, limit: rowLimit }) : { rows: found, scores }
  for (let i = 0; i < all.rows.length; i++) best.offer(rows, all.rows[i]!, all.scores[i]!)
}

function offerScored(candidates: Candidates, plan: ScoringPlan, best: BestHits): void {
  const list = listOf(candidates, columnNameOf(plan.using, plan.params))
  const scores = scoresOf(plan, candidates.rows, list)
  for (let i = 0; i < list.length; i++) best.offer(candidates.rows, list[i]!, scores[i]!)
}
