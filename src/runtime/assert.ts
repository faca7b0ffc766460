/** Our own mistake, never the caller's. Nothing below `main` may catch it; the process stops. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message)
}
