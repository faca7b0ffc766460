import type { RowFilter } from '../data/filters.ts'
import type { Questions } from '../data/data-set.ts'

/** The graph parameters that everybody who builds one gets. */
export const graph = { m: 16, efConstruct: 128 } as const

export const engineKinds = [
  'stillpoint-embedded',
  'stillpoint-server',
  'usearch',
  'lancedb-hnsw',
  'lancedb-ivf',
  'qdrant',
] as const
export type EngineKind = (typeof engineKinds)[number]

export interface EngineSettings {
  readonly kind: EngineKind
  /** A folder of its own, on the disk that is measured. */
  readonly home: string
  /** An npm folder that has the peers installed. */
  readonly peers?: string
  /** Of a server that is started from a binary. */
  readonly program?: string
  /** Threads that search, where that can be chosen. */
  readonly threads?: number
}

export interface Description {
  readonly version: string
  /** Everything that is not as it comes. */
  readonly settings: string
  readonly durability: string
  /** What `effort` sets, and which values are tried. */
  readonly effort: { readonly name: string; readonly values: readonly number[] }
  /** How many searches it can be given at once. */
  readonly clientsMax: number
  readonly filters: boolean
}

export interface Batch {
  readonly firstRow: number
  readonly count: number
  readonly dimensions: number
  /** Rows one after another. */
  readonly flat: Float32Array
  readonly numbers: Uint32Array
}

export interface SearchSetting {
  /** ef, or how many lists are looked into. */
  readonly effort: number
  readonly filter?: RowFilter | undefined
  /** Queries of one call, so that no two calls in a row share one; only of an engine that takes batches. Default: one. */
  readonly batch?: number | undefined
}

/** One client: a connection, or a caller in the same process. */
export interface Searcher {
  /** The work of a query and nothing else: this is timed. */
  run(query: number): unknown
  /** The rows found, nearest first. */
  rows(query: number): Promise<ArrayLike<number>>
  close?(): void
}

/** Something that takes seconds: of one that copies bytes, how many. */
export interface Operation {
  readonly name: 'snapshot' | 'clone' | 'rollback' | 'archive'
  readonly what: string
  readonly seconds: number
  readonly bytes?: number
}

/** One engine behind the bench. Methods are called one at a time, in the order in which they stand here. */
export interface Adapter {
  readonly batchRows: number
  /** Batches that are written at once. */
  readonly writers: number
  start(): Promise<void>
  describe(): Promise<Description>
  create(dimensions: number): Promise<void>
  /** What the returned function does is timed; getting ready for it is not. */
  prepare(batch: Batch): () => Promise<void>
  /** Ends when everything is indexed. @returns the share of the rows that are in an index */
  waitIndexed(rows: number, signal: AbortSignal): Promise<number>
  searchers(questions: Questions, setting: SearchSetting, clients: number): Promise<Searcher[]>
  /** Of the process that keeps the data: bytes in memory, and processor seconds so far. */
  process(): { readonly pid: number }
  /** Milliseconds that its event loop was late, the 99th percentile since the last call. */
  loopDelayMs?(): Promise<number>
  /** Stopped and opened again until it answers. */
  restart?(questions: Questions): Promise<number>
  /** Opens it anew, and beside it a copy with so many threads that search, which is gone when the work is done. */
  beside?<T>(threads: number, work: (twin: Adapter) => Promise<T>): Promise<T>
  operations?(): Promise<readonly Operation[]>
  stop(): Promise<void>
}
