import { JsonNumber, type JsonValue } from '../../../../index.ts'
import { isArray, isObject } from '../../decode.ts'
import type { Message } from '../wire/messages.ts'

const minI64 = -(1n << 63n)
const maxI64 = (1n << 63n) - 1n

/** A payload's value: whole numbers stay whole as far as 64 bits hold them. */
export function messageOfJson(value: JsonValue): Message {
  if (typeof value === 'string') return { string_value: value }
  if (typeof value === 'boolean') return { bool_value: value }
  if (typeof value === 'number') {
    const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0)
    return isInteger ? { integer_value: value } : { double_value: value }
  }
  if (typeof value === 'bigint') {
    const fits = value >= minI64 && value <= maxI64
    return fits ? { integer_value: String(value) } : { double_value: Number(value) }
  }
  if (value === null) return { null_value: 0 }
  if (value instanceof JsonNumber) return { double_value: Number(value.text) }
  if (isArray(value)) return { list_value: { values: value.map(messageOfJson) } }
  return { struct_value: { fields: messageMap(value) } }
}

/** The members of an object, as a map of values. */
export function messageMap(value: JsonValue | undefined): Message {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.keys(value).map((key) => [key, messageOfJson(value[key]!)] as const))
}

export function pointIdMessage(id: JsonValue): Message {
  return typeof id === 'string' ? { uuid: id } : { num: typeof id === 'bigint' ? String(id) : id }
}

/** A count that may be larger than doubles hold exactly. */
export function integerMessage(value: JsonValue | undefined): number | string {
  return typeof value === 'bigint' ? String(value) : typeof value === 'number' ? value : 0
}
