import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { DatabaseError } from '../errors/database-error.ts'
import { assert } from '../runtime/assert.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { BuildJob, FileDigest } from './build-file.ts'
import {
  buildCancelled,
  buildClosed,
  receivedError,
  type BuildMessage,
  type JobMessage,
  type TakenMessage,
} from './build-protocol.ts'
import type { SegmentBuilder } from './segment-builder.ts'

export interface WorkerOptions {
  /** The module that the threads run. */
  readonly entry: URL
  readonly execArgv: readonly string[]
  readonly clock: Clock
}

// What a thread has taken from the system it gives back only by ending. Starting one takes some hundredths of a second, so
// it stays while segments follow each other.
const idleMsMax = 10_000

interface Thread {
  readonly worker: Worker
  /** Given to a job, or about to be. */
  isTaken: boolean
  /** The job's receiver. */
  current: Receiver | undefined
  /** Ends it, once it has had nothing to do for long. */
  idle: Timer | undefined
}

/** A fixed number of threads; a job waits until one is free. */
export class WorkerBuilder implements SegmentBuilder {
  readonly #threadsMax: number
  readonly #options: WorkerOptions
  readonly #threads = new Set<Thread>()
  readonly #waiting: ((thread: Thread) => void)[] = []
  #isClosed = false

  constructor(threads: number, options: WorkerOptions) {
    this.#threadsMax = threads
    this.#options = options
  }

  async build(
    job: BuildJob,
    consume: (parts: AsyncIterable<Uint8Array>) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<FileDigest> {
    const thread = await this.#takeThread()
    const { port1, port2 } = new MessageChannel()
    const receiver = new Receiver(port1)
    const onAbort = (): void => receiver.fail(buildCancelled())
    thread.current = receiver
    try {
      if (this.#isClosed) throw buildClosed()
      if (signal?.aborted === true) throw buildCancelled()
      signal?.addEventListener('abort', onAbort)
      thread.worker.postMessage({ job, port: port2 } satisfies JobMessage, [port2])
      await consume(receiver.parts())
      return receiver.digest()
    } finally {
      signal?.removeEventListener('abort', onAbort)
      receiver.close()
      thread.current = undefined
      // Nobody knows in what state a thread is after a failure that it did not foresee.
      if (receiver.hasBroken) await this.#retire(thread)
      this.#giveBack(thread)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const threads = [...this.#threads]
    this.#threads.clear()
    for (const { current, idle } of threads) {
      current?.fail(buildClosed())
      idle?.cancel()
    }
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  /** A thread for the caller alone, at once if one is free. */
  #takeThread(): Promise<Thread> | Thread {
    if (this.#isClosed) throw buildClosed()
    const free = [...this.#threads].find((thread) => !thread.isTaken)
    const thread = free ?? (this.#threads.size < this.#threadsMax ? this.#start() : undefined)
    if (thread === undefined) return new Promise((resolve) => this.#waiting.push(resolve))
    thread.isTaken = true
    thread.idle?.cancel()
    return thread
  }

  /** To the job that waits longest. A thread that has ended is replaced, unless no job will run any more. */
  #giveBack(thread: Thread): void {
    thread.isTaken = false
    const next = this.#waiting.shift()
    if (next === undefined) {
      thread.idle = this.#options.clock.after(idleMsMax, () => this.#endIdle(thread))
      return
    }
    const usable = this.#threads.has(thread) || this.#isClosed ? thread : this.#start()
    usable.isTaken = true
    next(usable)
  }

  #endIdle(thread: Thread): void {
    if (thread.isTaken || !this.#threads.has(thread)) return
    // Nobody waits for its end; the next job has a thread of its own.
    void this.#retire(thread)
  }

  async #retire(thread: Thread): Promise<void> {
    this.#threads.delete(thread)
    await thread.worker.terminate()
  }

  #start(): Thread {
    const { entry, execArgv } = this.#options
    const worker = new Worker(entry, { execArgv: [...execArgv], stdin: false })
    const thread: Thread = { worker, isTaken: false, current: undefined, idle: undefined }
    const onEnd = (cause?: unknown): void => {
      this.#threads.delete(thread)
      const text = 'Cannot write the segment: its worker thread has ended'
      thread.current?.fail(new DatabaseError('internal', text, {}, cause))
    }
    worker.on('error', onEnd)
    worker.on('exit', () => onEnd())
    // Only a job keeps the process alive, by its channel: a database that nobody closed does not.
    worker.unref()
    this.#threads.add(thread)
    return thread
  }
}

/** This side of a job's channel. */
class Receiver {
  readonly #port: MessagePort
  readonly #batches: (readonly Uint8Array[])[] = []
  #digest: FileDigest | undefined
  #error: Error | undefined
  #hasBroken = false
  #wake = (): void => undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (message: BuildMessage) => this.#receive(message))
  }

  /** The thread met an error that is none of ours. */
  get hasBroken(): boolean {
    return this.#hasBroken
  }

  async *parts(): AsyncGenerator<Uint8Array> {
    for (;;) {
      this.#check()
      const batch = this.#batches.shift()
      if (batch !== undefined) {
        this.#port.postMessage('taken' satisfies TakenMessage)
        for (const part of batch) {
          this.#check()
          yield part
        }
      } else if (this.#digest !== undefined) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  digest(): FileDigest {
    this.#check()
    assert(this.#digest !== undefined && this.#batches.length === 0, 'a consumer takes all parts or throws')
    return this.#digest
  }

  fail(error: Error): void {
    this.#error ??= error
    this.#wake()
  }

  close(): void {
    this.#port.close()
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error
  }

  #receive(message: BuildMessage): void {
    switch (message.kind) {
      case 'parts':
        this.#batches.push(message.parts)
        break
      case 'done':
        this.#digest = message.digest
        break
      case 'failed':
        this.#error ??= receivedError(message.error)
        this.#hasBroken = message.error.kind !== 'database'
        break
    }
    this.#wake()
  }
}
