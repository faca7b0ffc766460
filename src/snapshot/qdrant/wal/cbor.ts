import { isUtf8 } from 'node:buffer'
import { JsonNumber } from '../../../encoding/json.ts'

// As much of CBOR (RFC 8949) as stands in the write-ahead logs of Qdrant: no tags, no strings in pieces. What a document
// means is to survive to the digit: integers keep their 64 bits, and a float that is a whole number stays a float.
//
// Invariants:
//   - no list, map or string is made longer than the bytes that are left could fill.
//   - depth and number of values are bounded, so that a small document cannot take the memory or the stack.

/** One or more floats and nothing else, as most vectors are. */
export class FloatList {
  readonly values: Float64Array

  constructor(values: Float64Array) {
    this.values = values
  }
}

export interface CborMap {
  readonly [key: string]: CborValue
}
/** Integers beyond 2^53 are bigints; floats that are whole numbers are JsonNumbers, save in a FloatList. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonNumber
  | Uint8Array
  | FloatList
  | readonly CborValue[]
  | CborMap

export interface CborLimits {
  /** Lists and maps in one another. Default 128. */
  readonly depthMax?: number
  /** Values, without those in lists of floats. Default 4 million. */
  readonly valuesMax?: number
}

/** Why a document cannot be read, and where. */
export class CborError extends Error {
  /** From its first byte. */
  readonly offset: number

  constructor(why: string, offset: number) {
    super(why)
    this.offset = offset
  }
}

/** The one value that the bytes are. @throws CborError */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = {}): CborValue {
  const decoder = new Decoder(bytes, limits.depthMax ?? 128, limits.valuesMax ?? 4_000_000)
  const value = decoder.value(0)
  if (decoder.position < bytes.byteLength) throw new CborError('bytes follow the value', decoder.position)
  return value
}

export const indefinite = 31
export const breakByte = 0xff
export const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6 } as const

class Decoder {
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #depthMax: number
  #valuesLeft: number
  #at = 0

  constructor(bytes: Uint8Array, depthMax: number, valuesMax: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#depthMax = depthMax
    this.#valuesLeft = valuesMax
  }

  get position(): number {
    return this.#at
  }

  value(depth: number): CborValue {
    const start = this.#at
    if ((this.#valuesLeft -= 1) < 0) throw new CborError('it has too many values', start)
    const head = this.#byte()
    const info = head & 31
    switch (head >> 5) {
      case major.unsigned:
        return this.#integer(info)
      case major.negative:
        return negative(this.#integer(info))
      case major.bytes:
        return this.#take(this.#length(info))
      case major.text:
        return this.#text(this.#length(info))
      case major.list:
        return this.#list(info, depth)
      case major.map:
        return this.#map(info, depth)
      case major.tag:
        throw new CborError('it has a tag', start)
      default:
        return this.#simple(head, start)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new CborError('it ends early', this.#at)
    this.#at += 1
    return byte
  }

  /** Gives where they begin. */
  #skip(length: number): number {
    const start = this.#at
    if (length > this.#bytes.byteLength - start) throw new CborError('it ends early', start)
    this.#at = start + length
    return start
  }

  #take(length: number): Uint8Array {
    const start = this.#skip(length)
    return this.#bytes.subarray(start, this.#at)
  }

  #text(length: number): string {
    const start = this.#at
    const bytes = this.#take(length)
    if (!isUtf8(bytes)) throw new CborError('a text is no UTF-8', start)
    return this.#bytes.toString('utf8', start, this.#at)
  }

  #integer(info: number): number | bigint {
    if (info < 24) return info
    const at = this.#at
    switch (info) {
      case 24:
        return this.#byte()
      case 25:
        this.#skip(2)
        return this.#bytes.readUInt16BE(at)
      case 26:
        this.#skip(4)
        return this.#bytes.readUInt32BE(at)
      case 27: {
        this.#skip(8)
        const high = this.#bytes.readUInt32BE(at)
        return high < 0x200000
          ? high * 2 ** 32 + this.#bytes.readUInt32BE(at + 4)
          : this.#bytes.readBigUInt64BE(at)
      }
      default:
        throw new CborError('a length or number is of an unknown form', at - 1)
    }
  }

  #length(info: number): number {
    const at = this.#at
    const length = this.#integer(info)
    // Whatever it counts takes a byte at least.
    if (length > this.#bytes.byteLength - this.#at) throw new CborError('it ends early', at)
    return Number(length)
  }

  #list(info: number, depth: number): CborValue {
    this.#checkDepth(depth)
    if (info !== indefinite) {
      const length = this.#length(info)
      return this.#floats(length) ?? this.#items(length, depth)
    }
    const items: CborValue[] = []
    while (!this.#isBreak()) items.push(this.value(depth + 1))
    return items
  }

  #items(length: number, depth: number): CborValue {
    const items: CborValue[] = []
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1))
    return items
  }

  /** If that is all there is in the list. */
  #floats(length: number): FloatList | undefined {
    if (length === 0 || floatBytes(this.#bytes[this.#at]) === 0) return undefined
    const start = this.#at
    const values = new Float64Array(length)
    for (let i = 0; i < length; i++) {
      const bytes = floatBytes(this.#bytes[this.#at])
      if (bytes === 0) {
        this.#at = start
        return undefined
      }
      this.#at += 1
      values[i] = this.#float(bytes)
    }
    return new FloatList(values)
  }

  #map(info: number, depth: number): CborValue {
    this.#checkDepth(depth)
    const map: Record<string, CborValue> = {}
    const left = info === indefinite ? Infinity : this.#length(info)
    for (let i = 0; i < left; i++) {
      if (info === indefinite && this.#isBreak()) break
      const at = this.#at
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new CborError('a key is no text', at)
      if (Object.hasOwn(map, key)) throw new CborError(`it has the key ${JSON.stringify(key)} twice`, at)
      define(map, key, this.value(depth + 1))
    }
    return map
  }

  #isBreak(): boolean {
    if (this.#bytes[this.#at] !== breakByte) return false
    this.#at += 1
    return true
  }

  #checkDepth(depth: number): void {
    if (depth >= this.#depthMax) throw new CborError(`it is deeper than ${this.#depthMax}`, this.#at - 1)
  }

  #simple(head: number, start: number): CborValue {
    const bytes = floatBytes(head)
    if (bytes > 0) return exactFloat(this.#float(bytes))
    if (head === 0xf4) return false
    if (head === 0xf5) return true
    if (head === 0xf6) return null
    throw new CborError('it has a value of an unknown kind', start)
  }

  #float(bytes: number): number {
    const at = this.#skip(bytes)
    if (bytes === 4) return this.#view.getFloat32(at)
    return bytes === 8 ? this.#view.getFloat64(at) : halfOf(this.#view.getUint16(at))
  }
}

/** Bytes behind the head of a float; 0 if it is none. */
export function floatBytes(head: number | undefined): number {
  return head === 0xfa ? 4 : head === 0xf9 ? 2 : head === 0xfb ? 8 : 0
}

function halfOf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

function negative(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return -1n - value
  return value < Number.MAX_SAFE_INTEGER ? -1 - value : -1n - BigInt(value)
}

/** 1.0 is no 1: as JSON it is written with its point, or its exponent where it is large. */
export function exactFloat(value: number): number | JsonNumber {
  if (!Number.isInteger(value) || Object.is(value, -0)) return value
  if (Math.abs(value) < 1e16) return new JsonNumber(`${value}.0`)
  return new JsonNumber(value.toExponential().replace('e+', 'e'))
}

/** Like an assignment, but a key named __proto__ is a key. */
function define(map: Record<string, CborValue>, key: string, value: CborValue): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
}
