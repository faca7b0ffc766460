import type { ObjectInfo, ObjectStore, PutOptions } from '../../storage/object-store.ts'

/** A store that tells of every byte that is read through it. What `onRead` throws ends the read. */
export class MeteredStore implements ObjectStore {
  readonly #store: ObjectStore
  readonly #onRead: (key: string, bytes: number) => void

  constructor(store: ObjectStore, onRead: (key: string, bytes: number) => void) {
    this.#store = store
    this.#onRead = onRead
  }

  async get(key: string): Promise<Uint8Array> {
    return this.#count(key, await this.#store.get(key))
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#count(key, await this.#store.getRange(key, offset, length))
  }

  async *stream(
    key: string,
    range?: { readonly offset?: number; readonly length?: number },
  ): AsyncIterable<Uint8Array> {
    for await (const chunk of this.#store.stream(key, range)) yield this.#count(key, chunk)
  }

  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo> {
    return this.#store.put(key, body, options)
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return this.#store.head(key)
  }

  list(prefix: string): Promise<readonly ObjectInfo[]> {
    return this.#store.list(prefix)
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#store.delete(keys)
  }

  #count(key: string, chunk: Uint8Array): Uint8Array {
    this.#onRead(key, chunk.byteLength)
    return chunk
  }
}
