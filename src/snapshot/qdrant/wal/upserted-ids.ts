import type { PointId } from '../../../ids/point-id.ts'
import { breakByte, CborError, decodeCbor, floatBytes, indefinite, major } from './cbor.ts'
import { idOf, idsOf, OperationError } from './cbor-fields.ts'

// Most entries of a log are upserts that the segments hold already. To know that, their ids are enough: the rest of such an
// entry is passed over, which takes a fraction of the time that decoding it takes.

const depthMax = 128
const float32Head = 0xfa

/** The ids of an entry that upserts points, and does nothing else; undefined for another one, and for one that is malformed. */
export function upsertedIds(data: Uint8Array): readonly PointId[] | undefined {
  try {
    return idsOfEntry(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  } catch (error) {
    // Whoever decodes it says what is wrong.
    if (error instanceof CborError || error instanceof OperationError) return undefined
    throw error
  }
}

function idsOfEntry(bytes: Buffer): readonly PointId[] | undefined {
  let upsert: number | undefined
  for (const { key, value } of membersAt(bytes, 0)) {
    if (key === 'clock_tag') continue
    if (key !== 'upsert_points' || upsert !== undefined) return undefined
    upsert = value
  }
  if (upsert === undefined) return undefined
  const ids: PointId[] = []
  for (const { key, value } of membersAt(bytes, upsert)) {
    if (key === 'points')
      for (const point of entriesAt(bytes, value, major.list)) ids.push(idOfPoint(bytes, point))
    else if (key === 'batch') ids.push(...idsOfBatch(bytes, value))
    else return undefined
  }
  return ids
}

function idOfPoint(bytes: Buffer, at: number): PointId {
  for (const { key, value } of membersAt(bytes, at)) if (key === 'id') return idAt(bytes, value)
  throw new OperationError('a point has no id')
}

function idsOfBatch(bytes: Buffer, at: number): PointId[] {
  for (const { key, value } of membersAt(bytes, at)) if (key === 'ids') return idsOf(decodeAt(bytes, value))
  throw new OperationError('a batch has no ids')
}

/** Small numbers, which most ids are, without a decoder. */
function idAt(bytes: Buffer, at: number): PointId {
  const head = bytes[at]!
  return head < 24 ? head : head < 27 ? lengthAt(bytes, at).length : idOf(decodeAt(bytes, at))
}

function decodeAt(bytes: Buffer, at: number) {
  return decodeCbor(bytes.subarray(at, skip(bytes, at, 0)))
}

/** The members of the map that begins there, with where their values begin. */
function* membersAt(bytes: Buffer, at: number): Iterable<{ readonly key: string; readonly value: number }> {
  for (const position of entriesAt(bytes, at, major.map)) {
    if (bytes[position]! >> 5 !== major.text) throw new CborError('a key is no text', position)
    const { length, next } = lengthAt(bytes, position)
    yield { key: bytes.toString('latin1', next, next + length), value: next + length }
  }
}

/** Where the items of a list, or the keys of a map, begin. */
function* entriesAt(bytes: Buffer, at: number, kind: 4 | 5): Iterable<number> {
  if (bytes[at]! >> 5 !== kind) throw new CborError('it is of another kind', at)
  const { length, next } = lengthAt(bytes, at)
  let position = next
  for (let i = 0; i < length; i++) {
    if (length === Infinity && bytes[position] === breakByte) return
    yield position
    position = skip(bytes, position, 1)
    if (kind === major.map) position = skip(bytes, position, 1)
  }
}

/** Where the next value begins. */
function skip(bytes: Buffer, at: number, depth: number): number {
  const head = bytes[at]
  if (head === undefined || depth > depthMax) throw new CborError('it cannot be passed over', at)
  const kind = head >> 5
  if (kind > major.tag) return at + simpleBytes(head, at)
  const { length, next } = lengthAt(bytes, at)
  switch (kind) {
    case major.unsigned:
    case major.negative:
      return next
    case major.bytes:
    case major.text:
      return next + length
    case major.list:
      return skipItems(bytes, next, length, depth)
    case major.map:
      return skipItems(bytes, next, length * 2, depth)
    default:
      throw new CborError('it has a tag', at)
  }
}

function skipItems(bytes: Buffer, start: number, count: number, depth: number): number {
  let at = start
  for (let i = 0; i < count; i++) {
    // Mostly these, by the hundred.
    for (; bytes[at] === float32Head && i < count; i++) at += 5
    if (i === count) return at
    if (bytes[at] === breakByte && count === Infinity) return at + 1
    at = skip(bytes, at, depth + 1)
  }
  return at
}

function simpleBytes(head: number, at: number): number {
  const bytes = floatBytes(head)
  if (bytes > 0 || head === 0xf4 || head === 0xf5 || head === 0xf6) return 1 + bytes
  throw new CborError('it has a value of an unknown kind', at)
}

/** What the head of a value says, Infinity if it does not; numbers beyond 2^53 are passed over only. */
function lengthAt(bytes: Buffer, at: number): { readonly length: number; readonly next: number } {
  const info = bytes[at]! & 31
  if (info < 24) return { length: info, next: at + 1 }
  if (info === indefinite) return { length: Infinity, next: at + 1 }
  if (info > 27 || at + 1 + 2 ** (info - 24) > bytes.length) throw new CborError('it ends early', at)
  switch (info) {
    case 24:
      return { length: bytes[at + 1]!, next: at + 2 }
    case 25:
      return { length: bytes.readUInt16BE(at + 1), next: at + 3 }
    case 26:
      return { length: bytes.readUInt32BE(at + 1), next: at + 5 }
    default:
      return { length: Number(bytes.readBigUInt64BE(at + 1)), next: at + 9 }
  }
}
