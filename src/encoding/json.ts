/**
 * JSON that gives back what it was given: integers beyond 2^53 stay exact, and so does the spelling of numbers that a
 * double would write differently (1.0, 1e3, 0.10000000000000000001).
 */
export type JsonValue =
  null | boolean | number | bigint | string | JsonNumber | readonly JsonValue[] | JsonObject

export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** A number literal that neither a double nor a bigint gives back as it was written. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** The nearest double. */
  valueOf(): number {
    return Number(this.text)
  }
}

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

/** Text that is no JSON. Line and column count from 1, in bytes, as serde_json does. */
export class JsonSyntaxError extends SyntaxError {
  override readonly name = 'JsonSyntaxError'
  /** What is wrong, without the place. */
  readonly reason: string
  readonly line: number
  readonly column: number

  constructor(reason: string, line: number, column: number) {
    super(`${reason} at line ${line} column ${column}`)
    this.reason = reason
    this.line = line
    this.column = column
  }
}

export const jsonDepthMax = 127

// A number that a double would change or write differently: 16 whole digits or more, a fraction ending in 0, an exponent,
// or minus zero. A digit run inside a string only costs the slow path.
const suspicious = /(?<![.\d])\d{16}|\d[eE][+\-\d]|\.\d*0(?!\d)|-0(?![.\d])/

/** True if JSON.parse loses nothing of the text's numbers. May be false for text that loses nothing either. */
export function isLosslessJson(text: string): boolean {
  return !suspicious.test(text)
}

/** Exact. @throws JsonSyntaxError */
export function parseJson(input: string | Uint8Array): JsonValue {
  const text = typeof input === 'string' ? input : decodeText(input)
  if (isLosslessJson(text)) {
    const value = tryParse(text)
    if (value !== undefined && depthIsFine(text)) return value
  }
  return new Parser(text).parse()
}

function tryParse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // The exact parser finds the place and the reason.
    return undefined
  }
}

/** Only deep text is worth a look: nesting needs as many brackets. */
function depthIsFine(text: string): boolean {
  if (text.length <= jsonDepthMax * 2) return true
  let depth = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (isInString) {
      if (c === 92) i += 1
      else if (c === 34) isInString = false
    } else if (c === 34) isInString = true
    else if (c === 123 || c === 91) {
      depth += 1
      if (depth > jsonDepthMax) return false
    } else if (c === 125 || c === 93) depth -= 1
  }
  return true
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
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

const numberToken = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const plainText = /[^"\\\u0000-\u001f]*/y

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): JsonValue {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) throw this.#error('trailing characters', this.#at + 1)
    return value
  }

  #value(): JsonValue {
    this.#space()
    const c = this.#text[this.#at]
    switch (c) {
      case undefined:
        throw this.#error('EOF while parsing a value', this.#at)
      case '{':
        return this.#nested(() => this.#object())
      case '[':
        return this.#nested(() => this.#array())
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1
    if (this.#depth > jsonDepthMax) throw this.#error('recursion limit exceeded', this.#at + 1)
    this.#at += 1
    const value = parse()
    this.#depth -= 1
    return value
  }

  #object(): JsonObject {
    const object: Record<string, JsonValue> = {}
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at += 1
      return object
    }
    for (;;) {
      this.#space()
      const c = this.#text[this.#at]
      if (c === undefined) throw this.#error('EOF while parsing an object', this.#at)
      if (c === '}') throw this.#error('trailing comma', this.#at + 1)
      if (c !== '"') throw this.#error('key must be a string', this.#at + 1)
      const key = this.#string()
      this.#space()
      if (this.#at >= this.#text.length) throw this.#error('EOF while parsing an object', this.#at)
      if (this.#text[this.#at] !== ':') throw this.#error('expected `:`', this.#at + 1)
      this.#at += 1
      const value = this.#value()
      // An assignment to __proto__ would set the prototype.
      if (key === '__proto__')
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      else object[key] = value
      this.#space()
      const next = this.#text[this.#at]
      if (next === undefined) throw this.#error('EOF while parsing an object', this.#at)
      this.#at += 1
      if (next === '}') return object
      if (next !== ',') throw this.#error('expected `,` or `}`', this.#at)
    }
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = []
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at += 1
      return array
    }
    for (;;) {
      this.#space()
      if (this.#at >= this.#text.length) throw this.#error('EOF while parsing a list', this.#at)
      if (this.#text[this.#at] === ']') throw this.#error('trailing comma', this.#at + 1)
      array.push(this.#value())
      this.#space()
      const next = this.#text[this.#at]
      if (next === undefined) throw this.#error('EOF while parsing a list', this.#at)
      this.#at += 1
      if (next === ']') return array
      if (next !== ',') throw this.#error('expected `,` or `]`', this.#at)
    }
  }

  #string(): string {
    const start = this.#at
    this.#at += 1
    for (;;) {
      plainText.lastIndex = this.#at
      plainText.exec(this.#text)
      this.#at = plainText.lastIndex
      const c = this.#text[this.#at]
      if (c === undefined) throw this.#error('EOF while parsing a string', this.#at)
      if (c === '"') {
        this.#at += 1
        return this.#unescape(start)
      }
      if (c !== '\\')
        throw this.#error('control character (\\u0000-\\u001F) found while parsing a string', this.#at)
      this.#at += 2
    }
  }

  #unescape(start: number): string {
    const token = this.#text.slice(start, this.#at)
    if (!token.includes('\\')) return token.slice(1, -1)
    try {
      return JSON.parse(token) as string
    } catch {
      throw this.#error('invalid escape', this.#at - 1)
    }
  }

  #word<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++) {
      if (this.#at + i >= this.#text.length) throw this.#error('EOF while parsing a value', this.#at + i)
      if (this.#text[this.#at + i] !== word[i]) throw this.#error('expected ident', this.#at + i + 1)
    }
    this.#at += word.length
    return value
  }

  #number(): JsonValue {
    numberToken.lastIndex = this.#at
    const match = numberToken.exec(this.#text)
    if (match === null) {
      const isSign = this.#text[this.#at] === '-'
      throw this.#error(isSign ? 'invalid number' : 'expected value', this.#at + (isSign ? 2 : 1))
    }
    this.#at = numberToken.lastIndex
    const next = this.#text[this.#at]
    if (next !== undefined && /[0-9.eE]/.test(next))
      throw this.#error('invalid number', this.#at + (next === '.' ? 2 : 1))
    return numberOf(match[0], match[1] !== undefined || match[2] !== undefined)
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return
      this.#at += 1
    }
  }

  /** `column` is the number of characters up to and with the one that is wrong, from the beginning of the text. */
  #error(reason: string, column: number): JsonSyntaxError {
    const before = this.#text.slice(0, column)
    const lineStart = before.lastIndexOf('\n') + 1
    const line = before.split('\n').length
    return new JsonSyntaxError(reason, line, Buffer.byteLength(before.slice(lineStart)))
  }
}

function numberOf(token: string, isFloat: boolean): JsonValue {
  const value = Number(token)
  if (String(value) === token) return value
  if (!isFloat && token !== '-0') return Number.isSafeInteger(value) ? value : BigInt(token)
  return new JsonNumber(token)
}
