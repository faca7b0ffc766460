import { createHash, type Hash } from 'node:crypto'
import { asBuffer, readU64, writeU64 } from '../../encoding/binary.ts'
import type { SegmentFile } from '../format.ts'

// The `sums.bin` of a segment, format version 1 (docs/format/segment.md): the SHA-256 of each block of its large files,
// so that a part of such a file can be believed without the rest. All integers little-endian.
//
//   0  8  magic "SPSUMS\0\0"
//   8  4  format version
//  12  4  bytes of a block; the last one of a file may be shorter
//  16  4  files
//   then for each file, in the order of their names:
//      2  length of the name
//      …  the name, in the segment's folder
//      8  bytes of the file
//      …  32 bytes for each block, in order
//
// It is believed because the manifest states its own SHA-256, like that of every file.

export const sumsFileName = 'sums.bin'
/** Smaller files have no sums: their one SHA-256 costs nothing. */
export const summedBytesMin = 4 * 2 ** 20
/** What is read of a file for a few of its bytes; and 128 KiB of sums for each GiB. */
export const sumBlockBytes = 256 * 1024
export const sumBytes = 32

const magic = Buffer.from('SPSUMS\0\0', 'latin1')
const sumsFormatVersion = 1
const headerBytes = 20

/** What a file is checked by, in parts. */
export interface BlockSums {
  readonly blockBytes: number
  /** 32 bytes for each block. */
  readonly sums: Uint8Array
}

export function blockCount(bytes: number, blockBytes: number): number {
  return Math.ceil(bytes / blockBytes)
}

/** Takes a file's bytes as they come. */
export class BlockHasher {
  readonly #sums: Buffer[] = []
  #hash: Hash | undefined
  #hashed = 0

  update(part: Uint8Array): void {
    for (let at = 0; at < part.length;) {
      const end = Math.min(part.length, at + sumBlockBytes - this.#hashed)
      this.#hash ??= createHash('sha256')
      this.#hash.update(part.subarray(at, end))
      this.#hashed += end - at
      at = end
      if (this.#hashed === sumBlockBytes) this.#endBlock()
    }
  }

  /** The sums, after the last byte. */
  digest(): Uint8Array<ArrayBuffer> {
    if (this.#hashed > 0) this.#endBlock()
    return new Uint8Array(Buffer.concat(this.#sums))
  }

  #endBlock(): void {
    this.#sums.push(this.#hash!.digest())
    this.#hash = undefined
    this.#hashed = 0
  }
}

export interface SummedFile {
  readonly name: string
  readonly bytes: number
  readonly sums: Uint8Array
}

/** The file of sums. Equal files give equal bytes. */
export function writeSums(files: readonly SummedFile[]): Uint8Array {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeUInt32LE(sumsFormatVersion, 8)
  header.writeUInt32LE(sumBlockBytes, 12)
  header.writeUInt32LE(files.length, 16)
  const parts: Uint8Array[] = [header]
  for (const { name, bytes, sums } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const entry = Buffer.alloc(2 + name.length + 8)
    entry.writeUInt16LE(name.length, 0)
    entry.write(name, 2, 'latin1')
    writeU64(entry, bytes, 2 + name.length)
    parts.push(entry, sums)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/**
 * Sums by the name of the file, of those that the manifest lists with the same length. @throws Error for what is wrong.
 * A later version is no error, and gives none: files are then checked whole.
 */
export function readSums(bytes: Uint8Array, files: readonly SegmentFile[]): ReadonlyMap<string, BlockSums> {
  const file = asBuffer(bytes)
  const found = new Map<string, BlockSums>()
  if (file.length < headerBytes || !file.subarray(0, magic.length).equals(magic))
    throw new Error('it does not begin as one')
  if (file.readUInt32LE(8) > sumsFormatVersion) return found
  const blockBytes = file.readUInt32LE(12)
  if (blockBytes < sumBytes) throw new Error(`its blocks have ${blockBytes} bytes`)
  const stated = new Map(files.map(({ name, bytes: length }) => [name, length]))
  let at = headerBytes
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    const nameEnd = at + 2 <= file.length ? at + 2 + file.readUInt16LE(at) : Infinity
    if (nameEnd + 8 > file.length) throw new Error('it is cut')
    const name = file.toString('latin1', at + 2, nameEnd)
    const length = readU64(file, nameEnd)
    const end = nameEnd + 8 + blockCount(length, blockBytes) * sumBytes
    if (!(end <= file.length)) throw new Error('it is cut')
    if (stated.get(name) !== length) throw new Error(`the segment has no file ${name} of ${length} bytes`)
    found.set(name, { blockBytes, sums: bytes.subarray(nameEnd + 8, end) })
    at = end
  }
  if (at !== file.length) throw new Error('it is longer than its sums')
  return found
}
