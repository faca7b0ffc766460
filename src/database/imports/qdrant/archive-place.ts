import type { EntryBytes } from '../../../snapshot/qdrant/types.ts'

export interface OpenedArchive {
  readonly entry: EntryBytes
  /** Lower-case hex; undefined if nobody needed it. */
  readonly sha256?: string
}

/** Where an archive lies while it is imported. End it in any case. */
export interface ArchivePlace {
  /** `expected` is its SHA-256 in lower case. @throws checksum-mismatch, and what the source and the store throw */
  open(expected?: string): Promise<OpenedArchive>
  /** To be asked when all is read. @throws archive-folder-failed if it is not what it was */
  check(): Promise<void>
  end(): Promise<void>
}
