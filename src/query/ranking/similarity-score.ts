// Scores of a row by its similarities to examples. Similarities are higher for what is closer, whatever the distance;
// so are these scores.

/** Maps any number into (-1, 1), and keeps the order. */
export function squash(x: number): number {
  return x / (1 + Math.abs(x))
}

/** Into (0, 1). */
function share(x: number): number {
  return 0.5 * (squash(x) + 1)
}

/** One array of similarities per example, each with one number per row. */
export type Similarities = readonly Float32Array[]

/** The best positive example counts, or, if a negative one is as close, the best negative one, below zero. */
export function bestScore(positive: Similarities, negative: Similarities, row: number): number {
  const liked = best(positive, row)
  const disliked = best(negative, row)
  return liked > disliked ? share(liked) : -share(disliked)
}

function best(examples: Similarities, row: number): number {
  let found = -Infinity
  for (const similarities of examples) if (similarities[row]! > found) found = similarities[row]!
  return found
}

/** All positive examples less all negative ones. */
export function sumOfScores(positive: Similarities, negative: Similarities, row: number): number {
  let sum = 0
  for (const similarities of positive) sum += similarities[row]!
  for (const similarities of negative) sum -= similarities[row]!
  return sum
}

/** How many pairs have their positive side closer, less the others, plus the similarity to the target within (0, 1). */
export function discoverScore(
  target: Float32Array,
  positive: Similarities,
  negative: Similarities,
  row: number,
): number {
  let rank = 0
  for (let i = 0; i < positive.length; i++) rank += Math.sign(positive[i]![row]! - negative[i]![row]!)
  return rank + share(target[row]!)
}

// The smallest difference that single precision sees next to 1: sides that are equally close are not yet right.
const margin = 2 ** -23

/** Zero where every pair has its positive side closer, and the less the more of them do not. */
export function contextScore(positive: Similarities, negative: Similarities, row: number): number {
  let sum = 0
  for (let i = 0; i < positive.length; i++) {
    sum += squash(Math.min(0, positive[i]![row]! - negative[i]![row]! - margin))
  }
  return sum
}

/** How much a pair of judged examples counts: the further apart they were judged, the more. */
export interface FeedbackPair {
  /** Places in the list of examples. */
  readonly better: number
  readonly worse: number
  readonly weight: number
}

export interface FeedbackWeights {
  /** Of the similarity to the target. */
  readonly a: number
  /** The power of the difference of two judgements; not below 0. */
  readonly b: number
  /** Of the pairs. */
  readonly c: number
}

/** The similarity to the target, corrected by which of two judged examples a row is closer to. */
export function feedbackScore(
  target: Float32Array,
  examples: Similarities,
  pairs: readonly FeedbackPair[],
  weights: FeedbackWeights,
  row: number,
): number {
  let score = weights.a * target[row]!
  for (const { better, worse, weight } of pairs) {
    score += weight * (examples[better]![row]! - examples[worse]![row]!)
  }
  return score
}

/** Every two examples that were judged differently. */
export function feedbackPairs(judgements: readonly number[], weights: FeedbackWeights): FeedbackPair[] {
  const pairs: FeedbackPair[] = []
  judgements.forEach((high, better) => {
    judgements.forEach((low, worse) => {
      if (high > low) pairs.push({ better, worse, weight: weights.c * (high - low) ** weights.b })
    })
  })
  return pairs
}
