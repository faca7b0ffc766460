import { crc32c } from '../../../src/encoding/crc32c.ts'

// A write-ahead log as Qdrant lays it out, for tests of the reader: written apart from it, so that the two can disagree.

/** A float in CBOR, of 2, 4 or 8 bytes; JavaScript has no other way to say that 1 is one. */
export class Float {
  readonly value: number
  readonly bytes: 2 | 4 | 8

  constructor(value: number, bytes: 2 | 4 | 8 = 4) {
    this.value = value
    this.bytes = bytes
  }
}

/** As it stands, for damage. */
export class Raw {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

export const floats = (values: readonly number[], bytes: 2 | 4 | 8 = 4): Float[] =>
  values.map((value) => new Float(value, bytes))

/** Numbers are integers; a map at the top is of indefinite length. */
export function encodeCbor(value: unknown, isTop = true): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (value === true || value === false) return Buffer.of(value ? 0xf5 : 0xf4)
  if (value instanceof Raw) return Buffer.from(value.bytes)
  if (value instanceof Float) return encodeFloat(value)
  if (typeof value === 'number' || typeof value === 'bigint') return encodeInteger(BigInt(value))
  if (typeof value === 'string')
    return Buffer.concat([head(3, BigInt(Buffer.byteLength(value))), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, BigInt(value.byteLength)), value])
  if (Array.isArray(value))
    return Buffer.concat([head(4, BigInt(value.length)), ...value.map((one) => encodeCbor(one, false))])
  const members = Object.entries(value as object).flatMap(([key, member]) => [
    encodeCbor(key, false),
    encodeCbor(member, false),
  ])
  if (isTop) return Buffer.concat([Buffer.of(0xbf), ...members, Buffer.of(0xff)])
  return Buffer.concat([head(5, BigInt(members.length / 2)), ...members])
}

function encodeInteger(value: bigint): Buffer {
  return value < 0n ? head(1, -1n - value) : head(0, value)
}

function head(major: number, value: bigint): Buffer {
  const top = major << 5
  if (value < 24n) return Buffer.of(top | Number(value))
  if (value < 0x100n) return Buffer.of(top | 24, Number(value))
  const [info, bytes] = value < 0x10000n ? [25, 2] : value < 0x100000000n ? [26, 4] : [27, 8]
  const encoded = Buffer.alloc(9)
  encoded.writeBigUInt64BE(value, 1)
  return Buffer.concat([Buffer.of(top | info), encoded.subarray(9 - bytes)])
}

function encodeFloat({ value, bytes }: Float): Buffer {
  const encoded = Buffer.alloc(bytes + 1)
  encoded[0] = bytes === 2 ? 0xf9 : bytes === 4 ? 0xfa : 0xfb
  if (bytes === 4) encoded.writeFloatBE(value, 1)
  else if (bytes === 8) encoded.writeDoubleBE(value, 1)
  else encoded.writeUInt16BE(halfBits(value), 1)
  return encoded
}

/** Of a value that half precision holds. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size === Infinity) return sign | 0x7c00
  if (size < 2 ** -14) return sign | (size * 2 ** 24)
  const exponent = Math.floor(Math.log2(size))
  return sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024)
}

export interface LogFileOptions {
  /** Default 0x1234_5678. */
  readonly seed?: number
  /** Zeros behind the last entry. Default 64. */
  readonly spare?: number
}

/** A file with these entries, each a CBOR value or bytes as they stand. */
export function writeLogFile(entries: readonly unknown[], options: LogFileOptions = {}): Buffer {
  const { seed = 0x12345678, spare = 64 } = options
  const header = Buffer.from('wal\0\0\0\0\0', 'latin1')
  header.writeUInt32LE(seed, 4)
  const parts = [header]
  let previous = seed
  for (const entry of entries) {
    const data = entry instanceof Raw ? Buffer.from(entry.bytes) : encodeCbor(entry)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(data.byteLength))
    const body = Buffer.concat([length, data, Buffer.alloc((4 - data.byteLength) & 7)])
    previous = crc32c(body, ~reversed(previous) >>> 0)
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32LE(previous)
    parts.push(body, checksum)
  }
  return Buffer.concat([...parts, Buffer.alloc(spare)])
}

function reversed(word: number): number {
  const text = (word >>> 0).toString(2).padStart(32, '0')
  return Number.parseInt([...text].reverse().join(''), 2)
}
