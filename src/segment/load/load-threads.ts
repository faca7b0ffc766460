import { Worker } from 'node:worker_threads'
import { DatabaseError } from '../../errors/database-error.ts'
import { InvariantViolation } from '../../runtime/assert.ts'
import { yieldToEventLoop } from '../../runtime/yield.ts'
import { runLoadJob, type LoadJob, type LoadResult } from './load-job.ts'
import type { LoadAnswer } from './load-protocol.ts'

/** Runs one job. @throws Error for what is wrong with a file's content */
export type RunLoadJob = <J extends LoadJob>(job: J) => Promise<LoadResult<J>>

/** Where hashing and decoding happen. */
export interface LoadThreads {
  /** Threads are there as long as `work` runs, which has their use; jobs of several run in the order in which they come. */
  use<T>(work: (run: RunLoadJob) => Promise<T>): Promise<T>
  /** Ends the threads; jobs that are under way fail with database-closed. */
  close(): Promise<void>
}

/** On the calling thread, which looks at its other work after each job. */
export const inlineLoading: LoadThreads = {
  use: (work) =>
    work(async (job) => {
      const result = runLoadJob(job)
      await yieldToEventLoop()
      return result
    }),
  close: async () => undefined,
}

export interface LoadThreadOptions {
  /** The module that the threads run. */
  readonly entry?: URL
}

/**
 * Loads in up to `count` threads, which start when there is something to load and end when there is not. Run from the
 * TypeScript sources, and without an entry of their own in the options, everything happens on the calling thread.
 */
export function createLoadThreads(count: number, { entry }: LoadThreadOptions = {}): LoadThreads {
  if (count === 0 || (entry === undefined && import.meta.url.endsWith('.ts'))) return inlineLoading
  return new WorkerThreads(count, entry ?? new URL('./load-worker.js', import.meta.url))
}

interface Waiting {
  readonly job: LoadJob
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  current: Waiting | undefined
}

class WorkerThreads implements LoadThreads {
  readonly #count: number
  readonly #entry: URL
  readonly #threads = new Set<Thread>()
  readonly #queue: Waiting[] = []
  #users = 0
  #isClosed = false

  constructor(count: number, entry: URL) {
    this.#count = count
    this.#entry = entry
  }

  async use<T>(work: (run: RunLoadJob) => Promise<T>): Promise<T> {
    this.#users += 1
    try {
      return await work((job) => this.#run(job))
    } finally {
      this.#users -= 1
      if (this.#users === 0) void this.#endThreads()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiting of this.#queue.splice(0)) waiting.reject(loadingClosed())
    await this.#endThreads()
  }

  #run<J extends LoadJob>(job: J): Promise<LoadResult<J>> {
    if (this.#isClosed) return Promise.reject(loadingClosed())
    return new Promise<LoadResult<J>>((resolve, reject) => {
      this.#queue.push({ job, resolve: resolve as (result: unknown) => void, reject })
      this.#startNext()
    })
  }

  #startNext(): void {
    if (this.#queue.length === 0) return
    const free = [...this.#threads].find(({ current }) => current === undefined)
    const thread = free ?? (this.#threads.size < this.#count ? this.#start() : undefined)
    if (thread === undefined) return
    const waiting = this.#queue.shift()!
    thread.current = waiting
    thread.worker.postMessage(waiting.job)
  }

  #start(): Thread {
    const thread: Thread = {
      worker: new Worker(this.#entry, { execArgv: [], stdin: false }),
      current: undefined,
    }
    thread.worker.on('message', (answer: LoadAnswer) => this.#answered(thread, answer))
    const onEnd = (cause?: unknown): void => this.#ended(thread, cause)
    thread.worker.on('error', onEnd)
    thread.worker.on('exit', () => onEnd())
    this.#threads.add(thread)
    return thread
  }

  #answered(thread: Thread, answer: LoadAnswer): void {
    const waiting = thread.current
    // Given up by `close` in the meantime.
    if (waiting === undefined) return
    thread.current = undefined
    if ('result' in answer) waiting.resolve(answer.result)
    else if (answer.isInvariant) waiting.reject(new InvariantViolation(answer.error))
    else waiting.reject(new Error(answer.error))
    this.#startNext()
  }

  #ended(thread: Thread, cause: unknown): void {
    this.#threads.delete(thread)
    const text = 'Cannot read the segment: its worker thread has ended'
    thread.current?.reject(new DatabaseError('internal', text, {}, cause))
    thread.current = undefined
    this.#startNext()
  }

  async #endThreads(): Promise<void> {
    const threads = [...this.#threads]
    this.#threads.clear()
    const givenUp = threads.flatMap(({ current }) => current ?? [])
    for (const thread of threads) thread.current = undefined
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
    // Only now: whoever gave the job may free the memory that it wrote to.
    for (const { reject } of givenUp) reject(loadingClosed())
  }
}

function loadingClosed(): DatabaseError {
  return new DatabaseError('database-closed', 'Cannot read the segment: the database has been closed')
}
