/** Exit codes of the server process. */
export const exitCodes = {
  /** The server could not start or stopped on a fault of its own. */
  failure: 1,
  /** A flag, a variable or a configuration file is wrong. */
  usage: 2,
  /** A snapshot given at the start could not be restored; the code that Qdrant's users test for. */
  restore: 101,
} as const

/** Why the server does not start, in words for the person who started it. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  readonly exitCode: number

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}
