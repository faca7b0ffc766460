import { JsonNumber, parseUuid, stringifyJson, type JsonValue, type PointId } from '../../../index.ts'
import { formatError } from '../failures.ts'

const maxU64 = 2n ** 64n - 1n

/** @throws WireError 400 */
export function pointId(value: JsonValue | undefined): PointId {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0)
    return Number.isSafeInteger(value) ? value : BigInt(value)
  if (typeof value === 'bigint' && value >= 0n && value <= maxU64) return value
  if (typeof value === 'string' && parseUuid(value) !== undefined) return value
  throw formatError(
    `value ${shown(value)} is not a valid point ID, valid values are either an unsigned integer or a UUID`,
  )
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'null'
  if (typeof value === 'string') return value
  return value instanceof JsonNumber ? String(Number(value.text)) : stringifyJson(value)
}

/** An id in a path. Undefined if it is none. */
export function pointIdOfPath(text: string): PointId | undefined {
  if (/^\+?\d+$/.test(text)) {
    const value = BigInt(text.replace('+', ''))
    if (value > maxU64) return undefined
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  }
  return parseUuid(text) === undefined ? undefined : text
}
