import { JsonSyntaxError, parseJson } from '../../../../encoding/json.ts'
import { asBuffer } from '../../../../encoding/binary.ts'
import { invalidEntry } from '../../../archive/archive-error.ts'
import { valueBytesMax } from '../../limits.ts'
import type { LocatedValues, SlotColumn } from '../slot-column.ts'
import type { Blob, Blobstore } from './blobstore.ts'
import { decodeLz4Block } from './lz4.ts'
import { scanPayload } from './scan-payload.ts'

/** What text usually shrinks to: only to know how many payloads fit into a batch. */
const usualRatio = 4
const sizeBytes = 4

/** The text of each payload, as it was written; none for `{}`. */
export class PayloadColumn implements SlotColumn<Uint8Array> {
  readonly #store: Blobstore

  constructor(store: Blobstore) {
    this.#store = store
  }

  async locate(slots: Uint32Array): Promise<LocatedValues<Uint8Array>> {
    const blobs = await this.#store.values.locate(slots)
    return {
      bytesAt: (index) => blobs.bytesAt(index) * usualRatio,
      read: async (from, to) => (await blobs.read(from, to)).map((blob) => blob && this.#payload(blob)),
    }
  }

  #payload(blob: Blob): Uint8Array | undefined {
    const text = this.#store.compression === 'LZ4' ? unpack(blob) : blob.bytes
    const found = scanPayload(text)
    if (found !== 'unsure') return found === 'empty' ? undefined : text
    try {
      const value = parseJson(text)
      const isObject = text[firstCharacter(text)] === 0x7b
      if (!isObject) throw invalidValue(blob, 'the payload is not a JSON object')
      return Object.keys(value as object).length === 0 ? undefined : text
    } catch (error) {
      if (error instanceof JsonSyntaxError)
        throw invalidValue(blob, `the payload is not JSON: ${error.message}`)
      throw error
    }
  }
}

export function invalidValue(blob: Blob, why: string): Error {
  const { entry, offset } = blob
  return invalidEntry(entry.name, `${why} (at byte ${offset})`, { offset, length: blob.bytes.byteLength })
}

/** u32 size, then one LZ4 block. */
function unpack(blob: Blob): Uint8Array {
  const { bytes } = blob
  if (bytes.byteLength < sizeBytes) throw invalidValue(blob, 'the value ends before its size')
  const size = asBuffer(bytes).readUInt32LE(0)
  if (size > valueBytesMax)
    throw invalidValue(blob, `the value claims ${size} bytes, more than ${valueBytesMax}`)
  const text = decodeLz4Block(bytes.subarray(sizeBytes), size)
  if (typeof text === 'string') throw invalidValue(blob, `the LZ4 block of the value is damaged: ${text}`)
  return text
}

function firstCharacter(text: Uint8Array): number {
  return text.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
}
