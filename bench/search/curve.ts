/** One value of an engine's effort. */
export interface CurvePoint {
  readonly effort: number
  readonly recall: number
  /** Queries per second with one client. */
  readonly perSecond: number
  /** Milliseconds of processor time per query, of all its threads. */
  readonly processorMs?: number | undefined
}

/** The first point that finds enough; nobody is measured at a recall between two of its settings. */
export function pointAt(curve: readonly CurvePoint[], recall: number): CurvePoint | undefined {
  return curve.find((point) => point.recall >= recall)
}

/**
 * Queries per second at a recall: between the two points around it, in proportion; of the first point if even that
 * finds more. Undefined if none finds enough.
 */
export function speedAt(curve: readonly CurvePoint[], recall: number): number | undefined {
  const after = curve.findIndex((point) => point.recall >= recall)
  if (after <= 0) return curve[after]?.perSecond
  const [low, high] = [curve[after - 1]!, curve[after]!]
  const share = (recall - low.recall) / (high.recall - low.recall)
  return low.perSecond * (high.perSecond / low.perSecond) ** share
}
