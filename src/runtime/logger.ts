/** Three levels: ERROR = a person must look; INFO = state changed; DEBUG = everything else. */
export interface Logger {
  error(message: string, details?: Readonly<Record<string, unknown>>): void
  info(message: string, details?: Readonly<Record<string, unknown>>): void
  debug(message: string, details?: Readonly<Record<string, unknown>>): void
}

export const silentLogger: Logger = { error() {}, info() {}, debug() {} }
