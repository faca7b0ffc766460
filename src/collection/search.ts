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
  const request = { using, params, query: vector, rowLimit, passing }
  if (isSparse(vector)) {
    const { rows: matches, scores } = nearestRows(rows, { ...request, limit: rowLimit })
    // A match that comes to nothing is none, as in Qdrant.
    for (let i = 0; i < matches.length; i++) {
      if (scores[i] !== 0) best.offer(rows, matches[i]!, scores[i]!)
    }
    return
  }
  // One more than is needed shows whether a row just as good was left out. A column knows no ids: which of equal rows
  // it finds depends on where they lie, and so would differ between a collection and its clone.
  const { rows: found, scores } = nearestRows(rows, { ...request, limit: count + 1 })
  if (found.length > count && scores[count] === scores[count - 1]) return offerScored(candidates, plan, best)
  for (let i = 0; i < found.length; i++) best.offer(rows, found[i]!, scores[i]!)
}

function offerScored(candidates: Candidates, plan: ScoringPlan, best: BestHits): void {
  const list = listOf(candidates, columnNameOf(plan.using, plan.params))
  const scores = scoresOf(plan, candidates.rows, list)
  for (let i = 0; i < list.length; i++) best.offer(candidates.rows, list[i]!, scores[i]!)
}
