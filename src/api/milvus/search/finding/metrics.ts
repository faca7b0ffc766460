import { singleMetric } from '../../indexes/vector-index.ts'

/** How scores of one metric are read. */
export interface Metric {
  /** As it is written on the wire: L2, IP, COSINE, … */
  readonly name: string
  /** How two vectors are compared; another one than `name` where lists of vectors are. */
  readonly single: string
  /** True if a smaller score is the better one. */
  readonly isDistance: boolean
}

const similarities = new Set(['IP', 'COSINE', 'BM25'])

export function metricNamed(given: string): Metric {
  const name = given.toUpperCase()
  const single = singleMetric(name)
  return { name, single, isDistance: !similarities.has(single) }
}

// Beyond, several whole squares have one root.
const wholeMax = 2 ** 22

/**
 * The engine's score as Milvus has it: that of L2 is the squared distance. Of the numbers with this very root a whole one is
 * taken, if there is one, since vectors of whole numbers are common and the root has lost the last bit. Keeps the order.
 */
export function scoreOf({ single }: Metric, score: number): number {
  if (single !== 'L2') return score
  const square = score * score
  const whole = Math.round(square)
  return whole < wholeMax && Math.fround(Math.sqrt(whole)) === score ? whole : Math.fround(square)
}

/** A threshold of the engine that lets through all scores better than `radius`, and perhaps a few more. */
export function thresholdOf({ single, isDistance }: Metric, radius: number): number | undefined {
  const slack = Math.max(Math.abs(radius), Number.MIN_VALUE) * 1e-6
  const loose = isDistance ? radius + slack : radius - slack
  if (single !== 'L2') return loose
  return loose > 0 ? Math.sqrt(loose) * (1 + 1e-6) : 0
}

export const isBetter = ({ isDistance }: Metric, a: number, b: number): boolean =>
  isDistance ? a < b : a > b

/** Best first; hits of one score keep their order. */
export const byScore =
  (metric: Metric) =>
  (a: { readonly score: number }, b: { readonly score: number }): number =>
    isBetter(metric, a.score, b.score) ? -1 : Number(a.score !== b.score)

/** Half away from below, as Milvus rounds; -1 leaves scores as they are. */
export function roundScore(score: number, decimals: number): number {
  if (decimals < 0) return score
  const factor = 10 ** decimals
  return Math.floor(score * factor + 0.5) / factor
}
