import type { PointId } from '../../../ids/point-id.ts'
import { invalidEntry } from '../../archive/archive-error.ts'
import type { EntryBytes } from '../types.ts'
import { CborError, decodeCbor, type CborLimits } from './cbor.ts'
import { OperationError } from './cbor-fields.ts'
import { decodeOperation } from './decode-operation.ts'
import { readLogFiles, type WalEntry, type WalLimits } from './log-files.ts'
import type { WalOperation } from './operations.ts'
import { upsertedIds } from './upserted-ids.ts'

export interface NumberedOperation {
  /** The entry's number: versions of points are such numbers. */
  readonly index: number
  /** Decoded when it is asked for. @throws archive-invalid naming file, offset and entry */
  readonly operation: WalOperation
  /** The ids of an entry that upserts points and does nothing else, which costs a fraction of decoding it. */
  readonly upsertedIds: readonly PointId[] | undefined
  /** For messages about it. */
  readonly file: string
  readonly offset: number
}

export interface ReadWalOptions {
  readonly limits?: WalLimits & CborLimits
  /** The last write of an open file was not finished: it is left out. */
  readonly onTorn?: (file: string, offset: number) => void
}

/**
 * The operations that an archive's segments may lack, in their order. `files` are those below `wal/` by name.
 * @throws archive-invalid naming file, offset and entry
 */
export async function* readWal(
  files: ReadonlyMap<string, EntryBytes>,
  { limits = {}, onTorn }: ReadWalOptions = {},
): AsyncGenerator<NumberedOperation> {
  for await (const entry of readLogFiles(files, limits, onTorn)) {
    const { index, file, offset, data } = entry
    yield {
      index,
      file,
      offset,
      get operation() {
        return decode(entry, limits)
      },
      get upsertedIds() {
        return upsertedIds(data)
      },
    }
  }
}

function decode({ index, file, offset, data }: WalEntry, limits: CborLimits): WalOperation {
  try {
    return decodeOperation(decodeCbor(data, limits))
  } catch (error) {
    if (error instanceof CborError)
      throw invalidEntry(file, `log entry ${index} is no CBOR that can be read: ${error.message}`, {
        offset: offset + error.offset,
        index,
      })
    if (error instanceof OperationError)
      throw invalidEntry(file, `log entry ${index}: ${error.message}`, { offset, index })
    throw error
  }
}
