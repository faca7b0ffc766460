import type { SequenceNumber } from '../ids/brands.ts'

/** One record as it stands in the log. `type` and `body` mean nothing to the log. */
export interface LogRecord {
  readonly seq: SequenceNumber
  readonly type: number
  readonly body: Uint8Array
}

export type OnDurable = (seq: SequenceNumber) => Promise<void> | undefined

/**
 * The write-ahead log: one sequence for the whole database. Nothing outside `log/` knows that it is files.
 *
 * Guarantees:
 *   - records have consecutive sequence numbers, in the order of the `append` calls;
 *   - when `append` resolves, the record and all before it survive power loss;
 *   - appends resolve in order; records that wait together share one fdatasync;
 *   - after a failed write or sync every pending and later append is rejected with `write-failed`.
 */
export interface Log {
  /** The number of the last record, 0 if there is none yet. */
  readonly lastSeq: SequenceNumber
  /** True once a write or sync has failed. */
  readonly hasFailed: boolean
  /** Bytes in the files that are kept. */
  readonly bytes: number
  /**
   * Queues a record. `body` may be several parts; they must not change until the promise is settled.
   * `onDurable` runs synchronously, in sequence order, when the record is durable and before `append` resolves;
   * the next group is already being written then. If it gives a promise, what comes after the record waits for that.
   */
  append(type: number, body: readonly Uint8Array[], onDurable?: OnDurable): Promise<SequenceNumber>
  /** Records from `seq` on, in order. Only between open and the first append. @throws log-corrupt */
  replay(from: SequenceNumber): AsyncIterable<LogRecord>
  /** Starts a new file if the current one holds records. */
  rotate(): Promise<void>
  /** Deletes files whose records all have numbers below `seq`. */
  truncateBefore(seq: SequenceNumber): Promise<void>
  /** Waits for pending appends, then closes. */
  close(): Promise<void>
  /** Closes a log that was opened for nothing: it stays as it was found. Only before the first append. */
  abandon(): Promise<void>
}
