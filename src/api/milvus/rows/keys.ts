import { createHash } from 'node:crypto'
import { compareTexts, parseUuid, type JsonObject, type PointId } from '../../../index.ts'
import { numericId } from '../numeric-id.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { dataTypes } from '../schema/data-types.ts'
import { invalidParameter } from '../status.ts'
import type { IdsMessage } from './field-data.ts'

/** An Int64, or a text. */
export type PrimaryKey = bigint | string

export const hasTextKeys = ({ primaryKey }: CollectionModel): boolean => primaryKey.type === dataTypes.VarChar

const pointNumber = /^(0|[1-9]\d*)$/
const numbersEnd = 1n << 64n

/**
 * The point that a key stands for: an Int64 as an unsigned number of the same bits, a text as a UUID of its SHA-256. In a
 * collection that was made elsewhere the key is the text of the point's id; undefined if it can be no such text.
 */
export function pointIdOf(model: CollectionModel, key: PrimaryKey): PointId | undefined {
  if (typeof key === 'bigint') return pointNumberOf(BigInt.asUintN(64, key))
  if (!model.isForeign) return hashedUuid(key)
  if (parseUuid(key) !== undefined) return key
  if (!pointNumber.test(key) || BigInt(key) >= numbersEnd) return undefined
  return pointNumberOf(BigInt(key))
}

/** As `pointIdOf`, for rows that are written. @throws 1100 */
export function newPointId(model: CollectionModel, key: PrimaryKey): PointId {
  const id = pointIdOf(model, key)
  if (id !== undefined) return id
  throw invalidParameter(
    `the key ${JSON.stringify(key)} is neither an unsigned integer of 64 bits nor a UUID, as the ids of this collection are`,
  )
}

const pointNumberOf = (number: bigint): PointId =>
  number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number

/** Version 8 of RFC 9562: what its bits mean is ours. */
function hashedUuid(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return parts.join('-')
}

/** A point's key. The payload is asked for where keys are texts; points that were written elsewhere may lack it there. */
export function keyOf(model: CollectionModel, id: PointId, payload: () => JsonObject): PrimaryKey {
  if (model.isForeign) return String(id)
  if (hasTextKeys(model)) {
    const key = payload()[model.primaryKey.name]
    return typeof key === 'string' ? key : String(id)
  }
  return typeof id === 'string' ? numericId(id) : BigInt.asIntN(64, BigInt(id))
}

export function idsMessage(model: CollectionModel, keys: readonly PrimaryKey[]): IdsMessage {
  return hasTextKeys(model)
    ? { str_id: { data: keys as readonly string[] } }
    : { int_id: { data: keys as readonly bigint[] } }
}

/** Integers by value, texts by their bytes in UTF-8. */
export function compareKeys(a: PrimaryKey, b: PrimaryKey): number {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}
