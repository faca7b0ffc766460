// CBOR (RFC 8949) as far as Qdrant's log takes it: definite lengths, no tags. What is written twice, first to be counted
// and then to be sent, goes through one interface, so that the two cannot differ.

/** Of the first byte of a value, its kind. */
const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const
const simple = { false: 0xf4, true: 0xf5, null: 0xf6, single: 0xfa, double: 0xfb } as const

export interface CborSink {
  array(length: number): void
  /** So many pairs of a key and a value follow. */
  map(pairs: number): void
  text(value: string): void
  bytes(value: Uint8Array): void
  /** From -2^63 up to 2^64 - 1. */
  integer(value: number | bigint): void
  /** A finite double, in the shorter of single and double that holds it. */
  float(value: number): void
  boolean(value: boolean): void
  null(): void
  /** An array of singles; `values` is not called where their number is all that counts. */
  singles(count: number, values: () => Float32Array): void
}

function headBytes(value: number | bigint): number {
  if (value < 24) return 1
  if (value <= 0xff) return 2
  if (value <= 0xffff) return 3
  return value <= 0xffff_ffff ? 5 : 9
}

const isSingle = (value: number): boolean => Math.fround(value) === value

/** Counts the bytes that a `CborWriter` would write. */
export class CborCounter implements CborSink {
  bytesCounted = 0

  array(length: number): void {
    this.bytesCounted += headBytes(length)
  }

  map(pairs: number): void {
    this.bytesCounted += headBytes(pairs)
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value)
    this.bytesCounted += headBytes(bytes) + bytes
  }

  bytes(value: Uint8Array): void {
    this.bytesCounted += headBytes(value.byteLength) + value.byteLength
  }

  integer(value: number | bigint): void {
    this.bytesCounted += headBytes(value < 0 ? beyondZero(value) : value)
  }

  float(value: number): void {
    this.bytesCounted += isSingle(value) ? 5 : 9
  }

  boolean(): void {
    this.bytesCounted += 1
  }

  null(): void {
    this.bytesCounted += 1
  }

  singles(count: number): void {
    this.bytesCounted += headBytes(count) + 5 * count
  }
}

/** Writes into a buffer that grows. */
export class CborWriter implements CborSink {
  #buffer: Buffer
  #at: number

  /** `reserved` bytes in front are the caller's. */
  constructor(reserved: number, capacity: number) {
    this.#buffer = Buffer.alloc(reserved + capacity)
    this.#at = reserved
  }

  /** All that was written, with what was reserved, and `zeros` more. */
  finish(zeros = 0): Buffer {
    this.#room(zeros)
    return this.#buffer.subarray(0, this.#at + zeros)
  }

  array(length: number): void {
    this.#head(major.array, length)
  }

  map(pairs: number): void {
    this.#head(major.map, pairs)
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value)
    this.#head(major.text, bytes)
    this.#room(bytes)
    this.#at += this.#buffer.write(value, this.#at, 'utf8')
  }

  bytes(value: Uint8Array): void {
    this.#head(major.bytes, value.byteLength)
    this.#room(value.byteLength)
    this.#buffer.set(value, this.#at)
    this.#at += value.byteLength
  }

  integer(value: number | bigint): void {
    if (value < 0) this.#head(major.negative, beyondZero(value))
    else this.#head(major.unsigned, value)
  }

  float(value: number): void {
    this.#room(9)
    if (isSingle(value)) {
      this.#buffer[this.#at] = simple.single
      this.#at = this.#buffer.writeFloatBE(value, this.#at + 1)
    } else {
      this.#buffer[this.#at] = simple.double
      this.#at = this.#buffer.writeDoubleBE(value, this.#at + 1)
    }
  }

  boolean(value: boolean): void {
    this.#byte(value ? simple.true : simple.false)
  }

  null(): void {
    this.#byte(simple.null)
  }

  singles(count: number, values: () => Float32Array): void {
    this.#head(major.array, count)
    this.#room(5 * count)
    const floats = values()
    const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset)
    let at = this.#at
    for (let i = 0; i < count; i++) {
      view.setUint8(at, simple.single)
      view.setFloat32(at + 1, floats[i]!)
      at += 5
    }
    this.#at = at
  }

  #head(kind: number, value: number | bigint): void {
    this.#room(9)
    const buffer = this.#buffer
    const first = kind << 5
    if (value < 24) buffer[this.#at++] = first | Number(value)
    else if (value <= 0xff) {
      buffer[this.#at++] = first | 24
      buffer[this.#at++] = Number(value)
    } else if (value <= 0xffff) {
      buffer[this.#at] = first | 25
      this.#at = buffer.writeUInt16BE(Number(value), this.#at + 1)
    } else if (value <= 0xffff_ffff) {
      buffer[this.#at] = first | 26
      this.#at = buffer.writeUInt32BE(Number(value), this.#at + 1)
    } else {
      buffer[this.#at] = first | 27
      this.#at = buffer.writeBigUInt64BE(BigInt(value), this.#at + 1)
    }
  }

  #byte(value: number): void {
    this.#room(1)
    this.#buffer[this.#at++] = value
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const grown = Buffer.alloc(Math.max(this.#at + bytes, 2 * this.#buffer.length))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** How CBOR counts negative numbers: from -1 down. */
function beyondZero(value: number | bigint): number | bigint {
  return typeof value === 'bigint' ? -1n - value : -1 - value
}
