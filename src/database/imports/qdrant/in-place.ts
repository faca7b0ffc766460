import { createHash } from 'node:crypto'
import type { PlacedFile } from '../../../snapshot/archive/file-bytes.ts'
import { checksumMismatch } from '../../../snapshot/archive/import-archive.ts'
import type { RestoreStoreOptions } from '../../restore-archive.ts'
import type { ArchivePlace, OpenedArchive } from './archive-place.ts'
import { checkCancelled } from './check-cancelled.ts'

const hashedBytes = 4 * 2 ** 20

/** An archive in a local file, which is read where it lies. It must not change meanwhile. */
export class InPlace implements ArchivePlace {
  readonly #file: PlacedFile
  readonly #options: Pick<RestoreStoreOptions, 'signal' | 'onProgress'>
  #bytesRead = 0

  constructor(file: PlacedFile, options: Pick<RestoreStoreOptions, 'signal' | 'onProgress'>) {
    this.#file = file
    this.#options = options
  }

  async open(expected?: string): Promise<OpenedArchive> {
    const { bytes } = this.#file
    const entry = {
      name: 'archive',
      bytes,
      read: (offset: number, length: number, into?: Uint8Array) => this.#read(offset, length, into),
    }
    if (expected === undefined) return { entry }
    const sha256 = await this.#sha256()
    if (sha256 !== expected) throw checksumMismatch(expected, sha256)
    return { entry, sha256 }
  }

  check(): Promise<void> {
    return this.#file.checkUnchanged()
  }

  end(): Promise<void> {
    this.#file.close()
    return Promise.resolve()
  }

  async #sha256(): Promise<string> {
    const hash = createHash('sha256')
    const memories = [new Uint8Array(hashedBytes), new Uint8Array(hashedBytes)] as const
    const read = (offset: number, turn: number): Promise<Uint8Array> => {
      const length = Math.min(hashedBytes, this.#file.bytes - offset)
      return this.#file.read(offset, length, memories[turn % 2])
    }
    let next = read(0, 0)
    for (let offset = 0, turn = 0; offset < this.#file.bytes; turn++) {
      const chunk = await next
      offset += chunk.byteLength
      if (offset < this.#file.bytes) next = read(offset, turn + 1)
      hash.update(chunk)
      checkCancelled(this.#options.signal)
    }
    return hash.digest('hex')
  }

  async #read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const bytes = await this.#file.read(offset, length, into)
    // Some of it is read twice, and some never.
    this.#bytesRead = Math.min(this.#file.bytes, this.#bytesRead + length)
    this.#options.onProgress?.({ bytes: this.#bytesRead })
    return bytes
  }
}
