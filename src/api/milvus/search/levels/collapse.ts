import type { PointId } from '../../../../index.ts'
import type { FoundHit } from '../finding/find-hits.ts'
import { byScore, type Metric } from '../finding/metrics.ts'
import type { ElementScope } from './element-scope.ts'

/** Rows instead of the structs that were found of them (best first), each with one score; again best first. */
export function collapsed(
  hits: readonly FoundHit[],
  { strategy, topK }: ElementScope,
  metric: Metric,
): FoundHit[] {
  const rows = new Map<PointId, FoundHit[]>()
  for (const hit of hits) {
    const row = rows.get(hit.point.id)
    if (row === undefined) rows.set(hit.point.id, [hit])
    else row.push(hit)
  }
  const found = [...rows.values()].map((row): FoundHit => {
    const { point } = row[0]!
    const scores = row.slice(0, topK).map(({ score }) => score)
    return { point, score: strategy === 'max' ? scores[0]! : collapsedScore(scores, strategy) }
  })
  return found.sort(byScore(metric))
}

function collapsedScore(scores: readonly number[], strategy: ElementScope['strategy']): number {
  const sum = scores.reduce((total, score) => total + score, 0)
  return Math.fround(strategy.endsWith('avg') ? sum / scores.length : sum)
}
