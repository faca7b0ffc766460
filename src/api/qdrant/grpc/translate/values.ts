import { JsonNumber, parseUuid, type JsonObject, type JsonValue } from '../../../../index.ts'
import { malformed } from '../status.ts'
import type { Fields } from './fields.ts'

// Messages as the values that the bodies of REST requests parse to.

/** An object without the members that are undefined. */
export function given(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const entries = Object.keys(members).filter((name) => members[name] !== undefined)
  return Object.fromEntries(entries.map((name) => [name, members[name]!]))
}

/** @throws StatusError */
export function pointIdOf(id: Fields): string | number | bigint {
  const uuid = id.text('uuid')
  if (uuid !== undefined) {
    if (parseUuid(uuid) === undefined) throw malformed(`Unable to parse UUID: ${uuid}`)
    return uuid
  }
  const number = id.integer('num')
  if (number === undefined) throw malformed('No ID options provided')
  return number
}

/** Doubles stay doubles: 1.0 is no integer. @throws StatusError for what no JSON number holds */
export function jsonOf(value: Fields): JsonValue {
  const kind = value.which(
    'string_value',
    'integer_value',
    'double_value',
    'bool_value',
    'struct_value',
    'list_value',
  )
  switch (kind) {
    case 'string_value':
      return value.words(kind)
    case 'integer_value':
      return value.count(kind)
    case 'double_value':
      return doubleOf(value.float(kind)!)
    case 'bool_value':
      return value.truth(kind)
    case 'struct_value':
      return jsonMap(value.sub(kind)!, 'fields')
    case 'list_value':
      return value.sub(kind)!.subs('values').map(jsonOf)
    case undefined:
      return null
  }
}

function doubleOf(value: number): number | JsonNumber {
  if (!Number.isFinite(value)) throw malformed('cannot convert to json number')
  if (!Number.isInteger(value)) return value
  if (Object.is(value, -0)) return new JsonNumber('-0.0')
  const text = String(value)
  return new JsonNumber(text.includes('e') ? text : `${text}.0`)
}

/** A map of values, such as a payload. */
export function jsonMap(fields: Fields, name: string): JsonObject {
  return Object.fromEntries(fields.entries(name).map(([key, value]) => [key, jsonOf(value)]))
}

export function shardKeysOf(selector: Fields | undefined): JsonValue | undefined {
  if (selector === undefined) return undefined
  const keys = selector
    .subs('shard_keys')
    .map(shardKeyOf)
    .filter((key) => key !== undefined)
  const fallback = selector.sub('fallback')
  if (keys.length === 1) {
    const other = fallback === undefined ? undefined : shardKeyOf(fallback)
    return other === undefined ? keys[0]! : { target: keys[0]!, fallback: other }
  }
  if (fallback !== undefined) {
    throw malformed(
      `Fallback shard key ${JSON.stringify(shardKeyOf(fallback))} can only be set when a single shard key is provided`,
    )
  }
  return keys
}

export function shardKeyOf(key: Fields): string | number | undefined {
  return key.text('keyword') ?? (key.integer('number') as number | undefined)
}

export function withPayloadOf(selector: Fields | undefined): JsonValue | undefined {
  if (selector === undefined) return undefined
  switch (selector.which('enable', 'include', 'exclude')) {
    case 'enable':
      return selector.truth('enable')
    case 'include':
      return { include: selector.sub('include')!.texts('fields') }
    case 'exclude':
      return { exclude: selector.sub('exclude')!.texts('fields') }
    case undefined:
      throw malformed('No PayloadSelector')
  }
}

export function withVectorsOf(selector: Fields | undefined): JsonValue | undefined {
  if (selector === undefined) return undefined
  return selector.sub('include')?.texts('names') ?? selector.truth('enable')
}

/** RFC 3339. */
export function timestampOf(time: Fields): string {
  const seconds = time.count('seconds')
  const nanos = Number(time.count('nanos'))
  const date = new Date(Number(seconds) * 1_000)
  if (Number.isNaN(date.getTime())) throw malformed(`Unable to parse timestamp: ${seconds}.${nanos}`)
  return `${date.toISOString().slice(0, -5)}.${String(Math.max(0, nanos)).padStart(9, '0')}Z`
}

export function geoPointOf(point: Fields): JsonObject {
  return { lon: point.float('lon') ?? 0, lat: point.float('lat') ?? 0 }
}
