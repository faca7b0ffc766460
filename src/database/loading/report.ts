export interface LoadedOf {
  readonly loaded: number
  readonly total: number
}

export interface LoadingCollection {
  readonly name: string
  /** `failed`: its files are damaged, or cannot be read; whoever uses it is told. */
  readonly status: 'waiting' | 'loading' | 'loaded' | 'failed'
  readonly segments: LoadedOf
  /** Of files. */
  readonly bytes: LoadedOf
  /** Of a failure. */
  readonly error?: string
}

/** How far what was there at the start is in memory. */
export interface LoadingReport {
  /** All of it is. */
  readonly isDone: boolean
  readonly segments: LoadedOf
  readonly bytes: LoadedOf
  /** Those that were there at the start, by their names. */
  readonly collections: readonly LoadingCollection[]
}
