import type { Description, EngineSettings, Operation } from '../adapters/adapter.ts'
import type { DataSet } from '../data/data-set.ts'
import type { LoadResult } from './load.ts'
import type { Pair } from './by-turns.ts'

/** What is asked of the process that drives one engine; one call at a time. */
export interface DriverCalls {
  open(request: { readonly engine: EngineSettings; readonly data: DataSet }): Promise<Description>
  ingest(): Promise<Ingested>
  recall(request: SearchRequest): Promise<number>
  load(request: LoadRequest): Promise<Loaded>
  restart(): Promise<number | undefined>
  /** Of each load its pairs, of one thread and of `threads`; none of an engine that has no twin. */
  scaling(request: ScalingRequest): Promise<readonly (readonly Pair<Loaded>[])[]>
  operations(): Promise<readonly Operation[]>
  /** The profiler in the engine's process starts and stops at a signal; see `bench/profile/sampler.mjs`. */
  toggleProfiler(): Promise<void>
  /** Samples a part of a load. */
  profile(request: ProfileRequest): Promise<void>
  close(): Promise<void>
}

export interface SearchRequest {
  readonly effort: number
  /** By name. */
  readonly filter?: string | undefined
}

export interface LoadRequest extends SearchRequest {
  readonly clients: number
  readonly milliseconds: number
  /** Queries of one call. Default: one. */
  readonly batch?: number | undefined
}

/** With the threads that the engine has, and with `threads`. */
export interface ScalingRequest {
  readonly threads: number
  readonly loads: readonly LoadRequest[]
  /** Of each load, between which the machine gave all of its processors. */
  readonly pairs: number
}

export interface ProfileRequest extends SearchRequest {
  readonly clients: number
  readonly seconds: number
}

export interface Ingested {
  readonly ingestSeconds: number
  readonly buildSeconds: number
  readonly indexedShare: number
  /** What the process holds beyond what it held before; undefined where that cannot be read. */
  readonly memoryBytes?: number | undefined
}

export interface Loaded extends LoadResult {
  /** Of the process that keeps the data. */
  readonly processorSeconds?: number | undefined
  readonly loopDelayMs?: number | undefined
  /** What the machine gave of its processors right before and after, to as many threads: the lower share. See `ProcessorGauge`. */
  readonly processorShare?: number | undefined
}

/** Whether the machine gave its processors to both loads; where that was not looked at it did. */
export function hadProcessors({ one, two }: Pair<Loaded>): boolean {
  return [one, two].every(({ processorShare = 1 }) => processorShare >= wholeShare)
}

const wholeShare = 0.9

export type CallName = keyof DriverCalls
export interface Call {
  readonly id: number
  readonly name: CallName
  readonly request?: unknown
}

export type FromDriver =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  /** Rows written so far. */
  | { readonly progress: number }
  /** A server that has to end with its driver. */
  | { readonly spawned: number }
