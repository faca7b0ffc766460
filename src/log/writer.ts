import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, type SequenceNumber } from '../ids/brands.ts'
import { assert } from '../runtime/assert.ts'
import type { Clock } from '../runtime/clock.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import type { DiskFile } from '../storage/disk.ts'
import { bodyBytesMax, recordHeaderBytes } from './format.ts'
import { GroupEncoder, type UnwrittenRecord } from './group-encoder.ts'
import type { OnDurable } from './log.ts'
import type { LogFile } from './reader.ts'

/** A log file that is being written. */
export interface OpenLogFile {
  readonly file: LogFile
  readonly handle: DiskFile
}

export interface LogWriterOptions {
  readonly current: OpenLogFile
  readonly lastSeq: number
  /** Where good records end if something else follows them: cut away before anything is written. */
  readonly cutAt: number | undefined
  readonly isSealed: boolean
  readonly rotateBytes: number
  readonly clock: Clock
  /** Makes the next file, durable with its name, before a record is written to it. */
  startFile(firstSeq: number): Promise<OpenLogFile>
  /** The log has failed: it takes nothing more. */
  onFailure(error: DatabaseError): void
}

/** What a log has written since it was opened. */
export interface LogStatistics {
  readonly records: number
  /** One write and one sync each. */
  readonly groups: number
  readonly bytes: number
  readonly writeMs: number
}

interface Waiting extends UnwrittenRecord {
  readonly onDurable: OnDurable | undefined
  readonly resolve: (seq: SequenceNumber) => void
  readonly reject: (error: unknown) => void
}

/** A request for a new file; it applies to the records queued after it. */
interface Rotation {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Group {
  readonly rotations: Rotation[]
  readonly records: Waiting[]
}

// Bodies whose callbacks run between two looks at the event loop, and what a record counts beside its body: a millisecond or
// two if they are points.
const sliceBytes = 2 ** 19
// The checksums of a group are taken in one step: a millisecond or two for so much.
const groupBytesMax = 2 ** 23
const recordCost = 4_096

/**
 * Group commit: everything that waits is written and synced together, while what comes in meanwhile waits for the
 * next turn. Exactly one write or sync is under way at a time; the format's `durableSeq` depends on it.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #encoder = new GroupEncoder()
  #current: OpenLogFile
  #cutAt: number | undefined
  #isSealed: boolean
  #queuedSeq: number
  #durableSeq: number
  #queue: (Waiting | Rotation)[] = []
  #loop: Promise<void> | undefined
  #failure: DatabaseError | undefined
  #closing: Promise<void> | undefined
  readonly #statistics = { records: 0, groups: 0, bytes: 0, writeMs: 0 }

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#current = options.current
    this.#cutAt = options.cutAt
    this.#isSealed = options.isSealed
    this.#queuedSeq = options.lastSeq
    this.#durableSeq = options.lastSeq
  }

  /** The number of the last durable record. */
  get lastSeq(): SequenceNumber {
    return seqOf(this.#durableSeq)
  }

  get hasWritten(): boolean {
    return this.#queuedSeq > this.#options.lastSeq
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get statistics(): LogStatistics {
    return { ...this.#statistics }
  }

  append(
    type: number,
    body: readonly Uint8Array[],
    onDurable: OnDurable | undefined,
  ): Promise<SequenceNumber> {
    assert(
      Number.isInteger(type) && type > 0 && type <= 0xffff,
      `a record's type is from 1 to 65535, not ${type}`,
    )
    let bodyBytes = 0
    for (const part of body) bodyBytes += part.length
    if (bodyBytes > bodyBytesMax) {
      const details = { bytes: bodyBytes, bytesMax: bodyBytesMax }
      return Promise.reject(
        new DatabaseError(
          'request-invalid',
          `Cannot log ${bodyBytes} bytes in one record: the limit is ${bodyBytesMax}`,
          details,
        ),
      )
    }
    return new Promise((resolve, reject) => {
      if (!this.#accepts(reject)) return
      this.#enqueue({ type, body, bodyBytes, seq: ++this.#queuedSeq, onDurable, resolve, reject })
    })
  }

  rotate(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#accepts(reject)) this.#enqueue({ resolve, reject })
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Closes the file and writes nothing. */
  abandon(): Promise<void> {
    this.#closing ??= closeQuietly(this.#current.handle)
    return this.#closing
  }

  #accepts(reject: (error: unknown) => void): boolean {
    if (this.#failure !== undefined) reject(this.#failure)
    else if (this.#closing !== undefined)
      reject(new DatabaseError('database-closed', 'Cannot append to the log: it is closed'))
    else return true
    return false
  }

  #enqueue(item: Waiting | Rotation): void {
    this.#queue.push(item)
    // Starts in a microtask, so that records appended together are written together.
    this.#loop ??= Promise.resolve().then(() => this.#run())
  }

  async #run(): Promise<void> {
    let durable: Group | undefined
    while (durable !== undefined || this.#queue.length > 0) {
      const group = this.#takeGroup()
      const committing = group === undefined ? undefined : this.#commit(group)
      // The next group is on its way to the disk while the callbacks of this one run.
      if (durable !== undefined) await this.#settle(durable)
      durable = undefined
      if (group === undefined || committing === undefined) continue
      const error = await committing
      if (error !== undefined) this.#fail(error)
      if (this.#failure === undefined) durable = group
      else for (const item of [...group.rotations, ...group.records]) item.reject(this.#failure)
    }
    this.#loop = undefined
  }

  #takeGroup(): Group | undefined {
    if (this.#queue.length === 0) return undefined
    const group: Group = { rotations: [], records: [] }
    const bytesMax = Math.min(this.#options.rotateBytes, groupBytesMax)
    let bytes = 0
    let taken = 0
    for (const item of this.#queue) {
      if ('seq' in item) {
        bytes += recordHeaderBytes + item.bodyBytes
        if (group.records.length > 0 && bytes > bytesMax) break
        group.records.push(item)
      } else {
        if (group.records.length > 0) break
        group.rotations.push(item)
      }
      taken++
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken)
    return group
  }

  /** Writes and syncs a group. The write begins before this returns, unless a file must be cut or started first. */
  async #commit(group: Group): Promise<unknown> {
    try {
      if (this.#cutAt !== undefined) await this.#cut(this.#cutAt)
      const isFull = group.records.length > 0 && this.#current.file.bytes >= this.#options.rotateBytes
      if (isFull || group.rotations.length > 0) await this.#startNextFile()
      if (group.records.length > 0) await this.#write(group.records)
      return undefined
    } catch (error) {
      return error
    }
  }

  async #write(records: readonly Waiting[]): Promise<void> {
    const { file, handle } = this.#current
    const started = this.#options.clock.monotonic()
    const parts = this.#encoder.encode(records, file.mark, this.#durableSeq)
    this.#isSealed = false
    await handle.writeAll(parts)
    await handle.sync()
    // Durable from here: every record of the group.
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    file.bytes += bytes
    this.#durableSeq = records.at(-1)!.seq
    this.#statistics.groups++
    this.#statistics.records += records.length
    this.#statistics.bytes += bytes
    this.#statistics.writeMs += this.#options.clock.monotonic() - started
  }

  async #cut(at: number): Promise<void> {
    await this.#current.handle.truncate(at)
    // Before anything is written behind the cut: a record must never be followed by the remains of an older one.
    await this.#current.handle.sync()
    this.#current.file.bytes = at
    this.#cutAt = undefined
  }

  async #startNextFile(): Promise<void> {
    if (this.#durableSeq < this.#current.file.firstSeq) return
    const previous = this.#current
    this.#current = await this.#options.startFile(this.#durableSeq + 1)
    this.#isSealed = false
    await closeQuietly(previous.handle)
  }

  /** In slices: a group may hold as much as a log file, and requests would wait for all of it to be applied. */
  async #settle(group: Group): Promise<void> {
    for (const rotation of group.rotations) rotation.resolve()
    let bytes = 0
    for (const record of group.records) {
      if (bytes >= sliceBytes) {
        bytes = 0
        await yieldToEventLoop()
      }
      bytes += recordCost + record.bodyBytes
      const ending = this.#settleRecord(record)
      if (ending === undefined) continue
      await ending
      bytes = 0
    }
  }

  /** A promise if the record's callback takes its time: those behind it wait. */
  #settleRecord(record: Waiting): Promise<void> | undefined {
    if (this.#failure !== undefined) {
      record.reject(this.#failure)
      return undefined
    }
    const seq = seqOf(record.seq)
    // A durable record that could not be applied: the state no longer follows the log, so nothing more may.
    const onError = (error: unknown): void => {
      record.reject(error)
      this.#fail(error)
    }
    try {
      const ending = record.onDurable?.(seq)
      if (ending !== undefined) return ending.then(() => record.resolve(seq), onError)
      record.resolve(seq)
    } catch (error) {
      onError(error)
    }
    return undefined
  }

  #fail(cause: unknown): void {
    if (this.#failure !== undefined) return
    const { code: system, message } = cause as NodeJS.ErrnoException
    const file = this.#current.file.path
    this.#failure = new DatabaseError(
      'write-failed',
      `Cannot write log file ${file}: ${message}`,
      { file, system },
      cause,
    )
    const queue = this.#queue
    this.#queue = []
    for (const item of queue) item.reject(this.#failure)
    this.#options.onFailure(this.#failure)
  }

  async #close(): Promise<void> {
    await this.#loop
    const { file, handle } = this.#current
    try {
      if (this.#failure !== undefined) {
        // What was refused should not be there at the next start; a failed sync is not tried again.
        await handle.truncate(file.bytes)
      } else if (this.#cutAt === undefined && !this.#isSealed && this.#durableSeq >= file.firstSeq) {
        await handle.write(this.#encoder.encodeSeal(this.#durableSeq, file.mark))
        await handle.sync()
        file.bytes += recordHeaderBytes
      }
    } catch (error) {
      // Every acknowledged record is durable without it; the next start deals with half a seal.
      this.#fail(error)
    } finally {
      await closeQuietly(handle)
    }
  }
}

/** What counts was made durable before, by a sync that told: closing has nothing to add. */
async function closeQuietly(handle: DiskFile): Promise<void> {
  await handle.close().catch(() => undefined)
}
