import type { JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import type { Engine } from './engine.ts'
import { databaseClosed, JobEntry } from './job-entry.ts'
import { asJson, decodeJobRecord, encodeJobRecord, type JobInfo, type JobState } from './job-record.ts'

// A job in the catalog: a document when it starts, before it does anything, and one when it has ended. Whatever says
// `running` there when the database is opened was interrupted, since nothing can be running yet.

const finishedMax = 200
const checkpointIntervalMs = 5_000

/** What a job sees of itself. */
export interface JobContext {
  readonly id: string
  /** Aborts when the job is cancelled; its reason is a DatabaseError `cancelled`. */
  readonly signal: AbortSignal
  /** What `checkpoint` kept in an earlier attempt; null in the first. */
  readonly position: JsonValue
  /** `total` null or left out: unknown. Cheap enough for every row. */
  progress(done: number, total?: number | null, unit?: string): void
  /**
   * Keeps a position (JSON, up to 16 KiB) from which `resume` can go on. Call it as often as you like: it is written
   * every five seconds at most.
   */
  checkpoint(position: JsonValue): Promise<void>
}

/** A kind of job that goes on after a restart. */
export interface JobKind {
  resume(input: JsonValue, context: JobContext): Promise<unknown>
}

export interface Job<T = unknown> {
  readonly id: string
  /** Rejects with what the job threw, or with `cancelled`. Nobody has to look at it. */
  readonly result: Promise<T>
  info(): JobInfo
}

export interface JobQuery {
  readonly state?: JobState
  readonly kind?: string
}

/** Long work of an open database: with progress, a cancel and an end that is known after a crash, too. */
export class Jobs {
  readonly #engine: Engine
  /** In order of creation. */
  readonly #entries = new Map<string, JobEntry>()
  readonly #kinds = new Map<string, JobKind>()
  /** Jobs that this opening found interrupted, of kinds that nobody has registered yet. */
  readonly #interrupted = new Set<string>()
  #isClosed = false

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * Starts a job. `run` is called once its record is durable.
   * @param input what it was asked to do, for whoever lists it
   * @throws database-closed
   */
  start<T>(kind: string, input: JsonValue, run: (context: JobContext) => Promise<T>): Job<T> {
    this.#checkOpen()
    const { clock, random } = this.#engine.parts
    const entry = JobEntry.create(random.uuid(), kind, asJson(input), clock.now())
    this.#entries.set(entry.id, entry)
    return { id: entry.id, result: this.#begin(entry, run), info: () => entry.info() }
  }

  /** Newest first. */
  list(query: JobQuery = {}): JobInfo[] {
    return [...this.#entries.values()]
      .map((entry) => entry.info())
      .filter(({ state }) => query.state === undefined || query.state === state)
      .filter(({ kind }) => query.kind === undefined || query.kind === kind)
      .reverse()
  }

  /** @throws job-not-found; the last 200 finished ones are known */
  get(id: string): JobInfo {
    return this.#entry(id).info()
  }

  /** Asks it to stop; `wait` for its end. False if it has ended already. @throws job-not-found */
  cancel(id: string): boolean {
    return this.#entry(id).cancel('it was cancelled')
  }

  /** Until it has ended and that is durable. @throws job-not-found */
  async wait(id: string): Promise<JobInfo> {
    const entry = this.#entry(id)
    await entry.ended
    return entry.info()
  }

  /**
   * Makes a kind go on after a restart, from where its last checkpoint was. Jobs of this kind that were interrupted
   * before the database was opened go on at once.
   */
  register(kind: string, handler: JobKind): void {
    this.#checkOpen()
    this.#kinds.set(kind, handler)
    for (const id of this.#interrupted) {
      const entry = this.#entries.get(id)
      if (entry === undefined || entry.record.kind !== kind) continue
      this.#interrupted.delete(id)
      if (entry.isResumable) this.#resume(entry, handler)
    }
  }

  /** Called once, when the database is opened: reads the catalog, and settles what was interrupted. */
  async recover(): Promise<void> {
    const documents = [...(this.#engine.parts.catalog.documents.get('job') ?? [])]
    const entries = documents.map(([id, value]) => new JobEntry(id, decodeJobRecord(value)))
    entries.sort((a, b) => a.record.createdAt - b.record.createdAt)
    for (const entry of entries) this.#entries.set(entry.id, entry)
    for (const entry of entries) if (entry.record.state === 'running') await this.#settle(entry)
  }

  /** Cancels what runs and waits for it. Kinds that can go on do so when the database is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true
    const running = [...this.#entries.values()].filter(({ isRunning }) => isRunning)
    for (const entry of running) {
      if (this.#kinds.has(entry.record.kind) && entry.isResumable) entry.suspend()
      else entry.cancel(databaseClosed)
    }
    await Promise.all(running.map(({ ended }) => ended))
  }

  async #settle(entry: JobEntry): Promise<void> {
    const reason = entry.interrupted()
    const handler = this.#kinds.get(entry.record.kind)
    if (handler !== undefined && entry.isResumable) return this.#resume(entry, handler)
    this.#interrupted.add(entry.id)
    entry.end(this.#now(), { state: 'failed', reason })
    await this.#finish(entry)
  }

  #resume(entry: JobEntry, handler: JobKind): void {
    entry.again(this.#now())
    void this.#begin(entry, (context) => handler.resume(entry.record.input, context))
  }

  #begin<T>(entry: JobEntry, run: (context: JobContext) => Promise<T>): Promise<T> {
    entry.begin(this.#engine.parts.clock)
    const result = this.#run(entry, run)
    const ended = result.then(
      () => undefined,
      (error: unknown) => {
        // Not ours to swallow: nobody may be looking at the result, and the process must not go on.
        if (error instanceof InvariantViolation) throw error
      },
    )
    entry.ended = ended
    return result
  }

  async #run<T>(entry: JobEntry, run: (context: JobContext) => Promise<T>): Promise<T> {
    try {
      await this.#write(entry)
      entry.signal.throwIfAborted()
      const value = await run(this.#contextOf(entry))
      entry.end(this.#now(), { state: 'completed', result: asJson(value) })
      await this.#finish(entry)
      return value
    } catch (error) {
      if (error instanceof InvariantViolation) throw error
      const outcome = entry.failure(error)
      entry.end(this.#now(), outcome.end)
      await this.#finish(entry)
      throw outcome.error
    }
  }

  #contextOf(entry: JobEntry): JobContext {
    const { clock } = this.#engine.parts
    let writtenAt = clock.monotonic()
    return {
      id: entry.id,
      signal: entry.signal,
      position: entry.record.position,
      progress: (done, total = null, unit) => entry.progress?.report(done, total, unit),
      checkpoint: async (position) => {
        // One that comes late must not bring back the document of a job that has ended and is forgotten by now.
        if (!entry.isRunning) return
        entry.keepPosition(asJson(position))
        if (clock.monotonic() - writtenAt < checkpointIntervalMs) return
        writtenAt = clock.monotonic()
        await this.#write(entry)
      },
    }
  }

  /** Its end is known from here on, and kept as far as that is possible. */
  async #finish(entry: JobEntry): Promise<void> {
    try {
      await this.#write(entry)
      await this.#forgetOld()
    } catch (error) {
      // The job has its outcome; the catalog says `running`, and the next opening makes that `failed`.
      this.#engine.parts.logger.error('cannot keep the end of a job', { id: entry.id, error: String(error) })
    }
  }

  async #forgetOld(): Promise<void> {
    const finished = [...this.#entries.values()].filter(({ isRunning }) => !isRunning)
    if (finished.length <= finishedMax) return
    finished.sort((a, b) => (a.record.finishedAt ?? 0) - (b.record.finishedAt ?? 0))
    for (const { id } of finished.slice(0, finished.length - finishedMax)) {
      this.#entries.delete(id)
      this.#interrupted.delete(id)
      await this.#engine.submit({ type: 'document', kind: 'job', name: id, value: null })
    }
  }

  async #write(entry: JobEntry): Promise<void> {
    const value = encodeJobRecord(entry.kept())
    await this.#engine.submit({ type: 'document', kind: 'job', name: entry.id, value })
  }

  #entry(id: string): JobEntry {
    const entry = this.#entries.get(id)
    if (entry === undefined)
      throw new DatabaseError('job-not-found', `Cannot find job ${id}: it does not exist`, { id })
    return entry
  }

  #checkOpen(): void {
    this.#engine.checkOpen()
    if (this.#isClosed)
      throw new DatabaseError('database-closed', 'Cannot start a job: the database is being closed')
  }

  #now(): number {
    return this.#engine.parts.clock.now()
  }
}
