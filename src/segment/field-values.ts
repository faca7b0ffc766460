import { JsonNumber, parseJson, type JsonValue } from '../encoding/json.ts'
import { idOfWords, parseUuid } from '../ids/point-id.ts'
import { parseDatetimeMicros } from './datetime.ts'

/** A payload field whose type is declared. */
export interface TypedField {
  readonly type: 'keyword' | 'integer' | 'float' | 'bool' | 'datetime' | 'uuid' | 'text' | 'geo'
}

/** How a column of typed values is stored. */
export type FieldStorage = 'text' | 'int64' | 'double' | 'bool' | 'timestamp'
export type FieldValue = string | bigint | number | boolean

const storages = {
  keyword: 'text',
  text: 'text',
  uuid: 'text',
  integer: 'int64',
  float: 'double',
  bool: 'bool',
  datetime: 'timestamp',
  geo: undefined,
} as const satisfies Record<TypedField['type'], FieldStorage | undefined>

/** Undefined: the type has no column. */
export function storageOf(type: TypedField['type']): FieldStorage | undefined {
  return storages[type]
}

/** The keys that a path like `a.b` or `"a.b".c` goes through; undefined if it goes through arrays. */
export function keysOfPath(path: string): readonly string[] | undefined {
  const keys: string[] = []
  const key = /"((?:[^"\\]|\\.)*)"|([^.[\]"]+)/y
  let at = 0
  for (;;) {
    key.lastIndex = at
    const match = key.exec(path)
    if (match === null) return undefined
    keys.push(match[2] ?? match[1]!.replace(/\\(.)/g, '$1'))
    at = key.lastIndex
    if (at === path.length) return keys
    if (path[at] !== '.') return undefined
    at += 1
  }
}

/** The payload's object, or undefined if the bytes are no JSON. */
export function payloadObject(payload: Uint8Array): JsonValue | undefined {
  if (payload.length === 0) return undefined
  try {
    return parseJson(payload)
  } catch {
    // The typed columns are an extract; the payload column keeps the text as it is.
    return undefined
  }
}

/** The one scalar of the type under the path, or null. */
export function fieldValue(
  payload: JsonValue | undefined,
  keys: readonly string[],
  type: TypedField['type'],
): FieldValue | null {
  let value = payload
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
    value = (value as Readonly<Record<string, JsonValue>>)[key]
  }
  return value === undefined ? null : scalarOf(value, type)
}

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

function scalarOf(value: JsonValue, type: TypedField['type']): FieldValue | null {
  switch (type) {
    case 'keyword':
    case 'text':
      return typeof value === 'string' ? value : null
    case 'uuid':
      return typeof value === 'string' ? canonicalUuid(value) : null
    case 'bool':
      return typeof value === 'boolean' ? value : null
    case 'integer':
      return integerOf(value)
    case 'float':
      return floatOf(value)
    case 'datetime':
      return typeof value === 'string' ? (parseDatetimeMicros(value) ?? null) : null
    case 'geo':
      return null
  }
}

function canonicalUuid(text: string): string | null {
  const words = parseUuid(text)
  return words === undefined ? null : (idOfWords(words) as string)
}

/** However it is written: 7, 7.0 and 7e0. */
function integerOf(value: JsonValue): bigint | null {
  if (typeof value === 'bigint') return value >= minInt64 && value <= maxInt64 ? value : null
  const number = floatOf(value)
  return number !== null && Number.isSafeInteger(number) ? BigInt(number) : null
}

function floatOf(value: JsonValue): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof JsonNumber) return value.valueOf()
  return null
}
