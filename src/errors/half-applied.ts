/**
 * A durable record of which only a part is in memory, as when there is no more memory for vectors. It is no outcome of the
 * record: the log is right, memory is not, and nothing may be read or written until a new start applies all of it.
 */
export class HalfApplied extends Error {
  override readonly name = 'HalfApplied'

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`Cannot go on: a write is on disk, but only a part of it is in memory; start again (${reason})`, {
      cause,
    })
  }
}
