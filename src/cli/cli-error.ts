import { exitCodes } from '../server/startup-error.ts'

/** As shells say it of a command that Ctrl-C ended. */
export const exitInterrupted = 130

/** Why a command failed, in words for the person who gave it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  /** The server has answered, and said no. */
  readonly isRefusal: boolean

  constructor(message: string, exitCode: number = exitCodes.failure, isRefusal = false) {
    super(message)
    this.exitCode = exitCode
    this.isRefusal = isRefusal
  }
}

/** A mistake on the command line. */
export const misused = (message: string): CliError => new CliError(message, exitCodes.usage)
