import type { TextBlock } from './row-block.ts'
import { grownRows, sharedBytes, sharedUint32 } from './shared-array.ts'

/** A payload column as another thread sees it. */
export interface PayloadColumnImage {
  /** Chunk, offset in it and length, for each row. */
  readonly places: Uint32Array
  readonly chunks: readonly Uint8Array[]
}

const firstChunkBytes = 4 * 1024
const largestChunkBytes = 4 * 2 ** 20

// Invariants:
//   - the bytes of a payload never move or change: views of them stay valid as long as anybody holds one.
//   - a chunk has at most 2^32 - 1 bytes; a payload lies in one chunk.

/** Payloads as JSON bytes, one behind the other in chunks of shared memory; 12 bytes more for each row. */
export class PayloadColumn {
  #places: Uint32Array
  readonly #chunks: Uint8Array[] = []
  /** Chunk that takes the next payload, its number, and the bytes used of it. */
  #tail: Uint8Array = sharedBytes(0)
  #tailIndex = -1
  #tailUsed = 0
  #chunkBytes = 0
  #payloadBytes = 0
  #rowCount = 0

  constructor(capacityRows = 0) {
    this.#places = sharedUint32(capacityRows * 3)
  }

  /** Rows that lie in these chunks already: `places` has their chunk, offset and length. */
  static adopt(places: Uint32Array, chunks: readonly Uint8Array<SharedArrayBuffer>[]): PayloadColumn {
    const column = new PayloadColumn()
    for (const chunk of chunks) column.adoptChunk(chunk)
    column.#places = places
    column.#rowCount = places.length / 3
    for (let at = 2; at < places.length; at += 3) column.#payloadBytes += places[at]!
    return column
  }

  get rowCount(): number {
    return this.#rowCount
  }

  get bytes(): number {
    return this.#places.byteLength + this.#chunkBytes
  }

  /** Of the payloads themselves. */
  get payloadBytes(): number {
    return this.#payloadBytes
  }

  /** Copies the payload. */
  append(payload: Uint8Array): number {
    const length = payload.length
    if (length > this.#tail.length - this.#tailUsed) this.#startChunk(length)
    this.#tail.set(payload, this.#tailUsed)
    const row = this.appendPlace(this.#tailIndex, this.#tailUsed, length)
    this.#tailUsed += length
    return row
  }

  /** Copies them: as many at once as fit into a chunk. */
  appendAll({ bytes, ends }: TextBlock): void {
    let start = 0
    for (let row = 0; row < ends.length;) {
      const length = ends[row]! - start
      if (length > this.#tail.length - this.#tailUsed) this.#startChunk(length)
      const room = this.#tail.length - this.#tailUsed
      let next = row
      let end = start
      while (next < ends.length && ends[next]! - start <= room) {
        this.appendPlace(this.#tailIndex, this.#tailUsed + end - start, ends[next]! - end)
        end = ends[next++]!
      }
      this.#tail.set(bytes.subarray(start, end), this.#tailUsed)
      this.#tailUsed += end - start
      start = end
      row = next
    }
  }

  /** Takes over memory that holds payloads already; their rows follow with `appendPlace`. Gives the chunk's number. */
  adoptChunk(chunk: Uint8Array<SharedArrayBuffer>): number {
    this.#chunkBytes += chunk.byteLength
    return this.#chunks.push(chunk) - 1
  }

  /** A row whose payload lies in a chunk. */
  appendPlace(chunk: number, offset: number, length: number): number {
    const row = this.#rowCount
    if (row * 3 === this.#places.length) this.#growPlaces()
    const places = this.#places
    places[row * 3] = chunk
    places[row * 3 + 1] = offset
    places[row * 3 + 2] = length
    this.#payloadBytes += length
    this.#rowCount = row + 1
    return row
  }

  /** A view, not a copy. */
  get(row: number): Uint8Array {
    const places = this.#places
    const length = places[row * 3 + 2]!
    if (length === 0) return noBytes
    const offset = places[row * 3 + 1]!
    return this.#chunks[places[row * 3]!]!.subarray(offset, offset + length)
  }

  image(): PayloadColumnImage {
    return { places: this.#places, chunks: this.#chunks }
  }

  #startChunk(payloadBytes: number): void {
    const size = Math.min(Math.max(firstChunkBytes, this.#chunkBytes), largestChunkBytes)
    this.#tail = sharedBytes(Math.max(size, payloadBytes))
    this.#tailIndex = this.adoptChunk(this.#tail as Uint8Array<SharedArrayBuffer>)
    this.#tailUsed = 0
  }

  #growPlaces(): void {
    const places = sharedUint32(grownRows(this.#rowCount) * 3)
    places.set(this.#places)
    this.#places = places
  }
}

const noBytes = new Uint8Array(0)
