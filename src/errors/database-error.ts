import { errorCodes, type ErrorCode, type ErrorKind } from './codes.ts'

/**
 * The only error class that the API throws on purpose. `kind` says what the caller does next,
 * `code` names the event (docs/errors.md), `details` holds the values; the message is for people.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly kind: ErrorKind
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.kind = errorCodes[code].kind
    this.details = details
  }
}

/** True for a DatabaseError, with one of `codes` if any are given. */
export function isDatabaseError(error: unknown, ...codes: readonly ErrorCode[]): error is DatabaseError {
  return error instanceof DatabaseError && (codes.length === 0 || codes.includes(error.code))
}
