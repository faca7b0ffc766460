import { listOf, type Candidates } from './querying/candidates.ts'
import { BestHits, type Hit } from './querying/hits.ts'
import { scoresOf, type ScoringPlan } from './querying/scoring-plan.ts'
import { metricOf } from './scoring.ts'

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
    if (plan.kind === 'distance' && plan.vector instanceof Float32Array) {
      offerNearest(one, plan, plan.vector, count, best)
    } else offerScored(one, plan, best)
  }
  return best.sorted()
}

/** The column finds the best of its rows by itself. */
function offerNearest(
  { rows, rowLimit, bits }: Candidates,
  { using, params }: ScoringPlan,
  query: Float32Array,
  count: number,
  best: BestHits,
): void {
  const column = rows.vectors.get(using)
  if (column === undefined) return
  const found = column.search({
    query,
    metric: metricOf(params.distance),
    limit: Math.min(count, rowLimit),
    rowCount: rowLimit,
    ...(bits === undefined ? {} : { passing: bits }),
  })
  for (let i = 0; i < found.rows.length; i++) best.offer(rows, found.rows[i]!, found.scores[i]!)
}

function offerScored(candidates: Candidates, plan: ScoringPlan, best: BestHits): void {
  const list = listOf(candidates, plan.using)
  const scores = scoresOf(plan, candidates.rows, list)
  for (let i = 0; i < list.length; i++) best.offer(candidates.rows, list[i]!, scores[i]!)
}
