import type { PointId } from '../../../ids/point-id.ts'
import { breakByte, CborError, decodeCbor, floatBytes, indefinite, major } from './cbor.ts'
import { idOf, idsOf, OperationError } from './cbor-fields.ts'

// Most entries of a log are upserts that the segments hold already. To know that, their ids are enough: the rest of such an
// entry is passed over, which takes a fraction of the time that decoding it takes.

const depthMax = 128
const float32Head = 0xfa
const float32Bytes = 5

/** The ids of an entry that upserts points, and does nothing else; undefined for another one, and for one that is malformed. */
export function upsertedIds(data: Uint8Array): readonly PointId[] | undefined {
  try {
    return new IdScanner(Buffer.from(data.buffer, data.byteOffset, data.byteLength)).ids()
  } catch (error) {
    // Whoever decodes it says what is wrong.
    if (error instanceof CborError || error instanceof OperationError) return undefined
    throw error
  }
}

/** Goes through an entry once. */
class IdScanner {
  readonly #bytes: Buffer
  readonly #ids: PointId[] = []
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Undefined if it is no upsert, or more than that. */
  ids(): readonly PointId[] | undefined {
    let isUpsert = false
    for (let left = this.#begin(major.map); this.#hasNext(left); left--) {
      const key = this.#key()
      if (key === 'clock_tag') this.#pass(0)
      else if (key !== 'upsert_points' || isUpsert || !this.#upsert()) return undefined
      else isUpsert = true
    }
    return isUpsert && this.#at <= this.#bytes.length ? this.#ids : undefined
  }

  /** False if it has something else. */
  #upsert(): boolean {
    for (let left = this.#begin(major.map); this.#hasNext(left); left--) {
      const key = this.#key()
      if (key === 'points')
        for (let points = this.#begin(major.list); this.#hasNext(points); points--) this.#point()
      else if (key === 'batch') this.#batch()
      else return false
    }
    return true
  }

  #point(): void {
    let isFound = false
    for (let left = this.#begin(major.map); this.#hasNext(left); left--) {
      if (this.#takeKeyId() && !isFound) {
        this.#ids.push(this.#id())
        isFound = true
      } else this.#pass(0)
    }
    if (!isFound) throw new OperationError('a point has no id')
  }

  #batch(): void {
    let isFound = false
    for (let left = this.#begin(major.map); this.#hasNext(left); left--) {
      if (this.#key() === 'ids' && !isFound) {
        const start = this.#at
        this.#pass(0)
        for (const id of idsOf(decodeCbor(this.#bytes.subarray(start, this.#at)))) this.#ids.push(id)
        isFound = true
      } else this.#pass(0)
    }
    if (!isFound) throw new OperationError('a batch has no ids')
  }

  /** Small numbers, which most ids are, without a decoder. */
  #id(): PointId {
    const start = this.#at
    const head = this.#bytes[start]!
    if (head < 27) return this.#length()
    this.#pass(0)
    return idOf(decodeCbor(this.#bytes.subarray(start, this.#at)))
  }

  /** Passes a key; true if it is `id` in the shortest form, as every writer has it. */
  #takeKeyId(): boolean {
    const bytes = this.#bytes
    const at = this.#at
    if (bytes[at] === 0x62 && bytes[at + 1] === 0x69 && bytes[at + 2] === 0x64) {
      this.#at = at + 3
      return true
    }
    this.#checkKind(major.text)
    this.#pass(0)
    return false
  }

  #key(): string {
    this.#checkKind(major.text)
    const length = this.#length()
    const start = this.#at
    this.#at = start + length
    return this.#bytes.toString('latin1', start, this.#at)
  }

  /** Passes the head of a list or map, and gives how many items or members follow: Infinity if a break ends it. */
  #begin(kind: 4 | 5): number {
    this.#checkKind(kind)
    return this.#length()
  }

  #hasNext(left: number): boolean {
    if (left !== Infinity) return left > 0
    if (this.#bytes[this.#at] !== breakByte) return true
    this.#at += 1
    return false
  }

  #checkKind(kind: 3 | 4 | 5): void {
    if (this.#at >= this.#bytes.length || this.#bytes[this.#at]! >> 5 !== kind)
      throw new CborError('it is of another kind', this.#at)
  }

  /** Passes the value that begins here. */
  #pass(depth: number): void {
    const at = this.#at
    const head = this.#bytes[at]
    if (head === undefined || depth > depthMax) throw new CborError('it cannot be passed over', at)
    const kind = head >> 5
    if (kind > major.tag) {
      this.#at = at + simpleBytes(head, at)
      return
    }
    const length = this.#length()
    switch (kind) {
      case major.unsigned:
      case major.negative:
        return
      case major.bytes:
      case major.text:
        this.#at += length
        return
      case major.list:
        this.#passItems(length, depth)
        return
      case major.map:
        this.#passItems(length * 2, depth)
        return
      default:
        throw new CborError('it has a tag', at)
    }
  }

  #passItems(count: number, depth: number): void {
    for (let left = count; this.#hasNext(left); left--) {
      const floats = floatsAt(this.#bytes, this.#at, Math.min(left, this.#bytes.length))
      this.#at += floats * float32Bytes
      left -= floats
      if (!this.#hasNext(left)) return
      this.#pass(depth + 1)
    }
  }

  /** Passes a head, and gives what it says, Infinity if it does not; numbers beyond 2^53 are passed over only. */
  #length(): number {
    const bytes = this.#bytes
    const at = this.#at
    const info = bytes[at]! & 31
    this.#at = at + 1
    if (info < 24) return info
    if (info === indefinite) return Infinity
    if (info > 27 || at + 1 + 2 ** (info - 24) > bytes.length) throw new CborError('it ends early', at)
    this.#at += 2 ** (info - 24)
    switch (info) {
      case 24:
        return bytes[at + 1]!
      case 25:
        return bytes.readUInt16BE(at + 1)
      case 26:
        return bytes.readUInt32BE(at + 1)
      default:
        return Number(bytes.readBigUInt64BE(at + 1))
    }
  }
}

/** How many floats of 32 bits stand one behind the other, up to `max`: a vector's. Most of a log is these. */
function floatsAt(bytes: Uint8Array, start: number, max: number): number {
  let at = start
  const ends = Math.min(bytes.length - 7 * float32Bytes, start + max * float32Bytes - 7 * float32Bytes)
  while (
    at < ends &&
    bytes[at] === float32Head &&
    bytes[at + 5] === float32Head &&
    bytes[at + 10] === float32Head &&
    bytes[at + 15] === float32Head &&
    bytes[at + 20] === float32Head &&
    bytes[at + 25] === float32Head &&
    bytes[at + 30] === float32Head &&
    bytes[at + 35] === float32Head
  )
    at += 8 * float32Bytes
  let count = (at - start) / float32Bytes
  for (; count < max && bytes[at] === float32Head; count++) at += float32Bytes
  return count
}

function simpleBytes(head: number, at: number): number {
  const bytes = floatBytes(head)
  if (bytes > 0 || head === 0xf4 || head === 0xf5 || head === 0xf6) return 1 + bytes
  throw new CborError('it has a value of an unknown kind', at)
}
