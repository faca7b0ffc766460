import { isUtf8 } from 'node:buffer'
import { JsonSyntaxError, parseJson } from '../../../../encoding/json.ts'
import type { TextBlock } from '../../../../segment/row-block.ts'
import { InvariantViolation } from '../../../../runtime/assert.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { valueBytesMax } from '../../limits.ts'
import type { LocatedValues, SlotColumn } from '../slot-column.ts'
import type { Blob, Blobstore, Compression, ReadBlobs } from './blobstore.ts'
import { decodeLz4Into } from './lz4.ts'
import { scanText } from './scan-payload.ts'

/** What text usually shrinks to: only to know how many payloads fit into a batch. */
const usualRatio = 4
const sizeBytes = 4
/** Taken for each text: longer ones take more. */
const firstTextBytes = 256
/** No byte of a block can stand for more bytes than this: nothing is taken for a size that is only claimed. */
const lz4RatioMax = 255

/** The text of each payload, as it was written; none for `{}`. */
export class PayloadColumn implements SlotColumn<TextBlock> {
  readonly #store: Blobstore

  constructor(store: Blobstore) {
    this.#store = store
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<TextBlock>> {
    const blobs = await this.#store.values.locate(slots)
    return {
      bytesAt: (index) => blobs.bytesAt(index) * usualRatio,
      read: async (from, to, memory) => {
        const read = await blobs.read(from, to, memory)
        const room = memory?.take(this, firstTextBytes * (to - from))
        return new TextReader(this.#store.compression, read, room).texts()
      },
    }
  }
}

/** Checks the texts of some blobs while it puts them behind each other. */
class TextReader {
  readonly #compression: Compression
  readonly #blobs: ReadBlobs
  #bytes: Uint8Array
  #end = 0

  /** The texts are put into `room`, as far as they fit. */
  constructor(compression: Compression, blobs: ReadBlobs, room = new Uint8Array(0)) {
    this.#compression = compression
    this.#blobs = blobs
    this.#bytes = room
  }

  /** @throws archive-invalid */
  texts(): TextBlock {
    const ends = new Uint32Array(this.#blobs.count)
    for (let index = 0; index < ends.length; index++) {
      const run = this.#blobs.runOf(index)
      if (run !== undefined) this.#append(index, run)
      ends[index] = this.#end
    }
    const bytes = this.#bytes.subarray(0, this.#end)
    if (!isUtf8(bytes)) this.#refuseText(bytes, ends)
    return { bytes, ends }
  }

  #append(index: number, run: Uint8Array): void {
    const start = this.#end
    const end = start + this.#unpack(index, run)
    // What ends a scan, until the next text takes its place.
    this.#bytes[end] = 0
    const found = scanText(this.#bytes, start, end)
    const isEmpty = found === 'unsure' ? this.#isEmpty(index, start, end) : found === 'empty'
    if (!isEmpty) this.#end = end
  }

  /** Puts the text behind the last one; gives its length. */
  #unpack(index: number, run: Uint8Array): number {
    const from = this.#blobs.startOf(index)
    const length = this.#blobs.lengthOf(index)
    if (this.#compression === 'None') {
      this.#reserve(length)
      this.#bytes.set(run.subarray(from, from + length), this.#end)
      return length
    }
    if (length < sizeBytes) this.#refuse(index, 'the value ends before its size')
    const size = (run[from]! | (run[from + 1]! << 8) | (run[from + 2]! << 16) | (run[from + 3]! << 24)) >>> 0
    if (size > valueBytesMax)
      this.#refuse(index, `the value claims ${size} bytes, more than ${valueBytesMax}`)
    if (size > lz4RatioMax * length)
      this.#refuse(index, `the LZ4 block of the value is damaged: ${length} bytes cannot hold ${size}`)
    this.#reserve(size)
    const block = { bytes: run, from: from + sizeBytes, to: from + length }
    const problem = decodeLz4Into(block, this.#bytes, this.#end, size)
    if (problem !== undefined) this.#refuse(index, `the LZ4 block of the value is damaged: ${problem}`)
    return size
  }

  #refuse(index: number, why: string): never {
    throw invalidValue(this.#blobs.at(index)!, why)
  }

  /** Of a text that a scan is not sure of. */
  #isEmpty(index: number, start: number, end: number): boolean {
    const text = this.#bytes.subarray(start, end)
    try {
      const value = parseJson(text)
      const isObject = text[firstCharacter(text)] === 0x7b
      if (!isObject) throw invalidValue(this.#blobs.at(index)!, 'the payload is not a JSON object')
      return Object.keys(value as object).length === 0
    } catch (error) {
      if (error instanceof JsonSyntaxError)
        throw invalidValue(this.#blobs.at(index)!, `the payload is not JSON: ${error.message}`)
      throw error
    }
  }

  /** One of them is not UTF-8: which one, and where, the parser says. */
  #refuseText(bytes: Uint8Array, ends: Uint32Array): never {
    for (let index = 0, start = 0; index < ends.length; start = ends[index++]!) {
      if (!isUtf8(bytes.subarray(start, ends[index]))) this.#isEmpty(index, start, ends[index]!)
    }
    throw new InvariantViolation('texts that are UTF-8 are so together')
  }

  /** Room for a text, and a byte behind it. */
  #reserve(bytes: number): void {
    const needed = this.#end + bytes + 1
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = grown
  }
}

export function invalidValue(blob: Blob, why: string): Error {
  const { entry, offset } = blob
  return invalidEntry(entry.name, `${why} (at byte ${offset})`, { offset, length: blob.bytes.byteLength })
}

function firstCharacter(text: Uint8Array): number {
  return text.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
}
