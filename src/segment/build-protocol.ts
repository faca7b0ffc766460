import type { MessagePort } from 'node:worker_threads'
import type { ErrorCode } from '../errors/codes.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { InvariantViolation } from '../runtime/assert.ts'
import type { BuildJob, FileDigest } from './build-file.ts'

// A job has a channel of its own. The worker sends parts in batches and, at the end, the digest or an error; it has at most
// `batchesAhead` batches under way that the other side has not taken. Closing the channel gives the job up.

export const batchesAhead = 2
/** A message wakes the other thread, which may take longer than making a part. */
export const batchBytesMin = 4 * 2 ** 20
export const batchPartsMax = 128

/** To the worker. */
export interface JobMessage {
  readonly job: BuildJob
  readonly port: MessagePort
}

/** To the worker, on the job's channel. */
export type TakenMessage = 'taken'

/** From the worker, on the job's channel. */
export type BuildMessage =
  | { readonly kind: 'parts'; readonly parts: readonly Uint8Array[] }
  | { readonly kind: 'done'; readonly digest: FileDigest }
  | { readonly kind: 'failed'; readonly error: SentError }

/** An error as it goes from thread to thread. */
export type SentError =
  | {
      readonly kind: 'database'
      readonly code: ErrorCode
      readonly message: string
      readonly details: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'invariant'; readonly message: string }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string }

export function sendableError(error: unknown): SentError {
  if (error instanceof DatabaseError) {
    const { code, message, details } = error
    return { kind: 'database', code, message, details }
  }
  if (error instanceof InvariantViolation) return { kind: 'invariant', message: error.message }
  if (error instanceof Error) return { kind: 'other', message: error.message, stack: error.stack ?? '' }
  return { kind: 'other', message: String(error), stack: '' }
}

export function receivedError(error: SentError): Error {
  switch (error.kind) {
    case 'database':
      return new DatabaseError(error.code, error.message, error.details)
    case 'invariant':
      return new InvariantViolation(error.message)
    case 'other': {
      const text = `Cannot write the segment: ${error.message}`
      return new DatabaseError('internal', text, { stack: error.stack })
    }
  }
}

export function buildClosed(): DatabaseError {
  return new DatabaseError('database-closed', 'Cannot write the segment: the database has been closed')
}

export function buildCancelled(): DatabaseError {
  return new DatabaseError('cancelled', 'Cannot write the segment: it was cancelled')
}
