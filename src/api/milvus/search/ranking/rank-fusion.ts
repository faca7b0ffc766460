import { invalidParameter } from '../../status.ts'
import { normalized, similarity } from './normalize.ts'
import { combine, sorted, type Ranker } from './ranker.ts'

const kMax = 16_384

/** Only places count: 1 / (k + place), from 1 on. @throws 1100 */
export function reciprocalRanks(k: number): Ranker {
  if (!(k > 0 && k < kMax))
    throw invalidParameter(`The rank params k should be in range (0, ${kMax}), but got ${k}`)
  return { rank: (lists) => sorted(combine(lists, (_hit, place) => 1 / (k + place))) }
}

/** Scores count by weights; `isNormalized`: after they were brought between 0 and 1. @throws 1100 */
export function weightedScores(weights: readonly number[], lists: number, isNormalized: boolean): Ranker {
  const bad = weights.find((weight) => !(weight >= 0 && weight <= 1))
  if (bad !== undefined) throw invalidParameter(`rank param weight should be in range [0, 1], but got ${bad}`)
  if (weights.length !== lists)
    throw invalidParameter(
      `the length of weights param mismatch with ann search requests: ${weights.length} weights, ${lists} requests`,
    )
  const share = isNormalized ? normalized : similarity
  return {
    rank: (found) =>
      sorted(combine(found, ({ score }, _place, list) => weights[list]! * share(found[list]!.metric, score))),
  }
}
