import type { Description, Operation } from './adapters/adapter.ts'
import type { DataShape } from './data/data-set.ts'
import type { CurvePoint } from './curve.ts'
import type { Pair } from './driver/by-turns.ts'
import type { Ingested, Loaded } from './driver/protocol.ts'

export const recalls = [0.95, 0.99] as const

export interface SearchResults {
  readonly queries: number
  readonly limit: number
  /** Of one load, over all of its rounds. */
  readonly milliseconds: number
  readonly rounds: number
  readonly dataSets: readonly DataSetResults[]
}

export interface DataSetResults extends DataShape {
  readonly name: string
  readonly engines: readonly EngineResults[]
}

/** What was not measured is missing, and `failed` says why if it should have been. */
export interface EngineResults {
  readonly engine: string
  readonly description: Description
  readonly ingested: Ingested
  readonly curve: readonly CurvePoint[]
  readonly loads: readonly LoadResults[]
  readonly filtered: readonly FilteredResults[]
  readonly restartSeconds?: number | undefined
  readonly operations: readonly Operation[]
  /** Queries per second of 16 clients, by threads that search. */
  readonly scaling?: Scaling | undefined
  /** The same of 4 clients, each call with 16 queries. */
  readonly batchScaling?: Scaling | undefined
  readonly failed?: string | undefined
}

/**
 * A load with one thread that searches, and with two. Of the pairs between which the machine gave all of its processors the one with
 * the median ratio; of all pairs, if there are too few of these.
 */
export interface Scaling extends Pair<Loaded> {
  /** Whether there are enough. */
  readonly isJudged: boolean
  /** Of these pairs, in order. */
  readonly ratios: readonly number[]
  /** Of the other ones. */
  readonly otherRatios: readonly number[]
}

/** At the effort that reaches `recall` without a filter. */
export interface LoadResults extends Loaded {
  readonly recall: number
  readonly effort: number
  readonly clients: number
}

/**
 * One client, at the effort that reaches `atRecall` without a filter. It is asked with the filter and without by turns; of these pairs
 * the one with the median ratio counts.
 */
export interface FilteredResults extends Loaded {
  readonly atRecall: number
  readonly effort: number
  readonly filter: string
  readonly recall: number
  /** Queries per second of the same effort without a filter. */
  readonly unfilteredPerSecond: number
  readonly unfilteredProcessorMs?: number | undefined
  readonly unfilteredRecall: number
}
