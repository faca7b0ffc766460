import { crc32c } from '../encoding/crc32c.ts'
import {
  checksumAt,
  checksummedFrom,
  encodeRecordHeader,
  recordChecksum,
  recordHeaderBytes,
  sealType,
} from './format.ts'

export interface UnwrittenRecord {
  readonly type: number
  readonly body: readonly Uint8Array[]
  readonly bodyBytes: number
  readonly seq: number
}

// A copy of this many bytes costs less than one more part in the system call.
const copiedBytesMax = 16 * 1024
const keptBytesMax = 4 * 2 ** 20

/**
 * Lays out a group of records as buffers to write. Small bodies are copied next to their headers, large ones are
 * passed on as they are. The buffers are valid until the next group is encoded.
 */
export class GroupEncoder {
  #buffer = Buffer.allocUnsafeSlow(64 * 1024)

  encode(records: readonly UnwrittenRecord[], mark: number, durableSeq: number): Uint8Array[] {
    const target = this.#reserve(records)
    const parts: Uint8Array[] = []
    let partFrom = 0
    let at = 0
    for (const { type, body, bodyBytes, seq } of records) {
      const start = at
      encodeRecordHeader(target, start, mark, { bodyBytes, type, seq, durableSeq })
      at += recordHeaderBytes
      if (bodyBytes <= copiedBytesMax) {
        for (const part of body) {
          target.set(part, at)
          at += part.length
        }
        target.writeUInt32LE(
          recordChecksum(target.subarray(start + checksummedFrom, at), mark),
          start + checksumAt,
        )
        continue
      }
      let checksum = recordChecksum(target.subarray(start + checksummedFrom, at), mark)
      for (const part of body) checksum = crc32c(part, checksum)
      target.writeUInt32LE(checksum, start + checksumAt)
      parts.push(target.subarray(partFrom, at), ...body)
      partFrom = at
    }
    if (at > partFrom) parts.push(target.subarray(partFrom, at))
    return parts
  }

  encodeSeal(lastSeq: number, mark: number): Uint8Array {
    return this.encode([{ type: sealType, body: [], bodyBytes: 0, seq: lastSeq }], mark, lastSeq)[0]!
  }

  #reserve(records: readonly UnwrittenRecord[]): Buffer {
    let bytes = 0
    for (const { bodyBytes } of records)
      bytes += recordHeaderBytes + (bodyBytes <= copiedBytesMax ? bodyBytes : 0)
    if (bytes <= this.#buffer.length) return this.#buffer
    const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)))
    if (larger.length <= keptBytesMax) this.#buffer = larger
    return larger
  }
}
