import { DatabaseError } from '../errors/database-error.ts'
import type { Disk, DiskStat } from '../storage/disk.ts'

const chunkBytes = 2 ** 20

/** A file of an archive folder, as it was when it was found. */
export interface StoredArchive {
  readonly name: string
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** From the sidecar, if there is one. */
  readonly sha256?: string
  /**
   * By default the whole file.
   * @throws request-invalid for a range outside it, archive-folder-failed if it was replaced or deleted since
   */
  stream(range?: { readonly offset?: number; readonly length?: number }): AsyncIterable<Uint8Array>
}

export function streamFile(
  disk: Disk,
  path: string,
  found: DiskStat,
  range: { readonly offset?: number; readonly length?: number } = {},
): AsyncIterable<Uint8Array> {
  const offset = range.offset ?? 0
  const length = range.length ?? found.bytes - offset
  const isValid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (!isValid || offset + length > found.bytes) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot read ${length} bytes of ${path} from ${offset}: it has ${found.bytes} bytes`,
      {
        offset,
        length,
        bytes: found.bytes,
      },
    )
  }
  return readChunks(disk, path, found, { offset, length })
}

async function* readChunks(
  disk: Disk,
  path: string,
  found: DiskStat,
  { offset, length }: { readonly offset: number; readonly length: number },
): AsyncIterable<Uint8Array> {
  for (let at = 0; at < length; at += chunkBytes) {
    const wanted = Math.min(chunkBytes, length - at)
    const chunk = await onFolder('read', path, () => disk.readRange(path, offset + at, wanted))
    // Each chunk opens the file anew. If another was published under its name in between, the chunks are of two
    // files: then the stream fails before it hands out what it has just read.
    const now = await onFolder('read', path, () => disk.stat(path))
    const isSame = now !== undefined && now.bytes === found.bytes && now.createdAt === found.createdAt
    if (!isSame || chunk.byteLength !== wanted) {
      throw changedMeanwhile(path)
    }
    yield chunk
  }
}

export function changedMeanwhile(path: string): DatabaseError {
  const text = `Cannot read ${path}: it was replaced or changed meanwhile`
  return new DatabaseError('archive-folder-failed', text, { path })
}

/** The one place where errors of the disk become errors of the folder. */
export async function onFolder<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    const { code: system, message } = error as NodeJS.ErrnoException
    if (system === undefined) throw error
    throw new DatabaseError(
      'archive-folder-failed',
      `Cannot ${action} ${path}: ${message}`,
      { path, system },
      error,
    )
  }
}
