import { systemClock } from '../../runtime/clock.ts'
import { Slices } from '../../runtime/slices.ts'
import { strideOf } from '../vector-column.ts'
import { mergeKeys } from '../vector-hits.ts'
import { BitsInArena } from './bits-in-arena.ts'
import { graphKeys } from './graph-keys.ts'
import { ThreadScratch } from './thread-scratch.ts'
import {
  searchClosed,
  type GraphTask,
  type ScanTask,
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

  async graph(task: GraphTask): Promise<BigUint64Array | undefined> {
    // Otherwise one who asks again and again would never let the event loop turn.
    if (this.#slices.isDue()) await this.#slices.pause()
    return this.graphNow(task)
  }

  /** The same at once. */
  graphNow({ graph, passing, isKept, ...task }: GraphTask): BigUint64Array | undefined {
    this.#checkOpen()
    const { arena } = graph
    const scratch = this.#scratch.ofGraph(graph, task.ef)?.image()
    if (scratch === undefined) return undefined
    this.#scratch.freeOld()
    const bits = passing === undefined ? undefined : this.#bits.lend(arena, passing, task.rowLimit, isKept)
    if (passing !== undefined && bits === undefined) return undefined
    const keys = graphKeys(arena.kernels, arena.memory, {
      ...task,
      graph: graph.address,
      scratch: scratch.address,
      queryAt: scratch.query,
      out: scratch.out,
      stride: strideOf(graph.column.dimensions),
      passing: bits?.address ?? 0,
    })
    bits?.release()
    return keys
  }

  async scan({ column, rowLimit, passing, ...task }: ScanTask): Promise<BigUint64Array> {
    const sliceRows = Math.max(1, Math.floor(sliceBytes / (strideOf(column.dimensions) * 4)))
    const request = { ...task, ...(passing === undefined ? {} : { passing }) }
    const lists: BigUint64Array[] = []
    let firstRow = task.firstRow
    do {
      const rowCount = Math.min(rowLimit, firstRow + sliceRows)
      if (this.#slices.isDue()) await this.#slices.pause()
      this.#checkOpen()
      lists.push(column.searchKeys({ ...request, firstRow, rowCount }))
      firstRow = rowCount
    } while (firstRow < rowLimit)
    return mergeKeys(lists, task.limit)
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

  #checkOpen(): void {
    if (this.#isClosed) throw searchClosed()
  }
}
