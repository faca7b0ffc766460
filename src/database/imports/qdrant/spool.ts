import { createHash } from 'node:crypto'
import { readAhead } from '../../../segment/file-reader.ts'
import { checksumMismatch } from '../../../snapshot/archive/import-archive.ts'
import { readInto } from '../../../storage/read-into.ts'
import type { Engine } from '../../engine.ts'
import type { RestoreStoreOptions } from '../../restore-archive.ts'
import type { ArchivePlace, OpenedArchive } from './archive-place.ts'

/**
 * An archive that came as a stream, as one object of the store, of which any range can be read. It is pinned while it is
 * there, and nothing else names it: after a crash garbage collection takes it.
 */
export class Spool implements ArchivePlace {
  readonly #engine: Engine
  readonly #source: AsyncIterable<Uint8Array>
  readonly #onProgress: RestoreStoreOptions['onProgress']
  readonly #key: string
  readonly #unpin: () => void

  constructor(
    engine: Engine,
    source: AsyncIterable<Uint8Array>,
    { onProgress }: Pick<RestoreStoreOptions, 'onProgress'> = {},
  ) {
    this.#engine = engine
    this.#source = source
    this.#onProgress = onProgress
    this.#key = `staging/${engine.parts.random.uuid()}`
    this.#unpin = engine.parts.pins.pinKey(this.#key)
  }

  /** Takes the whole stream. */
  async open(expected?: string): Promise<OpenedArchive> {
    const { store } = this.#engine.parts
    const hash = createHash('sha256')
    const { bytes } = await store.put(this.#key, this.#hashed(hash), { ifAbsent: true, temporary: true })
    const sha256 = hash.digest('hex')
    if (expected !== undefined && sha256 !== expected) throw checksumMismatch(expected, sha256)
    const read = (offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> =>
      this.#read(offset, length, into)
    return { sha256, entry: { name: 'archive', bytes, read } }
  }

  /** Nobody else knows its name. */
  check(): Promise<void> {
    return Promise.resolve()
  }

  async end(): Promise<void> {
    try {
      await this.#engine.parts.store.delete([this.#key])
    } catch (error) {
      // Garbage collection takes it. How the import ended is what its caller must hear.
      this.#engine.parts.logger.info('an archive that was imported is left to garbage collection', {
        error: String(error),
      })
    } finally {
      this.#unpin()
    }
  }

  async *#hashed(hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
    let bytes = 0
    for await (const chunk of readAhead(this.#source)) {
      hash.update(chunk)
      bytes += chunk.byteLength
      this.#onProgress?.({ bytes })
      yield chunk
    }
  }

  async #read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const { store } = this.#engine.parts
    if (length === 0) return new Uint8Array(0)
    if (into === undefined || into.byteLength < length) return store.getRange(this.#key, offset, length)
    const target = into.subarray(0, length)
    await readInto(store, this.#key, offset, [target])
    return target
  }
}
