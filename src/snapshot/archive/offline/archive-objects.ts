import { DatabaseError } from '../../../errors/database-error.ts'
import type { ObjectInfo, ObjectStore } from '../../../storage/object-store.ts'
import { readAll, resolveRange, type ArchiveBytes } from '../archive-bytes.ts'
import type { ArchiveFile } from '../format.ts'
import type { ByteRange } from '../layout.ts'

export type PartOf = (range: ByteRange) => AsyncIterable<Uint8Array>

/** The files of an archive as objects, to be read in place. */
export class ArchiveObjects implements ObjectStore {
  readonly #objects: ReadonlyMap<string, ArchiveBytes>

  /** `parts` by name, one for each file. */
  constructor(files: readonly ArchiveFile[], parts: ReadonlyMap<string, PartOf>) {
    this.#objects = new Map(
      files.map(({ name, bytes }) => [
        name,
        { bytes, stream: (range) => parts.get(name)!(resolveRange(bytes, range)) },
      ]),
    )
  }

  get(key: string): Promise<Uint8Array> {
    return readAll(this.#get(key))
  }

  getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    return readAll(this.#get(key), { offset, length })
  }

  stream(key: string, range?: Partial<ByteRange>): AsyncIterable<Uint8Array> {
    return this.#get(key).stream(range)
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const object = this.#objects.get(key)
    return object === undefined ? undefined : { key, bytes: object.bytes }
  }

  async list(prefix: string): Promise<readonly ObjectInfo[]> {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { bytes }]) => ({ key, bytes }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  put(): Promise<never> {
    return Promise.reject(readOnly())
  }

  delete(): Promise<never> {
    return Promise.reject(readOnly())
  }

  #get(key: string): ArchiveBytes {
    const object = this.#objects.get(key)
    if (object !== undefined) return object
    throw new DatabaseError('object-not-found', `Cannot read ${key}: the archive does not hold it`, { key })
  }
}

function readOnly(): DatabaseError {
  return new DatabaseError('read-only', 'Cannot write to an archive: it is only read')
}
