import { allEnded } from '../../../runtime/all-ended.ts'
import { assert } from '../../../runtime/assert.ts'
import type { Slices } from '../../../runtime/slices.ts'
import { afterThisTurn, nextTurn } from '../../../runtime/yield.ts'
import { heapKeysMax } from '../../exact-scan.ts'
import { mergeKeys } from '../../vector-hits.ts'
import type { Arena } from '../../vector-memory.ts'
import { BitsInArena, type LentBits } from '../bits-in-arena.ts'
import type { InlineSearcher } from '../inline-searcher.ts'
import { later, runSearches, type DoNow } from '../run-searches.ts'
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
import { graphPart, isShortGraph, isShortScan, scanPart, storedPart, windowsOf, type Part } from './part.ts'
import { withVector } from '../with-vector.ts'
import { keysOfStored } from './search-message.ts'
import { SearchThread, type ThreadOptions } from './search-thread.ts'
import { distribute, orderOf, runHere, type Order } from './share.ts'

/** After so much of it in one turn, events come first: some who search are among them, perhaps. */
const inlineMs = 1

/** Searches in worker threads. What is asked for in one turn of the event loop goes to a thread in few messages. */
export class ThreadSearcher implements VectorSearcher {
  readonly #threadsMax: number
  readonly #options: ThreadOptions
  readonly #inline: InlineSearcher
  readonly #slices: Slices
  readonly #threads = new Set<SearchThread>()
  readonly #bits = new BitsInArena()
  #waiting: Order[] = []
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
      if (this.#queries === 1) {
        // Whoever asks in the same moment has been counted by then.
        await Promise.resolve()
        if (this.#queries === 1 && this.#slices.isDue(inlineMs)) await nextTurn()
      }
      return await runSearches(this, searches, this.#doNow)
    } finally {
      this.#queries -= 1
    }
  }

  async graph(task: GraphTask): Promise<FoundKeys> {
    this.#checkOpen()
    const bits = this.#lend(task.graph.arena, task)
    if (task.passing !== undefined && bits === undefined) return this.#inline.graph(task)
    try {
      return await this.#askOne(graphPart(this.#inline, task, bits))
    } finally {
      bits?.release()
    }
  }

  async scan(task: ScanTask): Promise<BigUint64Array> {
    this.#checkOpen()
    // Heaps of that size would take up memory that threads do not share.
    if (task.limit > heapKeysMax) return this.#inline.scan(task)
    const whole = withVector(task, task.column)
    const windows = windowsOf(whole)
    const bits = new Map<Arena, LentBits | undefined>()
    try {
      for (const { arena } of windows) if (!bits.has(arena)) bits.set(arena, this.#lend(arena, whole))
      const parts = windows.map(async (window) => {
        const lent = bits.get(window.arena)
        const part = scanPart(this.#inline, whole, window, lent)
        const found =
          whole.passing !== undefined && lent === undefined ? part.runHere() : await this.#askOne(part)
        assert(found !== undefined, 'a scan has an answer')
        return found
      })
      return mergeKeys(await allEnded(parts), task.limit)
    } finally {
      for (const lent of bits.values()) lent?.release()
    }
  }

  async stored(task: StoredTask): Promise<BigUint64Array> {
    this.#checkOpen()
    const limit = Math.min(task.limit, task.rows.length)
    if (limit <= 0) return new BigUint64Array(0)
    if (limit > heapKeysMax) return this.#inline.stored(task)
    const answer = await this.#askOne(storedPart({ ...task, limit }))
    return (answer && keysOfStored(answer)) ?? this.#inline.stored(task)
  }

  together(tasks: readonly SearchTask[]): Promise<readonly FoundKeys[]> | undefined {
    this.#checkOpen()
    const lent: LentBits[] = []
    const parts = this.#shortParts(tasks, lent)
    if (parts === undefined) return undefined
    const found = this.#ask(parts)
    return lent.length === 0 ? found : found.finally(() => releaseAll(lent))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const order of this.#waiting.splice(0)) order.fail(searchClosed())
    await Promise.all([...this.#threads].map((thread) => thread.close(searchClosed())))
    this.#bits.dispose()
    await this.#inline.close()
  }

  #lend(
    arena: Arena,
    { passing, rowLimit, isKept }: Pick<ScanTask, 'passing' | 'rowLimit' | 'isKept'>,
  ): LentBits | undefined {
    return passing === undefined ? undefined : this.#bits.lend(arena, passing, rowLimit, isKept)
  }

  /** Undefined if one is long or has several parts; then nothing is lent any more. */
  #shortParts(tasks: readonly SearchTask[], lent: LentBits[]): readonly Part[] | undefined {
    const parts: Part[] = []
    try {
      for (const task of tasks) {
        const part = this.#shortPart(task, lent)
        if (part === undefined) break
        parts.push(part)
      }
    } catch (error) {
      releaseAll(lent)
      throw error
    }
    if (parts.length === tasks.length) return parts
    releaseAll(lent)
    return undefined
  }

  /** Undefined if it is long or has several parts. What is lent for it goes to `lent`. */
  #shortPart(asked: SearchTask, lent: LentBits[]): Part | undefined {
    if (asked.kind === 'stored') return undefined
    if (asked.kind === 'graph') {
      const { task } = asked
      if (!isShortGraph(task)) return undefined
      const bits = this.#lendTo(lent, task.graph.arena, task)
      return bits === 'no room' ? undefined : graphPart(this.#inline, task, bits)
    }
    if (!isShortScan(asked.task) || asked.task.limit > heapKeysMax) return undefined
    const task = withVector(asked.task, asked.task.column)
    const [window, ...others] = windowsOf(task)
    if (window === undefined || others.length > 0) return undefined
    const bits = this.#lendTo(lent, window.arena, task)
    return bits === 'no room' ? undefined : scanPart(this.#inline, task, window, bits)
  }

  #lendTo(
    lent: LentBits[],
    arena: Arena,
    task: Pick<ScanTask, 'passing' | 'rowLimit' | 'isKept'>,
  ): LentBits | 'no room' | undefined {
    const bits = this.#lend(arena, task)
    if (bits !== undefined) lent.push(bits)
    return bits === undefined && task.passing !== undefined ? 'no room' : bits
  }

  async #askOne(part: Part): Promise<FoundKeys> {
    const [found] = await this.#ask([part])
    return found
  }

  /** Of one thread. */
  #ask(parts: readonly Part[]): Promise<readonly FoundKeys[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(orderOf(parts, resolve, reject))
      this.#flushLater()
    })
  }

  /** Nothing that takes long, and nothing at all while others search: for them there are threads. */
  readonly #doNow: DoNow = (asked) => {
    if (this.#queries > 1 || asked.kind === 'stored') return later
    if (!(asked.kind === 'graph' ? isShortGraph(asked.task) : isShortScan(asked.task))) return later
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
      runHere(only)
      return
    }
    this.#distribute()
  }

  #isIdle(): boolean {
    for (const { cost } of this.#threads) if (cost > 0) return false
    return true
  }

  #distribute(): void {
    while (this.#threads.size < this.#threadsMax) this.#start()
    this.#waiting = distribute(this.#threads, this.#waiting)
  }

  #start(): void {
    const onEnd = (thread: SearchThread): void => {
      this.#threads.delete(thread)
      if (this.#waiting.length > 0) this.#flushLater()
    }
    const onFree = (thread: SearchThread): void => {
      if (this.#waiting.length === 0) return
      // Who has been answered may ask again in this turn: then it is one message.
      if (thread.batchCount > 0) this.#flushLater()
      else this.#distribute()
    }
    this.#threads.add(new SearchThread(this.#options, onFree, onEnd))
  }
}

function releaseAll(lent: readonly LentBits[]): void {
  for (const bits of lent) bits.release()
}
