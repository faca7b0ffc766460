import { JsonNumber, type JsonObject, type JsonValue } from '../../index.ts'
import { formatError, validationError } from './failures.ts'

// Decoders in the manner of serde: a value and the name of its field in, a typed value or Qdrant's error out.

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}

/** How serde names a value that has the wrong type. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'boolean') return `boolean \`${value}\``
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`
  if (typeof value === 'bigint') return `integer \`${value}\``
  if (typeof value === 'number')
    return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``
  if (value instanceof JsonNumber) return `floating point \`${Number(value.text)}\``
  return Array.isArray(value) ? 'sequence' : 'map'
}

function wrongType(value: JsonValue | undefined, expected: string): Error {
  return formatError(`invalid type: ${describe(value)}, expected ${expected}`)
}

export function object(value: JsonValue | undefined, expected = 'a map'): JsonObject {
  if (!isObject(value)) throw wrongType(value, expected)
  return value
}

export function array(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw wrongType(value, 'a sequence')
  return value as readonly JsonValue[]
}

export function text(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw wrongType(value, 'a string')
  return value
}

export function boolean(value: JsonValue | undefined): boolean {
  if (typeof value !== 'boolean') throw wrongType(value, 'a boolean')
  return value
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return value instanceof JsonNumber ? Number(value.text) : undefined
}

export function float(value: JsonValue | undefined): number {
  const number = numberOf(value)
  if (number === undefined) throw wrongType(value, 'f32')
  return number
}

/** An unsigned integer. */
export function unsigned(value: JsonValue | undefined, expected = 'usize'): number {
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (value < 0) throw formatError(`invalid value: integer \`${value}\`, expected ${expected}`)
    return value
  }
  if (typeof value === 'bigint' && value >= 0n) return Number(value)
  throw wrongType(value, expected)
}

/** Null and absent are the same, as in serde's Option. */
export function optional<T>(value: JsonValue | undefined, decode: (value: JsonValue) => T): T | undefined {
  return value === undefined || value === null ? undefined : decode(value)
}

export function required(holder: JsonObject, field: string): JsonValue {
  const value = Object.hasOwn(holder, field) ? holder[field] : undefined
  if (value === undefined) throw formatError(`missing field \`${field}\``)
  return value
}

/** @throws 422 as the validator words it */
export function atLeastOne(value: number, field: string): number {
  if (value < 1) throw validationError(`${field}: value ${value} invalid, must be 1 or larger`)
  return value
}
