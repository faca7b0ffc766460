import { invalidParameter } from '../../status.ts'
import { normalized, similarity } from './normalize.ts'
import { combine, sorted, type Ranker } from './ranker.ts'

export interface DecayParams {
  readonly field: string
  readonly shape: 'gauss' | 'exp' | 'linear'
  readonly origin: number
  /** From this far on (beyond `offset`), scores count `decay`. */
  readonly scale: number
  /** So far from the origin scores count in full. */
  readonly offset: number
  /** Between 0 and 1. */
  readonly decay: number
  readonly isNormalized: boolean
  /** What becomes of the scores of one hit in several lists. */
  readonly mode: 'max' | 'sum' | 'avg'
}

/** Scores count the less, the farther a value of the hit is from an origin; not at all without a value. @throws 1100 */
export function decayedScores(params: DecayParams): Ranker {
  const { field, scale, offset, decay, mode } = params
  if (!(scale > 0)) throw invalidParameter(`Decay function param: scale must > 0, but got ${scale}`)
  if (!(offset >= 0)) throw invalidParameter(`Decay function param: offset must >= 0, but got ${offset}`)
  if (!(decay > 0 && decay < 1))
    throw invalidParameter(`Decay function param: decay must 0 < decay < 1, but got ${decay}`)
  const share = params.isNormalized ? normalized : similarity
  const merge = mode === 'max' ? Math.max : (sum: number, one: number): number => sum + one
  return {
    field,
    rank(lists, valueOf) {
      const sums = combine(lists, ({ score }, _place, list) => share(lists[list]!.metric, score), merge)
      const counts = mode === 'avg' ? combine(lists, () => 1) : undefined
      const scores = Array.from(sums, ([id, sum]) => {
        const value = valueOf(id)
        const factor = value === undefined ? 0 : decayFactor(params, value)
        return [id, (sum / (counts?.get(id) ?? 1)) * factor] as const
      })
      return sorted(new Map(scores))
    },
  }
}

/** 1 at the origin, `decay` at `scale` beyond `offset`. */
export function decayFactor(
  { shape, origin, scale, offset, decay }: Omit<DecayParams, 'field' | 'isNormalized' | 'mode'>,
  value: number,
): number {
  const distance = Math.max(0, Math.abs(value - origin) - offset) / scale
  switch (shape) {
    case 'gauss':
      return Math.exp(Math.log(decay) * distance ** 2)
    case 'exp':
      return Math.exp(Math.log(decay) * distance)
    case 'linear':
      return Math.max(0, 1 - (1 - decay) * distance)
  }
}
