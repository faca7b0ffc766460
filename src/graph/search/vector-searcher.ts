import { DatabaseError } from '../../errors/database-error.ts'
import type { HnswGraph } from '../hnsw/hnsw-graph.ts'
import type { StoredColumn, StoredRequest } from '../stored/stored-column.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'

/**
 * How a graph is searched. `links`: rows that may not be hits are not scored. `wide`: they are walked through like others and left
 * out of what was found. `codes`: no link is followed; the codes of all rows that may be hits are compared, each of which has a vector.
 */
export type GraphWay = 'links' | 'wide' | 'codes'

/** A search of a graph. What it names must not be disposed before the search is over. */
export interface GraphTask {
  readonly graph: HnswGraph
  /** As many values as the column has dimensions. */
  readonly query: Float32Array
  /** Rows that the search keeps in view: 1 to `efMax`. */
  readonly ef: number
  /** 1 to `ef`. */
  readonly limit: number
  /** Only the first n rows; those behind the graph's next row are not found. */
  readonly rowLimit: number
  /** Rows that may be hits; undefined: all. */
  readonly passing: Uint32Array | undefined
  /** How many of the rows may be hits, about. */
  readonly passingCount: number
  /** Whether `passing` never changes and will be asked for again. */
  readonly isKept: boolean
  readonly way: GraphWay
  /** Of a search that is not: if less than this share of the rows around the query may be hits, none is given; of 65,536. */
  readonly shareMin: number
  /** Of a scan of codes: a row whose sketch is too optimistic by more than so many standard deviations may be missed. */
  readonly deviations: number
}

/** An exact scan: all rows from the first on are compared. */
export interface ScanTask {
  readonly column: VectorColumn
  readonly query: Float32Array
  readonly metric: Metric
  readonly limit: number
  readonly firstRow: number
  readonly rowLimit: number
  readonly passing: Uint32Array | undefined
  /** How many of the rows may be hits. */
  readonly passingCount: number
  readonly isKept: boolean
}

/** Rows that are read from a file and compared. */
export interface StoredTask extends StoredRequest {
  readonly column: StoredColumn
}

/** What a search wants done in one go, in this thread or in another. */
export type SearchTask =
  | { readonly kind: 'graph'; readonly task: GraphTask }
  | { readonly kind: 'scan'; readonly task: ScanTask }
  /** Side by side. They are parts of one task, with its limit: the best of all are wanted. */
  | { readonly kind: 'stored'; readonly tasks: readonly StoredTask[] }

/** What a task has found: keys (vector-hits.ts), best first. Undefined if a graph's memory has no room for what a search needs. */
export type FoundKeys = BigUint64Array | undefined

/**
 * A search as a series of tasks: it asks for one after the other, and goes on with what each has found. So the same search
 * runs at once where its tasks are short, and waits for threads where they are not.
 */
export type Searching<T> = Generator<SearchTask, T, FoundKeys>

/** Searches vectors, in this thread or in others. Hits come as keys (vector-hits.ts), best first. */
export interface VectorSearcher {
  /**
   * What the searches of one query give, once all have ended. What they name must not be disposed before.
   * @throws what a task throws, or a search itself: the first error in their order
   */
  run<T>(searches: readonly Searching<T>[]): Promise<readonly T[]>
  /**
   * Undefined if the graph's memory has no room for what a search needs.
   * @throws overloaded, database-closed, internal if a thread has ended
   */
  graph(task: GraphTask): Promise<FoundKeys>
  /** @throws the same */
  scan(task: ScanTask): Promise<BigUint64Array>
  /** @throws the same, segment-corrupt, read-failed */
  stored(task: StoredTask): Promise<BigUint64Array>
  /** Searches that are under way fail with `database-closed`. */
  close(): Promise<void>
}

export function searchClosed(): DatabaseError {
  return new DatabaseError('database-closed', 'Cannot search: the database has been closed')
}
