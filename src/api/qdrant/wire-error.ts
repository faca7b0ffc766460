/** An answer that refuses a request. */
export class WireError extends Error {
  override readonly name = 'WireError'
  /** HTTP. */
  readonly status: number

  /** `message` is the whole text of `status.error`. */
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }

  get text(): string {
    return this.message
  }
}

/** A refusal in plain text: what Qdrant leaves to its web framework has no envelope. */
export class PlainError extends WireError {
  /** What stands in the header; '' for none. */
  readonly contentType: string

  constructor(status: number, message: string, contentType = 'text/plain; charset=utf-8') {
    super(status, message)
    this.contentType = contentType
  }
}
