import type { DatabaseError } from '../../../errors/database-error.ts'
import { assert } from '../../../runtime/assert.ts'
import { invalidEntry } from '../../archive/archive-error.ts'
import { blockBytes, field, ustarMagic } from '../../archive/tar/tar-format.ts'
import { printableName, readName, type ReadName } from './entry-name.ts'

// The GNU dialect, as far as Qdrant's server writes it: plain files, folders, sparse files and long names.

export const gnuMagic = 'ustar  \0'

/** Where the pairs of a sparse file stand: four in the header, 21 in each block that may follow it. */
const sparse = { pairs: 386, count: 4, isExtended: 482, realBytes: 483 } as const
const extension = { count: 21, isExtended: 504 } as const
const numberBytes = 12

/** A stretch of a sparse file that is stored; the rest is zeros. */
export interface Stretch {
  readonly offset: number
  readonly bytes: number
}

export interface GnuHeader {
  readonly type: 'file' | 'folder' | 'sparse' | 'long-name'
  /** Of the header's own field; a long name before it stands instead. */
  readonly name: ReadName
  readonly storedBytes: number
  /** With the holes of a sparse file. */
  readonly realBytes: number
  /** Of a sparse file. */
  readonly stretches: readonly Stretch[]
  /** A block with more stretches follows. */
  readonly isExtended: boolean
}

/** Undefined for a block of zeros. @throws archive-invalid, naming the entry as `entry` does */
export function decodeGnuHeader(block: Uint8Array, entry: (name: string) => string): GnuHeader | undefined {
  assert(block.byteLength === blockBytes, 'a header is one block')
  if (isZero(block)) return undefined
  const header = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const nameBytes = upToNul(header.subarray(0, field.name[1]))
  const refuse = (why: string): DatabaseError => invalidEntry(entry(printableName(nameBytes)), why)

  if (readNumber(header, ...field.checksum) !== checksumOf(header))
    throw refuse('the checksum of its header is wrong')
  const magic = header.toString('latin1', field.magic[0], field.magic[0] + field.magic[1])
  if (magic !== gnuMagic && magic !== ustarMagic)
    throw refuse('its header is not the GNU form that Qdrant writes')
  const type = typeOf(header[field.type[0]]!)
  // Qdrant takes plain ustar, too, in which there is less.
  const isPlain = type === 'file' || type === 'folder'
  if (magic === ustarMagic && (!isPlain || header[field.prefix[0]] !== 0))
    throw refuse('its header is neither the GNU form that Qdrant writes nor one of a plain file')
  if (type === undefined) throw refuse(`its type ${header[field.type[0]]!} is not one that Qdrant writes`)
  const storedBytes = readNumber(header, ...field.size)
  if (storedBytes === undefined) throw refuse('the length in its header is not a number that can be accepted')
  if (type === 'folder' && storedBytes > 0) throw refuse('it is a folder with bytes of its own')
  const common = { type, name: readName(nameBytes), storedBytes }
  if (type !== 'sparse') return { ...common, realBytes: storedBytes, stretches: [], isExtended: false }

  const realBytes = readNumber(header, sparse.realBytes, numberBytes)
  const stretches = readStretches(header, sparse.pairs, sparse.count)
  if (realBytes === undefined || stretches === undefined) throw refuse('its map of a sparse file is damaged')
  return { ...common, realBytes, stretches, isExtended: header[sparse.isExtended] !== 0 }
}

export interface SparseExtension {
  readonly stretches: readonly Stretch[]
  readonly isExtended: boolean
}

/** Undefined if it is damaged. */
export function decodeExtension(block: Uint8Array): SparseExtension | undefined {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const stretches = readStretches(bytes, 0, extension.count)
  return stretches && { stretches, isExtended: bytes[extension.isExtended] !== 0 }
}

export function isZero(block: Uint8Array): boolean {
  for (let i = 0; i < block.byteLength; i++) if (block[i] !== 0) return false
  return true
}

export function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

function typeOf(letter: number): GnuHeader['type'] | undefined {
  switch (letter) {
    case 0:
    case 0x30:
      return 'file'
    case 0x35:
      return 'folder'
    case 0x53:
      return 'sparse'
    case 0x4c:
      return 'long-name'
    default:
      return undefined
  }
}

/** The pairs up to the first that is not used. */
function readStretches(block: Buffer, from: number, count: number): Stretch[] | undefined {
  const stretches: Stretch[] = []
  for (let at = from; at < from + count * 2 * numberBytes; at += 2 * numberBytes) {
    if (block[at] === 0) break
    const offset = readNumber(block, at, numberBytes)
    const bytes = readNumber(block, at + numberBytes, numberBytes)
    if (offset === undefined || bytes === undefined) return undefined
    stretches.push({ offset, bytes })
  }
  return stretches
}

/** Octal digits, with spaces before and spaces or NULs after them; or base 256, which the top bit marks. */
function readNumber(block: Buffer, offset: number, length: number): number | undefined {
  if ((block[offset]! & 0x80) !== 0) return readBase256(block.subarray(offset, offset + length))
  const match = /^ *([0-7]+)[ \0]*$/.exec(block.toString('latin1', offset, offset + length))
  return match === null ? undefined : Number.parseInt(match[1]!, 8)
}

function readBase256(bytes: Buffer): number | undefined {
  if (bytes[0] !== 0x80) return undefined
  let value = 0
  for (let i = 1; i < bytes.length; i++) {
    value = value * 256 + bytes[i]!
    if (value > Number.MAX_SAFE_INTEGER) return undefined
  }
  return value
}

/** The sum of all bytes, those of the checksum itself counted as spaces. */
function checksumOf(block: Uint8Array): number {
  const [offset, length] = field.checksum
  let sum = length * 0x20
  for (let i = 0; i < blockBytes; i++) if (i < offset || i >= offset + length) sum += block[i]!
  return sum
}
