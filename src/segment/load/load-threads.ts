import { Worker } from 'node:worker_threads'
import { DatabaseError } from '../../errors/database-error.ts'
import { InvariantViolation } from '../../runtime/assert.ts'
import { yieldToEventLoop } from '../../runtime/yield.ts'
import { runLoadJob, type LoadJob, type LoadResult } from './load-job.ts'
import type { LoadAnswer } from './load-protocol.ts'

export interface RunLoadJob {
  /** Runs one job. @throws Error for what is wrong with a file's content */
  <J extends LoadJob>(job: J): Promise<LoadResult<J>>
  /** How many run jobs, which may wait for the disk as nobody else's work is done there; 0: the calling thread does. */
  readonly threads: number
}

/** Where hashing and decoding happen. */
export interface LoadThreads {
  /** Threads are there as long as `work` runs, which has their use; jobs of several run in the order in which they come. */
  use<T>(work: (run: RunLoadJob) => Promise<T>): Promise<T>
  /**
   * Resolves when some jobs have been given since the first use, or when there is no use: whoever waits for it before keeping the
   * calling thread busy does not keep the others from their work.
   */
  whenUnderWay(): Promise<void>
  /** Ends the threads; jobs that are under way fail with database-closed. */
  close(): Promise<void>
}

const runInline: RunLoadJob = Object.assign(
  async <J extends LoadJob>(job: J): Promise<LoadResult<J>> => {
    const result = runLoadJob(job)
    await yieldToEventLoop()
    return result
  },
  { threads: 0 },
)

/** On the calling thread, which looks at its other work after each job. */
export const inlineLoading: LoadThreads = {
  use: (work) => work(runInline),
  whenUnderWay: async () => undefined,
  close: async () => undefined,
}

export interface LoadThreadOptions {
  /** The module that the threads run. */
  readonly entry?: URL | undefined
  /** Called once, when the threads have been given work for a while. */
  readonly onBusy?: (() => void) | undefined
}

/**
 * Loads in up to `count` threads, which start when there is something to load and end when there is not. Run from the
 * TypeScript sources, and without an entry of their own in the options, everything happens on the calling thread.
 */
export function createLoadThreads(count: number, { entry, onBusy }: LoadThreadOptions = {}): LoadThreads {
  if (count === 0 || (entry === undefined && import.meta.url.endsWith('.ts'))) return inlineLoading
  return new WorkerThreads(count, entry ?? new URL('./load-worker.js', import.meta.url), onBusy)
}

interface Waiting {
  readonly job: LoadJob
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  /** What it was sent and has not answered, in this order. */
  readonly sent: Waiting[]
}

// A thread has its next job before it is asked for: to be answered and sent one takes longer where the main thread is at work.
const sentMax = 2
// A job that all threads share keeps them busy for long: four of these are two files of a segment, in two threads. Where there are
// none, nobody waits for longer than some jobs take.
const givenUnderWay = 32
const largeJob = 8

class WorkerThreads implements LoadThreads {
  readonly #count: number
  readonly #entry: URL
  readonly #threads = new Set<Thread>()
  readonly #queue: Waiting[] = []
  readonly #runner: RunLoadJob
  #users = 0
  #given = 0
  readonly #whenUnderWay: (() => void)[] = []
  #onBusy: (() => void) | undefined
  #isClosed = false

  constructor(count: number, entry: URL, onBusy: (() => void) | undefined) {
    this.#count = count
    this.#entry = entry
    this.#onBusy = onBusy
    this.#runner = Object.assign(<J extends LoadJob>(job: J) => this.#run(job), { threads: count })
  }

  async use<T>(work: (run: RunLoadJob) => Promise<T>): Promise<T> {
    this.#users += 1
    try {
      return await work(this.#runner)
    } finally {
      this.#users -= 1
      if (this.#users === 0) {
        void this.#endThreads()
        this.#given = 0
        this.#tellUnderWay()
      }
    }
  }

  whenUnderWay(): Promise<void> {
    if (this.#users === 0 || this.#given >= givenUnderWay) return Promise.resolve()
    return new Promise((resolve) => this.#whenUnderWay.push(resolve))
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
      this.#given += isLarge(job) ? largeJob : 1
      if (this.#given >= givenUnderWay) this.#tellBusy()
    })
  }

  #tellBusy(): void {
    const onBusy = this.#onBusy
    this.#onBusy = undefined
    onBusy?.()
    this.#tellUnderWay()
  }

  #startNext(): void {
    if (this.#queue.length === 0) return
    const thread = this.#freeThread()
    if (thread === undefined) return
    const waiting = this.#queue.shift()!
    thread.sent.push(waiting)
    thread.worker.postMessage(waiting.job)
  }

  #tellUnderWay(): void {
    for (const resolve of this.#whenUnderWay.splice(0)) resolve()
  }

  /** One that does nothing, a new one, or one that has only one job. */
  #freeThread(): Thread | undefined {
    const threads = [...this.#threads]
    const idle = threads.find(({ sent }) => sent.length === 0)
    if (idle !== undefined) return idle
    if (threads.length < this.#count) return this.#start()
    return threads.find(({ sent }) => sent.length < sentMax)
  }

  #start(): Thread {
    const thread: Thread = {
      worker: new Worker(this.#entry, { execArgv: [], stdin: false }),
      sent: [],
    }
    thread.worker.on('message', (answer: LoadAnswer) => this.#answered(thread, answer))
    const onEnd = (cause?: unknown): void => this.#ended(thread, cause)
    thread.worker.on('error', onEnd)
    thread.worker.on('exit', () => onEnd())
    this.#threads.add(thread)
    return thread
  }

  #answered(thread: Thread, answer: LoadAnswer): void {
    const waiting = thread.sent.shift()
    // Given up by `close` in the meantime.
    if (waiting === undefined) return
    if ('result' in answer) waiting.resolve(answer.result)
    else if (answer.isInvariant) waiting.reject(new InvariantViolation(answer.error))
    else waiting.reject(new Error(answer.error))
    this.#startNext()
  }

  #ended(thread: Thread, cause: unknown): void {
    this.#threads.delete(thread)
    const text = 'Cannot read the segment: its worker thread has ended'
    for (const { reject } of thread.sent.splice(0)) reject(new DatabaseError('internal', text, {}, cause))
    this.#startNext()
  }

  async #endThreads(): Promise<void> {
    const threads = [...this.#threads]
    this.#threads.clear()
    const givenUp = threads.flatMap(({ sent }) => sent.splice(0))
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
    // Only now: whoever gave the job may free the memory that it wrote to.
    for (const { reject } of givenUp) reject(loadingClosed())
  }
}

function isLarge(job: LoadJob): boolean {
  return 'next' in job
}

function loadingClosed(): DatabaseError {
  return new DatabaseError('database-closed', 'Cannot read the segment: the database has been closed')
}
