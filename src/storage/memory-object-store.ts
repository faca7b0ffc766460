import { DatabaseError } from '../errors/database-error.ts'
import { checkKey, checkPrefix } from './object-key.ts'
import type { ObjectInfo, ObjectStore, PutOptions } from './object-store.ts'

/** Objects in memory, gone with the process: for tests, and for data that is only passing through. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>()

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    checkKey(key)
    const bytes = body instanceof Uint8Array ? body.slice() : await collect(body)
    if (options.ifAbsent === true && this.#objects.has(key)) {
      throw new DatabaseError('object-exists', `Cannot write ${key}: an object of this key exists`, { key })
    }
    this.#objects.set(key, bytes)
    return { key, bytes: bytes.length }
  }

  async get(key: string): Promise<Uint8Array> {
    return this.#find(key).slice()
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    const object = this.#find(key)
    const isRange = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
    if (!isRange || offset + length > object.length) {
      throw new DatabaseError(
        'request-invalid',
        `Cannot read ${key}: it has no ${length} bytes from ${offset}`,
        {
          key,
          offset,
          length,
        },
      )
    }
    return object.slice(offset, offset + length)
  }

  async *stream(
    key: string,
    range: { readonly offset?: number; readonly length?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const offset = range.offset ?? 0
    yield await this.getRange(key, offset, range.length ?? this.#find(key).length - offset)
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key)
    const object = this.#objects.get(key)
    return object && { key, bytes: object.length }
  }

  async list(prefix: string): Promise<readonly ObjectInfo[]> {
    checkPrefix(prefix)
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, object]) => ({ key, bytes: object.length }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key)
    for (const key of keys) this.#objects.delete(key)
  }

  #find(key: string): Uint8Array {
    checkKey(key)
    const object = this.#objects.get(key)
    if (object === undefined)
      throw new DatabaseError('object-not-found', `Cannot read ${key}: there is no such object`, { key })
    return object
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk.slice())
  return Buffer.concat(chunks)
}
