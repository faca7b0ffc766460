import type { Metric } from '../finding/metrics.ts'
import type { PointId } from '../../../../index.ts'

/** What one search found, best first. */
export interface RankedList {
  readonly metric: Metric
  readonly hits: readonly RankedHit[]
}

export interface RankedHit {
  readonly id: PointId
  readonly score: number
}

/** Makes one list of several, best first. Its scores are the better, the greater they are. */
export interface Ranker {
  /** The field that it reads of each hit. */
  readonly field?: string
  /** `valueOf`: what stands in `field`, undefined where there is nothing. */
  rank(lists: readonly RankedList[], valueOf: (id: PointId) => number | undefined): RankedHit[]
}

/** Sums up (or whatever `merge` does) what each hit counts in the lists that have it. */
export function combine(
  lists: readonly RankedList[],
  shareOf: (hit: RankedHit, place: number, list: number) => number,
  merge: (sum: number, share: number) => number = (sum, share) => sum + share,
): Map<PointId, number> {
  const sums = new Map<PointId, number>()
  lists.forEach(({ hits }, list) => {
    hits.forEach((hit, at) => {
      const share = shareOf(hit, at + 1, list)
      const sum = sums.get(hit.id)
      sums.set(hit.id, sum === undefined ? share : merge(sum, share))
    })
  })
  return sums
}

/** Greatest first; equal ones by key. Scores are single precision on the wire, and so are the ties. */
export function sorted(scores: ReadonlyMap<PointId, number>): RankedHit[] {
  const hits = Array.from(scores, ([id, score]) => ({ id, score: Math.fround(score) }))
  return hits.sort((a, b) => b.score - a.score || compareIds(a.id, b.id))
}

function compareIds(a: PointId, b: PointId): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  if (typeof a === 'string' || typeof b === 'string') return typeof a === 'string' ? 1 : -1
  const [left, right] = [BigInt.asIntN(64, BigInt(a)), BigInt.asIntN(64, BigInt(b))]
  return left < right ? -1 : Number(left > right)
}
