import { createHash } from 'node:crypto'
import { DatabaseError } from '../../../errors/database-error.ts'
import type { ObjectStore } from '../../../storage/object-store.ts'
import { contentKey, type ArchiveFile } from '../format.ts'

/** Bytes that are said to be those of a file, to be read from their beginning. */
export interface FileCandidate {
  /** For messages. */
  readonly from: string
  open(): AsyncIterable<Uint8Array>
}

/** By `contentKey`: where the content of a file may be found, the best place first. */
export type FileCandidates<Candidate = FileCandidate> = ReadonlyMap<string, readonly Candidate[]>

/** Somewhere to look for files that an incremental archive leaves out. */
export interface FileFinder<Candidate extends FileCandidate = FileCandidate> {
  /** For all of these that it may have. */
  find(files: readonly ArchiveFile[]): Promise<FileCandidates<Candidate>>
}

/** Asks the finders in turn, each for what is still open. @throws archive-base-missing naming the first file without any */
export async function findExternal<Candidate extends FileCandidate>(
  files: readonly ArchiveFile[],
  finders: readonly FileFinder<Candidate>[],
): Promise<FileCandidates<Candidate>> {
  const found = new Map<string, Candidate[]>()
  for (const finder of finders) {
    for (const [key, candidates] of await finder.find(files)) {
      const known = found.get(key)
      if (known === undefined) found.set(key, [...candidates])
      else known.push(...candidates)
    }
  }
  for (const file of files) if (!found.has(contentKey(file))) throw baseMissing(file)
  return found
}

/**
 * Stores a file from the first candidate that has its bytes; each is hashed on the way, none is believed.
 * @throws archive-base-missing if no candidate has them, cancelled, and what the store throws
 */
export async function copyExternal(
  store: ObjectStore,
  key: string,
  file: ArchiveFile,
  candidates: readonly FileCandidate[],
  signal?: AbortSignal,
): Promise<void> {
  let last: DatabaseError | undefined
  for (const candidate of candidates) {
    const state: { failure?: DatabaseError } = {}
    try {
      await store.put(key, checkedBytes(file, candidate, state, signal), { ifAbsent: true })
      return
    } catch (error) {
      if (state.failure === undefined) throw error
      last = state.failure
    }
  }
  throw baseMissing(file, last)
}

/** The candidate's bytes; the end comes without an error only if they are the file's. */
async function* checkedBytes(
  file: ArchiveFile,
  candidate: FileCandidate,
  state: { failure?: DatabaseError },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of candidate.open()) {
      if (signal?.aborted === true)
        throw new DatabaseError('cancelled', 'Cannot read on: the operation was cancelled', {}, signal.reason)
      bytes += chunk.byteLength
      hash.update(chunk)
      yield chunk
    }
    if (bytes !== file.bytes || hash.digest('hex') !== file.sha256)
      throw new DatabaseError(
        'archive-invalid',
        `Cannot use ${file.name} from ${candidate.from}: its bytes differ`,
      )
  } catch (error) {
    // Absent and damaged files are why there are further candidates; a disk that fails is not.
    if (error instanceof DatabaseError && isTheCandidates(error)) state.failure = error
    throw error
  }
}

function isTheCandidates({ code, kind }: DatabaseError): boolean {
  return code === 'object-not-found' || code === 'archive-invalid' || kind === 'corrupt'
}

function baseMissing(file: ArchiveFile, cause?: DatabaseError): DatabaseError {
  const why = cause === undefined ? 'neither the store nor a given base has it' : cause.message
  return new DatabaseError(
    'archive-base-missing',
    `Cannot restore incremental archive: ${file.name} is left to its base: ${why}`,
    { entry: file.name, bytes: file.bytes, sha256: file.sha256 },
    cause,
  )
}
