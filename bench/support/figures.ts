export type Unit = 'ms' | 's' | 'points/s' | 'queries/s' | 'recall' | 'x'

export interface Side {
  readonly what: string
  readonly unit: Unit
  readonly p50: number
  readonly p99: number
  readonly count: number
}

export type Goal = { readonly atMost: number } | { readonly atLeast: number }

/** One line of the table. */
export interface Figure {
  readonly bench: string
  readonly name: string
  readonly value: number
  /** `x` is a ratio. */
  readonly unit: Unit
  readonly ours: Side
  /** What ours is compared with. */
  readonly beside?: Side
  readonly goal?: Goal
}

/** With thousands apart, for the names of figures. */
export function inDigits(count: number): string {
  return count.toLocaleString('en')
}

/** What was measured, without order. @throws for an empty list */
export function summarise(what: string, unit: Unit, samples: readonly number[]): Side {
  if (samples.length === 0) throw new Error(`Nothing was measured: ${what}`)
  const sorted = [...samples].sort((a, b) => a - b)
  return { what, unit, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), count: samples.length }
}

/** Undefined for a figure without a goal. */
export function meetsGoal({ value, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast
}

/** The smallest value that at least `share` of the values do not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  const index = Math.max(0, Math.ceil(sorted.length * share) - 1)
  return sorted[index] ?? Number.NaN
}

/** The item of the median value; of an even number the lower one of the two in the middle. @throws for an empty list */
export function medianBy<T>(items: readonly T[], value: (item: T) => number): T {
  const median = [...items].sort((a, b) => value(a) - value(b))[Math.floor((items.length - 1) / 2)]
  if (median === undefined) throw new Error('Nothing has no median')
  return median
}
