/** Three levels: ERROR = a person must look; INFO = state changed; DEBUG = everything else. */
export interface Logger {
  error(message: string, details?: Readonly<Record<string, unknown>>): void
  info(message: string, details?: Readonly<Record<string, unknown>>): void
  debug(message: string, details?: Readonly<Record<string, unknown>>): void
}

/** A logger whose level can be changed while it logs. */
export interface LevelledLogger extends Logger {
  /** In capitals: ERROR, INFO or DEBUG. */
  readonly level: string
  /** Takes the levels of Qdrant, too, in any case: finer ones fall into the nearest. False if there is no such level. */
  setLevel(level: string): boolean
}

/** The nearest of the three for each level that Qdrant knows. */
export const levelsByName: Readonly<Record<string, 'error' | 'info' | 'debug'>> = {
  off: 'error',
  error: 'error',
  warn: 'error',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
}

export const silentLogger: Logger = { error() {}, info() {}, debug() {} }
