import { Worker } from 'node:worker_threads'
import { DatabaseError } from '../../../errors/database-error.ts'
import { assert } from '../../../runtime/assert.ts'
import type { Arena } from '../../vector-memory.ts'
import {
  readAnswers,
  wordsOfTasks,
  writeTasks,
  type SearchMessage,
  type SearchWork,
} from './search-message.ts'
import { TaskPlaces, type TaskPlace } from './task-places.ts'
import type { FoundKeys } from '../vector-searcher.ts'
import { ThreadScratch } from '../thread-scratch.ts'

export interface ThreadOptions {
  /** The module that the threads run. */
  readonly entry: URL
  readonly execArgv: readonly string[]
}

/** What a thread is to do for one who waits. */
export interface SentOrder {
  /** As many tasks as there are of these. */
  readonly parts: readonly unknown[]
  /** What it costs, in rows that are compared. */
  readonly cost: number
  /** What the tasks have found, in their order. */
  readonly answer: (found: readonly FoundKeys[]) => void
  readonly fail: (error: Error) => void
}

interface Batch {
  readonly orders: readonly SentOrder[]
  readonly cost: number
  /** Where its tasks stand; undefined if they were sent. */
  readonly place: TaskPlace | undefined
}

/** One worker thread, its memory, and the tasks that it has not answered. */
export class SearchThread {
  readonly scratch = new ThreadScratch()
  readonly #worker: Worker
  readonly #arenas = new Map<Arena, number>()
  readonly #batches: Batch[] = []
  readonly #places = new TaskPlaces((place) => this.#post({ place }))
  readonly #onFree: (thread: SearchThread) => void
  #ended: Error | undefined

  /** `onFree` is called when tasks have been answered, `onEnd` when the thread has ended by itself. */
  constructor(
    { entry, execArgv }: ThreadOptions,
    onFree: (thread: SearchThread) => void,
    onEnd: (thread: SearchThread) => void,
  ) {
    this.#onFree = onFree
    this.#worker = new Worker(entry, { execArgv: [...execArgv], stdin: false })
    // Only a task keeps the process alive: a database that nobody closed does not.
    this.#worker.unref()
    this.#worker.on('message', (message: Uint32Array) => this.#receive(message))
    let cause: unknown
    this.#worker.on('error', (error) => (cause = error))
    // Not before it has ended: until then it may write to its memory.
    this.#worker.on('exit', () => {
      const text = 'Cannot search: the thread that searched has ended'
      this.#end(new DatabaseError('internal', text, {}, cause))
      onEnd(this)
    })
  }

  /** What the tasks cost that it has not answered. */
  get cost(): number {
    // Added up anew: costs are fractions, and what is left of one sum when all is taken away again may be something.
    let cost = 0
    for (const batch of this.#batches) cost += batch.cost
    return cost
  }

  /** Messages that it has not answered. */
  get batchCount(): number {
    return this.#batches.length
  }

  /** The number of a memory in this thread. */
  numberOf(arena: Arena): number {
    const known = this.#arenas.get(arena)
    if (known !== undefined) return known
    const number = this.#arenas.size
    this.#arenas.set(arena, number)
    this.#post({ memory: arena.memory })
    return number
  }

  /** `work` is what the orders are made of, in their order. */
  send(work: readonly SearchWork[], orders: readonly SentOrder[]): void {
    if (this.#ended !== undefined) {
      for (const order of orders) order.fail(this.#ended)
      return
    }
    if (this.#batches.length === 0) this.#worker.ref()
    let cost = 0
    for (const order of orders) cost += order.cost
    const length = wordsOfTasks(work)
    const place = this.#places.take(length)
    this.#batches.push({ orders, cost, place })
    const words = place?.words ?? new Float64Array(length)
    writeTasks(work, words)
    this.#post(place === undefined ? words : { in: place.number, words: length })
  }

  /** Ends the thread; what it has not answered fails with the error once it touches nothing any more. */
  async close(error: Error): Promise<void> {
    const old = this.#ended
    this.#ended = error
    await this.#worker.terminate()
    this.#ended = old
    this.#end(error)
  }

  #post(message: SearchMessage): void {
    this.#worker.postMessage(message)
  }

  #receive(message: Uint32Array): void {
    const batch = this.#batches.shift()
    if (batch === undefined) return
    if (this.#batches.length === 0) {
      this.#worker.unref()
      this.scratch.freeOld()
    }
    if (batch.place !== undefined) this.#places.giveBack(batch.place)
    const answers = readAnswers(message)
    let first = 0
    for (const { parts, answer } of batch.orders) {
      answer(answers.slice(first, first + parts.length))
      first += parts.length
    }
    assert(first === answers.length, 'every task is answered once')
    this.#onFree(this)
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.scratch.dispose()
    for (const { orders } of this.#batches.splice(0)) for (const order of orders) order.fail(error)
  }
}
