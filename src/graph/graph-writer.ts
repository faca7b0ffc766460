import { crc32c } from '@node-rs/crc32'
import {
  alignment,
  elementFloat32,
  graphFormatVersion,
  graphMagic,
  headerBytes,
  sectionPresence,
  sectionVectors,
  tableEntryBytes,
} from './format.ts'
import { strideOf, VectorColumn, type VectorColumnImage } from './vector-column.ts'

/** The `.graph` file in parts, in order. They refer to the column's memory: use them before it is disposed. */
export function writeGraph(source: VectorColumn | VectorColumnImage): Uint8Array[] {
  const column = source instanceof VectorColumn ? source.image() : source
  const { dimensions, rowCount, presentCount } = column
  const stride = strideOf(dimensions)
  const presence = presenceBytes(column)
  const vectors = vectorParts(column, stride)
  const table = headerBytes + 2 * tableEntryBytes
  const presenceAt = align(table)
  const vectorsAt = align(presenceAt + presence.byteLength)
  const head = Buffer.alloc(presenceAt)
  graphMagic.copy(head, 0)
  const fields = [graphFormatVersion, dimensions, stride, elementFloat32, rowCount, presentCount, 2]
  fields.forEach((value, index) => head.writeUInt32LE(value, 8 + index * 4))
  writeEntry(head, headerBytes, sectionPresence, crc32c(presence), presenceAt, presence.byteLength)
  const vectorsCrc = vectors.reduce((crc, part) => crc32c(part, crc), 0)
  writeEntry(
    head,
    headerBytes + tableEntryBytes,
    sectionVectors,
    vectorsCrc,
    vectorsAt,
    rowCount * stride * 4,
  )
  head.writeUInt32LE(headerCrc(head, 2), 36)
  return [head, presence, Buffer.alloc(vectorsAt - presenceAt - presence.byteLength), ...vectors]
}

/** CRC32C of the header's first 36 bytes and the section table. */
export function headerCrc(head: Uint8Array, sections: number): number {
  return crc32c(
    head.subarray(headerBytes, headerBytes + sections * tableEntryBytes),
    crc32c(head.subarray(0, 36)),
  )
}

export function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment
}

function writeEntry(
  head: Buffer,
  at: number,
  kind: number,
  crc: number,
  offset: number,
  length: number,
): void {
  head.writeUInt32LE(kind, at)
  head.writeUInt32LE(crc, at + 4)
  head.writeBigUInt64LE(BigInt(offset), at + 8)
  head.writeBigUInt64LE(BigInt(length), at + 16)
}

function presenceBytes(column: VectorColumnImage): Uint8Array {
  const words = new Uint32Array((column.rowCount + 31) >>> 5)
  words.set(column.presence.subarray(0, words.length))
  return new Uint8Array(words.buffer)
}

/** Copies out of the shared memory: checksums and disks want plain buffers. */
function vectorParts(column: VectorColumnImage, stride: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let left = column.rowCount
  for (const chunk of column.chunks) {
    const rows = Math.min(left, chunk.rows)
    if (rows === 0) break
    parts.push(new Uint8Array(new Uint8Array(chunk.memory.buffer, chunk.offset, rows * stride * 4)))
    left -= rows
  }
  return parts
}
