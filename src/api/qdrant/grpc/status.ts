import { status, type Metadata } from '@grpc/grpc-js'
import { toWireError } from '../errors.ts'
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
  return known === undefined ? undefined : statusOfAnswer(known)
}

export function statusOfAnswer({ status: http, text }: WireError): StatusError {
  const message = messageOf(text)
  const short = message.length > messageCharactersMax ? `${message.slice(0, messageCharactersMax)}…` : message
  return new StatusError(codes[http] ?? status.INTERNAL, short)
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
