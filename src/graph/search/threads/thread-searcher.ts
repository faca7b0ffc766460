import { allEnded } from '../../../runtime/all-ended.ts'
import { assert } from '../../../runtime/assert.ts'
import type { Slices } from '../../../runtime/slices.ts'
import type { SpareTime } from '../../../runtime/spare-time.ts'
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
import { distribute, feed, orderOf, runHere, type Order } from './share.ts'

/** After so much of it in one turn, events come first: some who search are among them, perhaps. */
const inlineMs = 1

/** The same where others search, too: then they are given more, and answers are taken from them. */
const helpingMs = 0.03

/**
 * Searches in threads, of which the calling one is one: it does what is short, if it has time to spare. What is asked for in one
 * turn of the event loop goes to each of the others in few messages.
 */
export class ThreadSearcher implements VectorSearcher {
  /** Whether others search what is short. */
  readonly #isHelped: boolean
  readonly #workersMax: number
  readonly #options: ThreadOptions
  readonly #inline: InlineSearcher
  readonly #slices: Slices
  readonly #spare: SpareTime
  readonly #threads = new Set<SearchThread>()
  readonly #bits = new BitsInArena()
  #waiting: Order[] = []
  /** Queries whose searches are under way. */
  #queries = 0
  #isFlushDue = false
  #isClosed = false

  /** `threads` are counted with the calling one. `inline` is closed together with it. */
  constructor(
    threads: number,
    options: ThreadOptions,
    inline: InlineSearcher,
    { slices, spare }: { readonly slices: Slices; readonly spare: SpareTime },
  ) {
    assert(threads > 0, 'a thread searcher has a thread')
    this.#isHelped = threads > 1
    // What is long is never done by the calling one.
    this.#workersMax = Math.max(1, threads - 1)
    this.#options = options
    this.#inline = inline
    this.#slices = slices
    this.#spare = spare
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

  /** Nothing that takes long; and if there are threads for it, nothing at all while others search. */
  readonly #doNow: DoNow = (asked) => {
    if ((this.#isHelped && this.#queries > 1) || asked.kind === 'stored') return later
    if (!(asked.kind === 'graph' ? isShortGraph(asked.task) : isShortScan(asked.task))) return later
    if (this.#slices.isDue(inlineMs)) return later
    let found: FoundKeys
    this.#spare.spend(() => {
      found = asked.kind === 'graph' ? this.#inline.graphNow(asked.task) : this.#inline.scanNow(asked.task)
    })
    return found
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
      this.#spare.spend(() => runHere(only))
    } else if (this.#isHelped && !this.#spare.isThere)
      this.#waiting = distribute(this.#started(), this.#waiting)
    else this.#share()
  }

  #isIdle(): boolean {
    for (const { cost } of this.#threads) if (cost > 0) return false
    return true
  }

  /** Between this thread and the others. While something long waits for them, they are given nothing else. */
  #share(): void {
    const short = this.#waiting.filter(({ isShort }) => isShort)
    const long = this.#waiting.filter(({ isShort }) => !isShort)
    this.#waiting = long.length > 0 ? distribute(this.#started(), long) : []
    const isFed = this.#isHelped && this.#waiting.length === 0
    this.#searchHere(isFed ? feed(this.#started(), short) : short)
  }

  #searchHere(orders: readonly Order[]): void {
    const most = this.#isHelped ? helpingMs : inlineMs
    let spent = 0
    for (const [at, order] of orders.entries()) {
      if (spent > most) {
        this.#waiting.push(...orders.slice(at))
        this.#flushLater()
        return
      }
      spent += this.#spare.spend(() => runHere(order))
    }
  }

  #started(): ReadonlySet<SearchThread> {
    while (this.#threads.size < this.#workersMax) this.#start()
    return this.#threads
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
      else this.#flush()
    }
    this.#threads.add(new SearchThread(this.#options, onFree, onEnd))
  }
}

function releaseAll(lent: readonly LentBits[]): void {
  for (const bits of lent) bits.release()
}
