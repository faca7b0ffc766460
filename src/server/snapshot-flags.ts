import { exitCodes, StartupError } from './startup-error.ts'

/** What shall be restored before the server listens. */
export interface StartupRestores {
  /** Wins over `collections`. */
  readonly store?: string | undefined
  readonly collections: readonly CollectionRestore[]
  /** Existing collections and aliases may be replaced. */
  readonly force: boolean
}

export interface CollectionRestore {
  readonly path: string
  readonly name: string
}

/** `PATH:NAME`, split at the last colon, since a path may hold colons and a name here may not. @throws StartupError */
export function parseSnapshotFlag(flag: string): CollectionRestore {
  const colon = flag.lastIndexOf(':')
  const path = colon < 0 ? flag : flag.slice(0, colon)
  const name = colon < 0 ? '' : flag.slice(colon + 1)
  if (name === '') throw refused(`Collection name is missing: ${flag}`)
  if (path === '') throw refused(`Snapshot path is missing: ${flag}`)
  if (/[/\\]/.test(name)) throw refused(`Collection name must not contain slashes: ${flag}`)
  return { path, name }
}

function refused(message: string): StartupError {
  return new StartupError(exitCodes.restore, message)
}
