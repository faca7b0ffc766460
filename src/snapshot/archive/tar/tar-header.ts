import type { DatabaseError } from '../../../errors/database-error.ts'
import { assert } from '../../../runtime/assert.ts'
import { invalidEntry } from '../archive-error.ts'
import { blockBytes, field, nameProblem, octalSizeMax, splitName, ustarMagic } from './tar-format.ts'

type Field = readonly [offset: number, length: number]

export interface TarHeader {
  readonly name: string
  readonly bytes: number
}

/** The header of a plain file; nothing in it depends on when or where it is written. */
export function encodeTarHeader(header: TarHeader): Uint8Array {
  const split = splitName(header.name)
  assert(
    nameProblem(header.name) === undefined && split !== undefined,
    'names in an archive are checked before',
  )
  assert(Number.isSafeInteger(header.bytes) && header.bytes >= 0, 'a length is a whole number')
  const block = Buffer.alloc(blockBytes)
  block.write(split.name, field.name[0], 'latin1')
  block.write(split.prefix, field.prefix[0], 'latin1')
  writeOctal(block, field.mode, 0o644)
  writeOctal(block, field.uid, 0)
  writeOctal(block, field.gid, 0)
  writeOctal(block, field.mtime, 0)
  writeOctal(block, field.deviceMajor, 0)
  writeOctal(block, field.deviceMinor, 0)
  block.write('0', field.type[0], 'latin1')
  block.write(ustarMagic, field.magic[0], 'latin1')
  if (header.bytes <= octalSizeMax) writeOctal(block, field.size, header.bytes)
  else writeBase256(block, field.size, header.bytes)
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, field.checksum[0], 'latin1')
  return block
}

/**
 * Undefined for a block of zeros, which ends an archive.
 * @throws archive-invalid for everything but the header of a plain file with a harmless name
 */
export function decodeTarHeader(block: Uint8Array): TarHeader | undefined {
  assert(block.byteLength === blockBytes, 'a header is one block')
  if (block.every((byte) => byte === 0)) return undefined
  const header = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const name = readName(header)
  const refuse = (why: string): DatabaseError => invalidEntry(printable(name.text), why)

  if (readOctal(header, field.checksum) !== checksumOf(header))
    throw refuse('the checksum of its header is wrong')
  if (text(header, field.magic) !== ustarMagic) throw refuse('its header is not plain ustar')
  const type = header[field.type[0]]!
  if (type !== 0 && type !== 0x30) throw refuse(`it is ${kindOf(type)}, not a plain file`)
  if (name.problem !== undefined) throw refuse(`its name cannot be accepted: ${name.problem}`)
  if (!isZero(header, field.linkName)) throw refuse('it names a link target')
  const bytes = readSize(header)
  if (bytes === undefined) throw refuse('the length in its header is not a number that can be accepted')
  return { name: name.text, bytes }
}

function readName(header: Buffer): { readonly text: string; readonly problem: string | undefined } {
  const name = readText(header, field.name)
  const prefix = readText(header, field.prefix)
  if (name === undefined || prefix === undefined) {
    return { text: text(header, field.name), problem: 'bytes follow its NUL' }
  }
  const whole = prefix === '' ? name : `${prefix}/${name}`
  return { text: whole, problem: nameProblem(whole) }
}

/** Up to the NUL, if there is one; undefined if anything but zeros follows it. */
function readText(header: Buffer, [offset, length]: Field): string | undefined {
  const whole = header.toString('latin1', offset, offset + length)
  const end = whole.indexOf('\0')
  if (end === -1) return whole
  return isZero(header, [offset + end, length - end]) ? whole.slice(0, end) : undefined
}

function readSize(header: Buffer): number | undefined {
  const [offset] = field.size
  if ((header[offset]! & 0x80) === 0) return readOctal(header, field.size)
  // Base 256: the top bit marks it, the rest is a big-endian number. Ours end at 2^53.
  if (header[offset] !== 0x80 || !isZero(header, [offset + 1, 3])) return undefined
  const bytes = header.readBigUInt64BE(offset + 4)
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : undefined
}

/** Octal digits, with spaces before and spaces or NULs after them. */
function readOctal(header: Buffer, [offset, length]: Field): number | undefined {
  const match = /^ *([0-7]+)[ \0]*$/.exec(header.toString('latin1', offset, offset + length))
  return match === null ? undefined : Number.parseInt(match[1]!, 8)
}

function writeOctal(block: Buffer, [offset, length]: Field, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1')
}

function writeBase256(block: Buffer, [offset]: Field, value: number): void {
  block[offset] = 0x80
  block.writeBigUInt64BE(BigInt(value), offset + 4)
}

/** The sum of all bytes, those of the checksum itself counted as spaces. */
function checksumOf(block: Uint8Array): number {
  const [offset, length] = field.checksum
  let sum = length * 0x20
  for (let i = 0; i < blockBytes; i++) if (i < offset || i >= offset + length) sum += block[i]!
  return sum
}

function text(header: Buffer, [offset, length]: Field): string {
  return header.toString('latin1', offset, offset + length)
}

function isZero(header: Buffer, [offset, length]: Field): boolean {
  return header.subarray(offset, offset + length).every((byte) => byte === 0)
}

/** For messages: what cannot be printed shows as `?`, so that a hostile name cannot forge a log line. */
function printable(name: string): string {
  return name
    .replace(/\0+$/, '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 256)
}

function kindOf(type: number): string {
  const known: Readonly<Record<string, string>> = {
    '1': 'a hard link',
    '2': 'a symbolic link',
    '3': 'a character device',
    '4': 'a block device',
    '5': 'a directory',
    '6': 'a FIFO',
    '7': 'a contiguous file',
    x: 'an extended (PAX) header',
    g: 'a global extended (PAX) header',
    L: 'a GNU long name',
    K: 'a GNU long link',
    S: 'a GNU sparse file',
  }
  const letter = String.fromCharCode(type)
  return Object.hasOwn(known, letter) ? known[letter]! : `of the unknown type ${type}`
}
