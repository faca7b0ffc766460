import { blockBytes } from '../../archive/tar/tar-format.ts'
import type { EntryBytes } from '../types.ts'

const windowBytes = 64 * 1024

/** Gives blocks of a tar in ascending order, with one read for those that lie close together. */
export class HeaderWindow {
  readonly #tar: EntryBytes
  #start = 0
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(tar: EntryBytes) {
    this.#tar = tar
  }

  /** The block must lie inside the tar. */
  async block(at: number): Promise<Uint8Array> {
    if (at < this.#start || at + blockBytes > this.#start + this.#bytes.byteLength) {
      // Far from the last one, as between large files: then what lies around it is of no use.
      const isNear = at - this.#start < 2 * windowBytes
      const length = Math.min(isNear ? windowBytes : 4 * blockBytes, this.#tar.bytes - at)
      this.#bytes = await this.#tar.read(at, length)
      this.#start = at
    }
    const offset = at - this.#start
    return this.#bytes.subarray(offset, offset + blockBytes)
  }
}
