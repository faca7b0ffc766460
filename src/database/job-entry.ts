import type { JsonValue } from '../encoding/json.ts'
import { DatabaseError, isDatabaseError } from '../errors/database-error.ts'
import type { Clock } from '../runtime/clock.ts'
import { JobProgress } from './job-progress.ts'
import { isShort, type JobInfo, type JobRecord, type JobState } from './job-record.ts'

const processEnded = 'the process ended'
export const databaseClosed = 'the database was closed'
/** A job that takes the process down each time it is resumed must come to an end. */
const crashesMax = 3

interface Ending {
  readonly state: Exclude<JobState, 'running'>
  readonly reason?: string
  readonly code?: string | null
  readonly result?: JsonValue
}

/** One job in memory. */
export class JobEntry {
  readonly id: string
  #record: JobRecord
  progress: JobProgress | undefined
  /** Never rejects, but for a fault of our own. */
  ended: Promise<void> = Promise.resolve()
  #controller = new AbortController()

  constructor(id: string, record: JobRecord) {
    this.id = id
    this.#record = record
  }

  static create(id: string, kind: string, input: JsonValue, now: number): JobEntry {
    return new JobEntry(id, newRecord(kind, input, now))
  }

  get record(): JobRecord {
    return this.#record
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isRunning(): boolean {
    return this.#record.state === 'running'
  }

  get isResumable(): boolean {
    return !this.#record.isInputLost && this.#record.crashes < crashesMax
  }

  begin(clock: Clock): void {
    this.progress = new JobProgress(clock, this.#record)
    this.#controller = new AbortController()
  }

  /** False if there is nothing to cancel. */
  cancel(why: string): boolean {
    if (!this.isRunning) return false
    this.#controller.abort(
      new DatabaseError('cancelled', `Cannot finish ${this.#record.kind}: ${why}`, {
        job: this.id,
        isClosing: why === databaseClosed,
      }),
    )
    return true
  }

  /** Cancels it for now: it goes on when the database is opened again. */
  suspend(): void {
    // Somebody has cancelled it: then it shall not go on.
    if (this.signal.aborted) return
    this.#record = { ...this.#record, isSuspended: true }
    this.cancel(databaseClosed)
  }

  /** It was running when the database was last open. Gives what that means for it. */
  interrupted(): string {
    const { isSuspended } = this.#record
    const crashes = this.#record.crashes + (isSuspended ? 0 : 1)
    this.#record = { ...this.#record, crashes, isSuspended: false }
    if (isSuspended) return databaseClosed
    return crashes < crashesMax ? processEnded : `${processEnded} ${crashes} times`
  }

  /** Another attempt. */
  again(now: number): void {
    this.#record = {
      ...this.#record,
      state: 'running',
      reason: null,
      code: null,
      attempt: this.#record.attempt + 1,
      startedAt: now,
      finishedAt: null,
    }
  }

  keepPosition(position: JsonValue): void {
    this.#record = { ...this.#record, position }
  }

  failure(error: unknown): { readonly end: Ending; readonly error: unknown } {
    if (this.signal.aborted) {
      const reason = this.signal.reason as DatabaseError
      return { end: { state: 'cancelled', reason: reason.message, code: 'cancelled' }, error: reason }
    }
    const reason = error instanceof Error ? error.message : String(error)
    const code = error instanceof DatabaseError ? error.code : 'internal'
    return {
      end: { state: isDatabaseError(error, 'cancelled') ? 'cancelled' : 'failed', reason, code },
      error,
    }
  }

  end(now: number, ending: Ending): void {
    this.progress?.end()
    const { state, reason = null, code = null, result = null } = ending
    // What was to be suspended and came to its end nevertheless has ended.
    const isSuspended = this.#record.isSuspended && state === 'cancelled'
    this.#record = { ...this.#current(), state, reason, code, result, finishedAt: now, isSuspended }
  }

  /** For the catalog: what is suspended is running there. */
  kept(): JobRecord {
    const record = this.#current()
    return record.isSuspended ? { ...record, state: 'running', finishedAt: null } : record
  }

  /** The record with what the progress says now. */
  #current(): JobRecord {
    if (this.progress === undefined) return this.#record
    const { done, total, unit, ratePerSecond } = this.progress
    return { ...this.#record, done, total, unit, ratePerSecond }
  }

  info(): JobInfo {
    const {
      position: _position,
      crashes: _crashes,
      isSuspended: _isSuspended,
      isInputLost: _lost,
      ...info
    } = this.#current()
    return { id: this.id, ...info, etaMs: this.isRunning ? (this.progress?.etaMs ?? null) : null }
  }
}

function newRecord(kind: string, input: JsonValue, now: number): JobRecord {
  return {
    kind,
    input,
    state: 'running',
    reason: null,
    code: null,
    attempt: 1,
    createdAt: now,
    startedAt: now,
    finishedAt: null,
    done: 0,
    total: null,
    unit: '',
    ratePerSecond: null,
    result: null,
    position: null,
    crashes: 0,
    isSuspended: false,
    isInputLost: !isShort(input),
  }
}
