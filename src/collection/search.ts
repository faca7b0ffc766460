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
  { rows, rowLimit, bits }: Candidates,
  { using, params, vector }: Extract<ScoringPlan, { readonly kind: 'distance' }>,
  count: number,
  best: BestHits,
): void {
  const found = nearestRows(rows, { using, params, query: vector, rowLimit, passing: bits, limit: count })
  for (let i = 0; i < found.rows.length; i++) best.offer(rows, found.rows[i]!, found.scores[i]!)
}

function offerScored(candidates: Candidates, plan: ScoringPlan, best: BestHits): void {
  const list = listOf(candidates, columnNameOf(plan.using, plan.params))
  const scores = scoresOf(plan, candidates.rows, list)
  for (let i = 0; i < list.length; i++) best.offer(candidates.rows, list[i]!, scores[i]!)
}
