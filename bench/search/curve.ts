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

export type Pace = 'wall clock' | 'processor time'

/**
 * Queries per second at a recall: between the two points around it, in proportion; of the first point if even that
 * finds more. Undefined if none finds enough, or the pace was not measured.
 */
export function speedAt(
  curve: readonly CurvePoint[],
  recall: number,
  pace: Pace = 'wall clock',
): number | undefined {
  const after = curve.findIndex((point) => point.recall >= recall)
  const high = curve[after]
  const highSpeed = high && speedOf(high, pace)
  const low = curve[after - 1]
  const lowSpeed = low && speedOf(low, pace)
  if (high === undefined || highSpeed === undefined || low === undefined || lowSpeed === undefined)
    return highSpeed
  const share = (recall - low.recall) / (high.recall - low.recall)
  return lowSpeed * (highSpeed / lowSpeed) ** share
}

function speedOf({ perSecond, processorMs }: CurvePoint, pace: Pace): number | undefined {
  if (pace === 'wall clock') return perSecond
  return processorMs === undefined || processorMs === 0 ? undefined : 1_000 / processorMs
}
