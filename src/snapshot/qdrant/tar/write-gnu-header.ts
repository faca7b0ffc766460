import { assert } from '../../../runtime/assert.ts'
import { blockBytes, field, octalSizeMax, paddingBytes } from '../../archive/tar/tar-format.ts'
import { gnuMagic } from './gnu-header.ts'

// Headers in the dialect that Qdrant writes and reads. Times, owners and modes are fixed, so that the same entries give the
// same bytes.

const types = { file: '0', directory: '5', longName: 'L' } as const
const longNameEntry = '././@LongLink'

export interface WrittenHeader {
  /** UTF-8; of a directory with a slash at its end. */
  readonly name: string
  readonly bytes: number
}

/** The blocks in front of an entry's bytes: its header, and before it the whole name where that is longer than 100 bytes. */
export function encodeGnuHeader({ name, bytes }: WrittenHeader): Uint8Array {
  const type = name.endsWith('/') ? types.directory : types.file
  assert(type === types.file || bytes === 0, 'a directory has no bytes')
  const whole = Buffer.from(name)
  const [, nameMax] = field.name
  const header = encodeBlock(whole.subarray(0, nameMax), bytes, type)
  if (whole.byteLength <= nameMax) return header
  const body = Buffer.alloc(whole.byteLength + 1 + paddingBytes(whole.byteLength + 1))
  whole.copy(body)
  return Buffer.concat([
    encodeBlock(Buffer.from(longNameEntry), whole.byteLength + 1, types.longName),
    body,
    header,
  ])
}

function encodeBlock(name: Uint8Array, bytes: number, type: string): Buffer {
  const block = Buffer.alloc(blockBytes)
  block.set(name, field.name[0])
  writeOctal(block, field.mode, type === types.directory ? 0o755 : 0o644)
  writeOctal(block, field.uid, 0)
  writeOctal(block, field.gid, 0)
  writeOctal(block, field.mtime, 0)
  block.write(type, field.type[0], 'latin1')
  block.write(gnuMagic, field.magic[0], 'latin1')
  if (bytes <= octalSizeMax) writeOctal(block, field.size, bytes)
  else {
    // Base 256: the top bit marks it, the rest is a big-endian number.
    block[field.size[0]] = 0x80
    block.writeBigUInt64BE(BigInt(bytes), field.size[0] + 4)
  }
  const [at, length] = field.checksum
  block.fill(' ', at, at + length, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, at, 'latin1')
  return block
}

function writeOctal(block: Buffer, [offset, length]: readonly [number, number], value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1')
}
