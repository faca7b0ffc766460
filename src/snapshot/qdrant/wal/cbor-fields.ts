import { JsonNumber, type JsonObject, type JsonValue } from '../../../encoding/json.ts'
import { wordsOfId, idOfWords, parseUuid, type PointId } from '../../../ids/point-id.ts'
import { formatUuid } from '../../../runtime/random.ts'
import { exactFloat, FloatList, type CborMap, type CborValue } from './cbor.ts'

/** Why an operation cannot be understood; the reader of the log adds where. */
export class OperationError extends Error {}

/** @throws OperationError */
export function mapOf(value: CborValue | undefined, what: string): CborMap {
  if (isMap(value)) return value
  throw new OperationError(`${what} is no map`)
}

export function isMap(value: CborValue | undefined): value is CborMap {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** A list, of floats or of others. @throws OperationError */
export function listOf(value: CborValue | undefined, what: string): readonly CborValue[] {
  if (Array.isArray(value)) return value as readonly CborValue[]
  if (value instanceof FloatList) return [...value.values]
  throw new OperationError(`${what} is no list`)
}

/** @throws OperationError */
export function textOf(value: CborValue | undefined, what: string): string {
  if (typeof value === 'string') return value
  throw new OperationError(`${what} is no text`)
}

/** All fields are known, save those that say nothing. @throws OperationError */
export function checkFields(map: CborMap, known: readonly string[], what: string): void {
  for (const key of Object.keys(map)) {
    if (known.includes(key) || map[key] === null) continue
    throw new OperationError(`${what} has the field ${JSON.stringify(key)}, which is not known`)
  }
}

/** A number, 16 bytes, or the text of a UUID. @throws OperationError */
export function idOf(value: CborValue | undefined): PointId {
  if (value instanceof Uint8Array && value.byteLength === 16) return formatUuid(Buffer.from(value))
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    const number = value as number | bigint
    if (number >= 0 && number <= 0xffff_ffff_ffff_ffffn) return idOfWords(wordsOfId(number))
  }
  const uuid = typeof value === 'string' ? parseUuid(value) : undefined
  if (uuid !== undefined) return idOfWords(uuid)
  throw new OperationError('a point id is neither an unsigned 64-bit integer nor a UUID')
}

export function idsOf(value: CborValue | undefined): PointId[] {
  return listOf(value, 'the list of ids').map((id) => idOf(id))
}

/** Components: integers or floats. @throws OperationError */
export function numbersOf(value: CborValue | undefined, what: string): readonly number[] | Float32Array {
  if (value instanceof FloatList) return new Float32Array(value.values)
  return listOf(value, what).map((one) => {
    if (typeof one === 'number') return one
    if (one instanceof JsonNumber || typeof one === 'bigint') return Number(one)
    throw new OperationError(`${what} holds something that is no number`)
  })
}

/** @throws OperationError for what JSON does not have */
export function jsonOf(value: CborValue | undefined, what: string): JsonValue {
  if (value === undefined) throw new OperationError(`${what} is missing`)
  if (value === null || typeof value !== 'object' || value instanceof JsonNumber) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw noJson(what)
    return value
  }
  if (value instanceof FloatList) {
    return Array.from(value.values, (one) => {
      if (!Number.isFinite(one)) throw noJson(what)
      return exactFloat(one)
    })
  }
  if (value instanceof Uint8Array) throw noJson(what)
  if (Array.isArray(value)) return (value as readonly CborValue[]).map((one) => jsonOf(one, what))
  const map = value as CborMap
  const object: Record<string, JsonValue> = {}
  for (const key of Object.keys(map)) {
    Object.defineProperty(object, key, {
      value: jsonOf(map[key], what),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}

function noJson(what: string): OperationError {
  return new OperationError(`${what} holds something that JSON does not have`)
}

/** Null is `{}`. @throws OperationError */
export function payloadOf(value: CborValue | undefined): JsonObject {
  if (value === null || value === undefined) return {}
  return jsonOf(mapOf(value, 'a payload'), 'a payload') as JsonObject
}
