import { Metadata, status } from '@grpc/grpc-js'
import { isDatabaseError } from '../../../index.ts'
import { toWireError } from '../errors.ts'
import { RateLimited } from '../strict/rates/rate-limited.ts'
import type { WireError } from '../wire-error.ts'

/** A refusal in gRPC's terms. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly code: status
  readonly metadata: Metadata | undefined

  constructor(code: status, message: string, metadata?: Metadata) {
    super(message)
    this.code = code
    this.metadata = metadata
  }
}

/** What a message must hold and does not. */
export const malformed = (text: string): StatusError => new StatusError(status.INVALID_ARGUMENT, text)

const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  // What Qdrant answers in its standalone mode.
  405: status.UNIMPLEMENTED,
  408: status.DEADLINE_EXCEEDED,
  409: status.ALREADY_EXISTS,
  412: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  422: status.INVALID_ARGUMENT,
  423: status.FAILED_PRECONDITION,
  429: status.RESOURCE_EXHAUSTED,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  507: status.RESOURCE_EXHAUSTED,
}

/** The shortest limit of a client's headers is 8 KiB, and the message is written there in percents. */
const messageCharactersMax = 2_000

/** What the REST door answers to an error, as a status with the same text. Undefined for what neither door knows. */
export function statusOf(error: unknown): StatusError | undefined {
  if (error instanceof StatusError) return error
  const known = toWireError(error)
  if (known === undefined) return undefined
  const answer = statusOfAnswer(known)
  const isOtherConflict =
    isDatabaseError(error) && error.kind === 'conflict' && error.code !== 'collection-exists'
  return isOtherConflict ? new StatusError(status.FAILED_PRECONDITION, answer.message) : answer
}

export function statusOfAnswer(refusal: WireError): StatusError {
  const { status: http, text } = refusal
  const message = messageOf(text)
  const short = message.length > messageCharactersMax ? `${message.slice(0, messageCharactersMax)}…` : message
  return new StatusError(codes[http] ?? status.INTERNAL, short, waitOf(refusal))
}

/** After how many seconds to come again, where waiting helps. */
function waitOf(refusal: WireError): Metadata | undefined {
  if (!(refusal instanceof RateLimited) || refusal.retryAfterSeconds === undefined) return undefined
  const metadata = new Metadata()
  metadata.set('retry-after', String(refusal.retryAfterSeconds))
  return metadata
}

/** Where a text says that a body was JSON, a message has no such place. */
function messageOf(text: string): string {
  return text
    .replace(/^Format error in JSON body: /, '')
    .replace(
      /^Validation error in (?:JSON body|query parameters|path parameters): \[(?:\w+_request\.|internal\.)?/,
      'Validation error in body: [',
    )
}
