/*
 * JSON that gives back what it was given: integers beyond 2^53 stay exact, and so does the spelling of numbers that a
 * double would write differently (1.0, 1e3, 0.10000000000000000001).
 */

import { isUtf8 } from 'node:buffer'
import { JsonParser, JsonSyntaxError, jsonSyntaxError } from './json-parser.ts'
import { isPlainJson } from './json-scan.ts'
import { JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'

export { JsonNumber, JsonSyntaxError, type JsonObject, type JsonValue }

/** JSON text that is passed on unparsed. */
export class RawJson {
  #text: string | undefined
  #bytes: Uint8Array | undefined

  /** The text must be valid JSON; it is not looked at. */
  constructor(text: string | Uint8Array) {
    if (typeof text === 'string') this.#text = text
    else this.#bytes = text
  }

  get text(): string {
    this.#text ??= decodeText(this.#bytes!)
    return this.#text
  }

  bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.#text!)
    return this.#bytes
  }

  value(): JsonValue {
    return parseJson(this.text)
  }

  /** For JSON.stringify: the plain value, as far as doubles hold it. */
  toJSON(): unknown {
    return JSON.parse(this.text)
  }
}

/** True if JSON.parse loses nothing of the text. May be false for text that loses nothing either. */
export function isLosslessJson(text: string): boolean {
  return isPlainJson(text)
}

/** Exact: integers beyond 2^53 are bigints, other numbers that a double would change are JsonNumbers. @throws JsonSyntaxError */
export function parseJson(input: string | Uint8Array): JsonValue {
  const text = typeof input === 'string' ? input : decodeText(input)
  if (isPlainJson(text)) {
    try {
      return JSON.parse(text) as JsonValue
    } catch {
      // The exact parser finds the place and the reason.
    }
  }
  return new JsonParser(text).parse()
}

/** @throws JsonSyntaxError if the bytes are no UTF-8: what stood there could not be given back. */
function decodeText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (!isUtf8(bytes)) throw jsonSyntaxError('invalid unicode code point', text, text.indexOf('\ufffd') + 1)
  return text
}

/** The inverse of parseJson. Numbers that are not finite become null, as in JSON.stringify; undefined members are left out. */
export function stringifyJson(value: JsonValue | RawJson): string {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number':
      if (Object.is(value, -0)) return '-0.0'
      return Number.isFinite(value) ? String(value) : 'null'
    case 'object':
      break
    default:
      return JSON.stringify(value)
  }
  if (value === null) return 'null'
  if (value instanceof JsonNumber || value instanceof RawJson) return value.text
  if (Array.isArray(value))
    return `[${(value as readonly JsonValue[]).map((item) => stringifyJson(item)).join(',')}]`
  const members = []
  for (const key of Object.keys(value)) {
    const member = (value as JsonObject)[key]
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${stringifyJson(member)}`)
  }
  return `{${members.join(',')}}`
}

/** One text for all spellings of a value: keys sorted, numbers in their shortest form. For hashes. */
export function canonicalJson(value: JsonValue): string {
  if (value instanceof JsonNumber) return canonicalJson(shortest(value))
  if (value === null || typeof value !== 'object') return stringifyJson(value)
  if (Array.isArray(value))
    return `[${(value as readonly JsonValue[]).map((item) => canonicalJson(item)).join(',')}]`
  const object = value as JsonObject
  const keys = Object.keys(object).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key]!)}`).join(',')}}`
}

function shortest(number: JsonNumber): JsonValue {
  const value = Number(number.text)
  // Beyond doubles the spelling is all there is.
  return Number.isFinite(value) ? value : number.text
}
