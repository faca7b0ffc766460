import { DatabaseError } from '../../../errors/database-error.ts'

/** @throws cancelled */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new DatabaseError('cancelled', 'Cannot go on with the import: it was cancelled')
}
