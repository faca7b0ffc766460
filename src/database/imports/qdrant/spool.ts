import { createHash } from 'node:crypto'
import { readAhead } from '../../../segment/file-reader.ts'
import { checksumMismatch } from '../../../snapshot/archive/import-archive.ts'
import type { EntryBytes } from '../../../snapshot/qdrant/types.ts'
import type { Engine } from '../../engine.ts'

/**
 * An archive that came as a stream, as one object of the store, of which any range can be read. It is pinned while it is
 * there, and nothing else names it: after a crash garbage collection takes it. End it in any case.
 */
export class Spool {
  readonly #engine: Engine
  readonly #key: string
  readonly #unpin: () => void

  constructor(engine: Engine) {
    this.#engine = engine
    this.#key = `staging/${engine.parts.random.uuid()}`
    this.#unpin = engine.parts.pins.pinKey(this.#key)
  }

  /** Takes the whole stream, whose SHA-256 is expected in lower case. @throws checksum-mismatch, and what the source and the store throw */
  async fill(source: AsyncIterable<Uint8Array>, expected?: string): Promise<Spooled> {
    const { store } = this.#engine.parts
    const hash = createHash('sha256')
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const chunk of readAhead(source)) {
        hash.update(chunk)
        yield chunk
      }
    }
    const { bytes } = await store.put(this.#key, hashed(), { ifAbsent: true, temporary: true })
    const sha256 = hash.digest('hex')
    if (expected !== undefined && sha256 !== expected) throw checksumMismatch(expected, sha256)
    const read = (offset: number, length: number): Promise<Uint8Array> =>
      length === 0 ? Promise.resolve(new Uint8Array(0)) : store.getRange(this.#key, offset, length)
    return { sha256, entry: { name: 'archive', bytes, read } }
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
}

export interface Spooled {
  /** Lower-case hex. */
  readonly sha256: string
  readonly entry: EntryBytes
}
