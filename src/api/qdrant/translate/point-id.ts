import { parseUuid, type JsonValue, type PointId } from '../../../index.ts'
import { DecodeError, integerOf, isArray, isObject, numberOf, rustFloat } from '../decode.ts'

const maxU64 = (1n << 64n) - 1n

/** An unsigned integer or a UUID in any usual spelling. */
export function pointId(value: JsonValue): PointId {
  if (typeof value === 'string') {
    if (parseUuid(value) !== undefined) return value
  } else {
    const integer = integerOf(value)
    if (integer !== undefined && integer >= 0) return integer
  }
  const why = 'is not a valid point ID, valid values are either an unsigned integer or a UUID'
  throw new DecodeError(`value ${shown(value)} ${why}`, 'after')
}

/** As serde_value prints it: plainly, except for what is inside lists and maps. */
function shown(value: JsonValue): string {
  if (value === null) return 'Unit'
  if (isArray(value) || isObject(value)) return debug(value).replace(/^(?:Seq|Map)\(([\s\S]*)\)$/, '$1')
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  return String(integerOf(value) ?? numberOf(value))
}

function debug(value: JsonValue): string {
  if (value === null) return 'Unit'
  if (typeof value === 'string') return `String(${JSON.stringify(value)})`
  if (typeof value === 'boolean') return `Bool(${value})`
  if (isArray(value)) return `Seq([${value.map((item) => debug(item)).join(', ')}])`
  if (isObject(value)) {
    const members = Object.entries(value).map(([key, member]) => `${debug(key)}: ${debug(member)}`)
    return `Map({${members.join(', ')}})`
  }
  const integer = integerOf(value)
  if (integer === undefined) return `F64(${rustFloat(numberOf(value)!)})`
  return integer < 0 ? `I64(${integer})` : `U64(${integer})`
}

/** An id in a path: digits, perhaps with a plus, or a UUID. Undefined if it is none. */
export function pointIdOfPath(text: string): PointId | undefined {
  if (!/^\+?\d+$/.test(text)) return parseUuid(text) === undefined ? undefined : text
  const value = BigInt(text.replace('+', ''))
  if (value > maxU64) return undefined
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
