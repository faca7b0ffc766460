import { DatabaseError } from '../../errors/database-error.ts'

/** `archive-invalid`, naming the entry. */
export function invalidEntry(
  entry: string,
  why: string,
  details: Readonly<Record<string, unknown>> = {},
): DatabaseError {
  return new DatabaseError('archive-invalid', `Cannot read archive: entry ${entry}: ${why}`, {
    entry,
    ...details,
  })
}

/** `archive-invalid` where no entry is to blame. */
export function invalidArchive(why: string, details: Readonly<Record<string, unknown>> = {}): DatabaseError {
  return new DatabaseError('archive-invalid', `Cannot read archive: ${why}`, details)
}
