import { asBuffer } from '../../encoding/binary.ts'
import { assert } from '../../runtime/assert.ts'
import type { EntryBytes } from './types.ts'

const chunkBytes = 1024 * 1024

/** Goes through an entry from one end of a range to the other, with reads of a MiB. */
export class SequentialReader {
  readonly entry: EntryBytes
  readonly #end: number
  #chunk: Buffer = Buffer.alloc(0)
  /** Of the first byte of the chunk. */
  #chunkAt: number
  #next = 0

  constructor(entry: EntryBytes, from = 0, to = entry.bytes) {
    this.entry = entry
    this.#chunkAt = from
    this.#end = to
  }

  /** Offset in the entry of what `take` gives next. */
  get offset(): number {
    return this.#chunkAt + this.#next
  }

  /** Bytes that are not taken yet. */
  get left(): number {
    return this.#end - this.offset
  }

  /** True if `take(bytes)` needs no `fill` before it. */
  has(bytes: number): boolean {
    return this.#next + bytes <= this.#chunk.length
  }

  /** Makes `bytes` available, which must be left. */
  async fill(bytes: number): Promise<void> {
    assert(bytes <= this.left, 'no more is read than there is')
    const from = this.offset
    const length = Math.min(Math.max(chunkBytes, bytes), this.left)
    this.#chunk = asBuffer(await this.entry.read(from, length))
    this.#chunkAt = from
    this.#next = 0
  }

  /** Where in `buffer` the next bytes are, which are now taken. */
  take(bytes: number): number {
    const at = this.#next
    this.#next += bytes
    return at
  }

  /** Changes with every `fill`. */
  get buffer(): Buffer {
    return this.#chunk
  }
}
