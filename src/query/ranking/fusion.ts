// Several ranked lists become one. Scores are single precision, as all scores are.

/** `k` is how much the first places differ; `weights` has one number per list, 1 by default. */
export interface RankFusion {
  readonly method: 'rrf'
  /** From 1 on. Default 2. */
  readonly k?: number
  /** A weight of zero or less makes a list count nothing; its points stay, with score 0. */
  readonly weights?: readonly number[]
}

/** Scores of a list are spread over [0, 1] by its mean and three standard deviations to both sides. */
export interface DistributionFusion {
  readonly method: 'dbsf'
}

export type FusionMethod = RankFusion | DistributionFusion

const kDefault = 2

/** What a place counts: 1 / (place / weight + k - 1), with places from 1 on. */
export function rankScore(place: number, weight: number, k = kDefault): number {
  return weight > 0 ? Math.fround(1 / (place / weight + k - 1)) : 0
}

/** What each entry of a list counts, in its order. `index` is the list's place among the lists. */
export function fusedShares(method: FusionMethod, scores: ArrayLike<number>, index: number): Float32Array {
  if (method.method === 'dbsf') return spread(scores)
  const weight = method.weights?.[index] ?? 1
  return Float32Array.from({ length: scores.length }, (_, i) => rankScore(i + 1, weight, method.k))
}

/** Where scores lie between the mean less and plus three standard deviations; 0.5 where there is no deviation. */
function spread(scores: ArrayLike<number>): Float32Array {
  const shares = new Float32Array(scores.length)
  let mean = 0
  let squares = 0
  for (let i = 0; i < scores.length; i++) {
    const delta = scores[i]! - mean
    mean += delta / (i + 1)
    squares += delta * (scores[i]! - mean)
  }
  const deviation = scores.length < 2 ? 0 : Math.sqrt(squares / (scores.length - 1))
  for (let i = 0; i < scores.length; i++) {
    shares[i] = deviation > 0 ? (scores[i]! - (mean - 3 * deviation)) / (6 * deviation) : 0.5
  }
  return shares
}
