import { allEnded } from '../../../runtime/all-ended.ts'
import { assert } from '../../../runtime/assert.ts'
import type { Slices } from '../../../runtime/slices.ts'
import { afterThisTurn, nextTurn } from '../../../runtime/yield.ts'
import { alignedBytes, heapKeysMax, metricNumbers, type Chunk } from '../../exact-scan.ts'
import type { DenseColumn } from '../../stored/dense-column.ts'
import { strideOf, type VectorColumn } from '../../vector-column.ts'
import { mergeKeys } from '../../vector-hits.ts'
import type { Arena } from '../../vector-memory.ts'
import { BitsInArena, type LentBits } from '../bits-in-arena.ts'
import type { InlineSearcher } from '../inline-searcher.ts'
import { later, runSearches, type DoNow } from '../run-searches.ts'
import { keysOfStored, type SearchWork } from './search-message.ts'
import { SearchThread, type SentTask, type ThreadOptions } from './search-thread.ts'
import {
  searchClosed,
  type FoundKeys,
  type GraphTask,
  type ScanTask,
  type Searching,
  type SearchTask,
  type StoredTask,
  type VectorSearcher,
} from '../vector-searcher.ts'

/** A thread is given more while it has less to do than this, in rows that are compared: some milliseconds. */
const aheadMax = 20_000
/** What costs no more, in rows of so many bytes, is done in the calling thread if nobody else searches. */
const inlineMax = 10_000
const costedRowBytes = 512
/** After so much of it in one turn, events come first: some who search are among them, perhaps. */
const inlineMs = 1
/** What a row that a graph search keeps in view costs. */
const keptRowCost = 24
/** The same of a search that scores passing rows only. */
const filteredRowCost = 50
/** What a row costs in a scan of rows that lie in order. */
const sequentialRowCost = 0.3
/** What a row costs that is read from a file: a system call. */
const storedRowCost = 20
/** Scans are cut into parts of so many bytes, for several threads and so that no other search waits long. */
const partBytes = 16 * 2 ** 20

/** A task that no thread has been given yet. */
interface Waiting extends SentTask {
  /** What to tell the thread; undefined if its memory has no room for the search. @throws overloaded */
  work(thread: SearchThread): SearchWork | undefined
  /** Does it in the calling thread instead. */
  runHere(): void
  readonly isShort: boolean
}

/** What is asked of a thread. */
interface Asked {
  readonly cost: number
  readonly isShort: boolean
  /** The same in the calling thread. */
  readonly runHere: () => BigUint64Array | undefined
}

/** Searches in worker threads. What is asked for in one turn of the event loop goes to a thread as one message. */
export class ThreadSearcher implements VectorSearcher {
  readonly #threadsMax: number
  readonly #options: ThreadOptions
  readonly #inline: InlineSearcher
  readonly #slices: Slices
  readonly #threads = new Set<SearchThread>()
  readonly #bits = new BitsInArena()
  #waiting: Waiting[] = []
  /** Queries whose searches are under way. */
  #queries = 0
  #isFlushDue = false
  #isClosed = false

  /** `inline` is closed together with it. */
  constructor(threads: number, options: ThreadOptions, inline: InlineSearcher, slices: Slices) {
    assert(threads > 0, 'a thread searcher has a thread')
    this.#threadsMax = threads
    this.#options = options
    this.#inline = inline
    this.#slices = slices
  }

  async run<T>(searches: readonly Searching<T>[]): Promise<readonly T[]> {
    this.#checkOpen()
    this.#queries += 1
    try {
      // Whoever asks in the same moment has been counted by then.
      await Promise.resolve()
      if (this.#queries === 1 && this.#slices.isDue(inlineMs)) await nextTurn()
      return await runSearches(this, searches, this.#doNow)
    } finally {
      this.#queries -= 1
    }
  }

  async graph(task: GraphTask): Promise<FoundKeys> {
    this.#checkOpen()
    const { graph, passing, rowLimit, isKept } = task
    const bits = passing === undefined ? undefined : this.#bits.lend(graph.arena, passing, rowLimit, isKept)
    if (passing !== undefined && bits === undefined) return this.#inline.graph(task)
    const cost = graphCost(task)
    const runHere = (): FoundKeys => this.#inline.graphNow(task)
    const asked = { cost, isShort: isShort(cost, graph.column), runHere }
    try {
      return await this.#ask(asked, (thread) => graphWork(thread, task, bits?.address ?? 0))
    } finally {
      bits?.release()
    }
  }

  async scan(task: ScanTask): Promise<BigUint64Array> {
    this.#checkOpen()
    const { column, firstRow, rowLimit, limit } = task
    // Heaps of that size would take up memory that threads do not share.
    if (limit > heapKeysMax) return this.#inline.scan(task)
    const masked = { ...task, ...maskOf(column, task) }
    const windows = windowsOf(column, firstRow, rowLimit)
    const bits = new Map<Arena, LentBits | undefined>()
    try {
      for (const { arena } of windows) if (!bits.has(arena)) bits.set(arena, this.#lend(arena, masked))
      const parts = windows.map((window) =>
        this.#scanPart(masked, window, { bits: bits.get(window.arena), isAlone: windows.length === 1 }),
      )
      return mergeKeys(await allEnded(parts), limit)
    } finally {
      for (const lent of bits.values()) lent?.release()
    }
  }

  /** Never in the calling thread, whatever it costs: nobody knows how long a disk takes. */
  async stored(task: StoredTask): Promise<BigUint64Array> {
    this.#checkOpen()
    const limit = Math.min(task.limit, task.rows.length)
    if (limit <= 0) return new BigUint64Array(0)
    if (limit > heapKeysMax) return this.#inline.stored(task)
    const cost = task.rows.length * storedRowCost
    const asked = { cost, isShort: false, runHere: () => undefined }
    const answer = await this.#ask(asked, (thread) => storedWork(thread, { ...task, limit }))
    return (answer && keysOfStored(answer)) ?? this.#inline.stored(task)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const task of this.#waiting.splice(0)) task.fail(searchClosed())
    await Promise.all([...this.#threads].map((thread) => thread.close(searchClosed())))
    this.#bits.dispose()
    await this.#inline.close()
  }

  #lend(arena: Arena, { passing, rowLimit, isKept }: ScanTask): LentBits | undefined {
    return passing === undefined ? undefined : this.#bits.lend(arena, passing, rowLimit, isKept)
  }

  async #scanPart(
    task: ScanTask,
    { arena, chunks, firstRow, rowLimit }: Window,
    { bits, isAlone }: { readonly bits: LentBits | undefined; readonly isAlone: boolean },
  ): Promise<BigUint64Array> {
    const { column, query, metric, limit, passing } = task
    const part = { ...task, firstRow, rowLimit }
    const runHere = (): BigUint64Array => this.#inline.scanNow(part)
    if (passing !== undefined && bits === undefined) return runHere()
    const cost = scanCost(task, rowLimit - firstRow)
    const asked = { cost, isShort: isAlone && isShort(cost, column), runHere }
    const keys = await this.#ask(asked, (thread) => {
      const stride = strideOf(column.dimensions)
      const heapBytes = alignedBytes(limit * 8)
      const heap = thread.scratch.ofScans(arena, heapBytes + stride * 4)
      if (heap === undefined) return undefined
      const search = {
        ...{ metric: metricNumbers[metric], stride, query, limit, firstRow, rowLimit },
        ...{ queryAt: heap + heapBytes, heap, passing: bits?.address ?? 0 },
        chunks: chunks.map((chunk) => ({
          ...{ offset: chunk.region.offset, firstRow: chunk.firstRow, rows: chunk.rows },
        })),
      }
      return { kind: 'scan', memory: thread.numberOf(arena), search }
    })
    assert(keys !== undefined, 'a scan has an answer')
    return keys
  }

  #ask({ cost, isShort, runHere }: Asked, work: Waiting['work']): Promise<BigUint64Array | undefined> {
    return new Promise((resolve, reject) => {
      const here = (): void => {
        try {
          resolve(runHere())
        } catch (error) {
          reject(error)
        }
      }
      this.#waiting.push({ cost, isShort, answer: resolve, fail: reject, work, runHere: here })
      this.#flushLater()
    })
  }

  /** Nothing that takes long, and nothing at all while others search: for them there are threads. */
  readonly #doNow: DoNow = (asked) => {
    if (this.#queries > 1 || asked.kind === 'stored' || !isShortTask(asked)) return later
    if (this.#slices.isDue(inlineMs)) return later
    return asked.kind === 'graph' ? this.#inline.graphNow(asked.task) : this.#inline.scanNow(asked.task)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw searchClosed()
  }

  #flushLater(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    afterThisTurn(() => {
      this.#isFlushDue = false
      this.#flush()
    })
  }

  #flush(): void {
    const [only, ...others] = this.#waiting
    if (only === undefined) return
    if (others.length === 0 && only.isShort && this.#isIdle()) {
      this.#waiting = []
      only.runHere()
      return
    }
    this.#distribute()
  }

  #isIdle(): boolean {
    for (const { cost } of this.#threads) if (cost > 0) return false
    return true
  }

  /** Each task to the thread that has the least to do, as far as they have not enough to do. */
  #distribute(): void {
    while (this.#threads.size < this.#threadsMax) this.#start()
    const shares = new Map([...this.#threads].map((thread) => [thread, new Share(thread)]))
    let taken = 0
    for (const task of this.#waiting) {
      const share = leastOf(shares.values())
      if (share.cost > 0 && share.cost + task.cost > aheadMax) break
      taken += 1
      share.add(task)
    }
    this.#waiting.splice(0, taken)
    for (const share of shares.values()) share.send()
  }

  #start(): void {
    const onEnd = (thread: SearchThread): void => {
      this.#threads.delete(thread)
      if (this.#waiting.length > 0) this.#flushLater()
    }
    const onFree = (): void => {
      if (this.#waiting.length > 0) this.#distribute()
    }
    this.#threads.add(new SearchThread(this.#options, onFree, onEnd))
  }
}

/** What one thread is about to be given. */
class Share {
  readonly #thread: SearchThread
  readonly #work: SearchWork[] = []
  readonly #tasks: Waiting[] = []
  cost: number

  constructor(thread: SearchThread) {
    this.#thread = thread
    this.cost = thread.cost
  }

  add(task: Waiting): void {
    let work: SearchWork | undefined
    try {
      work = task.work(this.#thread)
    } catch (error) {
      task.fail(error as Error)
      return
    }
    if (work === undefined) return task.runHere()
    this.#work.push(work)
    this.#tasks.push(task)
    this.cost += task.cost
  }

  send(): void {
    if (this.#tasks.length > 0) this.#thread.send(this.#work, this.#tasks)
  }
}

/** In rows that are compared, like all costs here. */
function graphCost({ ef, passing, isWide }: GraphTask): number {
  return ef * (passing === undefined || isWide ? keptRowCost : filteredRowCost)
}

/** What a part with so many of the rows costs. */
function scanCost({ passing, passingCount, rowLimit }: ScanTask, rows: number): number {
  return rows * (passing === undefined ? sequentialRowCost : passingCount / rowLimit)
}

function isShortTask(asked: Exclude<SearchTask, { kind: 'stored' }>): boolean {
  if (asked.kind === 'graph') return isShort(graphCost(asked.task), asked.task.graph.column)
  const { task } = asked
  return isShort(scanCost(task, task.rowLimit - task.firstRow), task.column)
}

function isShort(cost: number, { dimensions }: DenseColumn): boolean {
  return cost * Math.max(1, (strideOf(dimensions) * 4) / costedRowBytes) <= inlineMax
}

function graphWork(thread: SearchThread, task: GraphTask, passing: number): SearchWork | undefined {
  const { graph, query, ef, limit, rowLimit, isWide, shareMin } = task
  const scratch = thread.scratch.ofGraph(graph, ef)?.image()
  if (scratch === undefined) return undefined
  const { address, query: queryAt, out } = scratch
  const stride = strideOf(graph.column.dimensions)
  const search = { graph: graph.address, scratch: address, queryAt, out, stride, query, ef, limit, rowLimit }
  return {
    kind: 'graph',
    memory: thread.numberOf(graph.arena),
    search: { ...search, passing, isWide, shareMin },
  }
}

function storedWork(thread: SearchThread, task: StoredTask): SearchWork | undefined {
  const { column, limit } = task
  const scratch = thread.scratch.ofScans(column.arena, column.searchBytes(limit))
  if (scratch === undefined) return undefined
  return { kind: 'stored', memory: thread.numberOf(column.arena), search: column.searchOf(task, scratch) }
}

function leastOf(shares: Iterable<Share>): Share {
  let least: Share | undefined
  for (const share of shares) if (least === undefined || share.cost < least.cost) least = share
  assert(least !== undefined, 'there is a thread')
  return least
}

/** Rows without a vector are no hits. */
function maskOf(
  column: VectorColumn,
  { passing, isKept, rowLimit }: ScanTask,
): Pick<ScanTask, 'passing' | 'isKept'> {
  if (column.presentCount === column.rowCount) return { passing, isKept }
  const { presence } = column.image()
  const words = Math.ceil(rowLimit / 32)
  const mask = new Uint32Array(words)
  for (let i = 0; i < words; i++)
    mask[i] = (presence[i] ?? 0) & (passing === undefined ? -1 : (passing[i] ?? 0))
  return { passing: mask, isKept: false }
}

/** Rows of one memory. */
interface Window {
  readonly arena: Arena
  readonly chunks: Chunk[]
  readonly firstRow: number
  rowLimit: number
}

/** Parts of about equal size, none of which lies in two memories. */
function windowsOf(column: VectorColumn, firstRow: number, rowLimit: number): Window[] {
  const partRows = Math.max(1, Math.floor(partBytes / (strideOf(column.dimensions) * 4)))
  const windows: Window[] = []
  for (const chunk of column.chunks()) {
    const [first, end] = [Math.max(chunk.firstRow, firstRow), Math.min(chunk.firstRow + chunk.rows, rowLimit)]
    if (first >= end) continue
    const { arena } = chunk.region
    const last = windows.at(-1)
    if (last?.arena === arena && end - last.firstRow <= partRows) {
      last.chunks.push(chunk)
      last.rowLimit = end
    } else windows.push({ arena, chunks: [chunk], firstRow: first, rowLimit: end })
  }
  return windows
}
