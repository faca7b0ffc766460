import { systemClock } from '../../runtime/clock.ts'
import { Slices } from '../../runtime/slices.ts'
import { putBits } from '../hnsw/hnsw-graph.ts'
import { strideOf } from '../vector-column.ts'
import { mergeKeys } from '../vector-hits.ts'
import { BitsInArena } from './bits-in-arena.ts'
import { graphKeys } from './graph-keys.ts'
import { graphSearchOf } from './graph-search-of.ts'
import { later, runSearches, type DoNow } from './run-searches.ts'
import { ThreadScratch } from './thread-scratch.ts'
import {
  searchClosed,
  type FoundKeys,
  type GraphTask,
  type ScanTask,
  type Searching,
  type StoredTask,
  type VectorSearcher,
} from './vector-searcher.ts'

/** Vector bytes that are scanned between two looks at the event loop: some milliseconds. */
const sliceBytes = 16 * 2 ** 20

/** Rows that are read from a file between two looks at the clock. */
const storedSliceRows = 256

/** Searches in the calling thread; scans in slices, between which others run. */
export class InlineSearcher implements VectorSearcher {
  readonly #scratch = new ThreadScratch()
  readonly #bits = new BitsInArena()
  readonly #slices: Slices
  #isClosed = false

  constructor(slices: Slices = new Slices(systemClock)) {
    this.#slices = slices
  }

  async run<T>(searches: readonly Searching<T>[]): Promise<readonly T[]> {
    this.#checkOpen()
    return runSearches(this, searches, this.#doNow)
  }

  async graph(task: GraphTask): Promise<FoundKeys> {
    // Otherwise one who asks again and again would never let the event loop turn.
    if (this.#slices.isDue()) await this.#slices.pause()
    return this.graphNow(task)
  }

  /** The same at once. */
  graphNow(task: GraphTask): FoundKeys {
    this.#checkOpen()
    const { graph, passing, rowLimit, ef, isKept } = task
    const { arena } = graph
    const scratch = this.#scratch.ofGraph(graph, ef)?.image()
    if (scratch === undefined) return undefined
    this.#scratch.freeOld()
    if (passing === undefined) return graphKeys(arena.kernels, arena.memory, graphSearchOf(task, scratch, 0))
    if (!isKept) {
      // Bits that nobody will ask for again need no place of their own.
      putBits(arena, scratch.passing, passing, rowLimit)
      return graphKeys(arena.kernels, arena.memory, graphSearchOf(task, scratch, scratch.passing))
    }
    const bits = this.#bits.lend(arena, passing, rowLimit, isKept)
    if (bits === undefined) return undefined
    const search = graphSearchOf(task, scratch, bits.address)
    const keys = graphKeys(arena.kernels, arena.memory, search)
    bits.release()
    return keys
  }

  /** At once; of all rows that are asked for. */
  scanNow({ column, query, metric, limit, firstRow, rowLimit, passing }: ScanTask): BigUint64Array {
    this.#checkOpen()
    return column.searchKeys({ query, metric, limit, firstRow, rowCount: rowLimit, passing })
  }

  async scan(task: ScanTask): Promise<BigUint64Array> {
    const { column, rowLimit, limit } = task
    const sliceRows = Math.max(1, Math.floor(sliceBytes / (strideOf(column.dimensions) * 4)))
    const lists: BigUint64Array[] = []
    let { firstRow } = task
    do {
      const end = Math.min(rowLimit, firstRow + sliceRows)
      if (this.#slices.isDue()) await this.#slices.pause()
      lists.push(this.scanNow({ ...task, firstRow, rowLimit: end }))
      firstRow = end
    } while (firstRow < rowLimit)
    return mergeKeys(lists, limit)
  }

  async stored({ column, rows, ...request }: StoredTask): Promise<BigUint64Array> {
    const lists: BigUint64Array[] = [new BigUint64Array(0)]
    for (let first = 0; first < rows.length; first += storedSliceRows) {
      if (this.#slices.isDue()) await this.#slices.pause()
      this.#checkOpen()
      lists.push(column.rank({ ...request, rows: rows.subarray(first, first + storedSliceRows) }))
    }
    return mergeKeys(lists, request.limit)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#scratch.dispose()
    this.#bits.dispose()
  }

  readonly #doNow: DoNow = (asked) => {
    // Otherwise one who asks again and again would never let the event loop turn.
    if (asked.kind === 'stored' || this.#slices.isDue()) return later
    if (asked.kind === 'graph') return this.graphNow(asked.task)
    const { column, firstRow, rowLimit } = asked.task
    const bytes = (rowLimit - firstRow) * strideOf(column.dimensions) * 4
    return bytes <= sliceBytes ? this.scanNow(asked.task) : later
  }

  #checkOpen(): void {
    if (this.#isClosed) throw searchClosed()
  }
}
