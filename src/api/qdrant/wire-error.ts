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
