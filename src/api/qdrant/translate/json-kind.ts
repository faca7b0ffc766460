import { JsonNumber, type JsonObject, type JsonValue } from '../../../index.ts'

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** An own member; absent members are undefined. */
export function member(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The double nearest to a number; undefined for what is no number. */
export function doubleOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return value instanceof JsonNumber ? Number(value.text) : undefined
}

/** The value of a number that is written as an integer (7, not 7.0). */
export function integerOf(value: JsonValue | undefined): number | bigint | undefined {
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

/** What a value is, in the words of Qdrant's errors: `string "x"`, `integer `5``, `map`. */
export function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (isJsonArray(value)) return 'sequence'
  if (isJsonObject(value)) return 'map'
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`
  if (typeof value === 'boolean') return `boolean \`${value}\``
  const integer = integerOf(value)
  if (integer !== undefined && isU64OrI64(BigInt(integer))) return `integer \`${integer}\``
  const text = String(doubleOf(value))
  return `floating point \`${/[.eE]/.test(text) ? text : `${text}.0`}\``
}

function isU64OrI64(value: bigint): boolean {
  return value >= -(1n << 63n) && value < 1n << 64n
}
