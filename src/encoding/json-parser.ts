import { JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'
import { jsonDepthMax } from './json-scan.ts'

/** Text that is no JSON. Line and column count from 1, in bytes; the wording is serde_json's. */
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

// Powers that are exact doubles: a mantissa below 2^53 divided by one is the nearest double to the decimal.
const powers = Array.from({ length: 23 }, (_, n) => 10 ** n)

/** Exact, and it says what is wrong and where: slower than JSON.parse. */
export class JsonParser {
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
    const c = this.#text.charCodeAt(this.#at)
    if (c === 34) return this.#string()
    if (c === 45 || isDigit(c)) return this.#number()
    if (c === 123) return this.#object()
    if (c === 91) return this.#array()
    if (c === 116) return this.#word('true', true)
    if (c === 102) return this.#word('false', false)
    if (c === 110) return this.#word('null', null)
    if (this.#isEnd()) throw this.#error('EOF while parsing a value', this.#at)
    throw this.#error('expected value', this.#at + 1)
  }

  #enter(): void {
    this.#at += 1
    this.#depth += 1
    if (this.#depth > jsonDepthMax) throw this.#error('recursion limit exceeded', this.#at)
    this.#space()
  }

  #leave(): void {
    this.#at += 1
    this.#depth -= 1
  }

  #object(): JsonObject {
    const object: Record<string, JsonValue> = {}
    this.#enter()
    if (this.#text.charCodeAt(this.#at) === 125) {
      this.#leave()
      return object
    }
    for (;;) {
      const key = this.#key()
      const value = this.#value()
      // An assignment to __proto__ would set the prototype.
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      } else object[key] = value
      this.#space()
      const next = this.#text.charCodeAt(this.#at)
      if (next === 125) {
        this.#leave()
        return object
      }
      if (next !== 44) throw this.#unexpected('EOF while parsing an object', 'expected `,` or `}`')
      this.#at += 1
      this.#space()
      if (this.#text.charCodeAt(this.#at) === 125) throw this.#error('trailing comma', this.#at + 1)
    }
  }

  /** With the colon behind it. */
  #key(): string {
    if (this.#text.charCodeAt(this.#at) !== 34) {
      throw this.#unexpected(
        this.#text.charCodeAt(this.#at - 1) === 44
          ? 'EOF while parsing a value'
          : 'EOF while parsing an object',
        'key must be a string',
      )
    }
    const key = this.#string()
    this.#space()
    if (this.#text.charCodeAt(this.#at) !== 58) {
      throw this.#unexpected('EOF while parsing an object', 'expected `:`')
    }
    this.#at += 1
    return key
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = []
    this.#enter()
    if (this.#text.charCodeAt(this.#at) === 93) {
      this.#leave()
      return array
    }
    if (this.#isEnd()) throw this.#error('EOF while parsing a list', this.#at)
    for (;;) {
      array.push(this.#value())
      this.#space()
      const next = this.#text.charCodeAt(this.#at)
      if (next === 93) {
        this.#leave()
        return array
      }
      if (next !== 44) throw this.#unexpected('EOF while parsing a list', 'expected `,` or `]`')
      this.#at += 1
      this.#space()
      if (this.#text.charCodeAt(this.#at) === 93) throw this.#error('trailing comma', this.#at + 1)
    }
  }

  #string(): string {
    const start = this.#at + 1
    let isPlain = true
    for (let i = start; ; i++) {
      const c = this.#text.charCodeAt(i)
      if (c === 34) {
        this.#at = i + 1
        const inner = this.#text.slice(start, i)
        return isPlain ? inner : (JSON.parse(`"${inner}"`) as string)
      }
      if (c === 92) {
        isPlain = false
        i = this.#escape(i + 1)
      } else if (!(c >= 32)) {
        if (i >= this.#text.length) throw this.#error('EOF while parsing a string', i)
        throw this.#error('control character (\\u0000-\\u001F) found while parsing a string', i + 1)
      }
    }
  }

  /** Checks the escape whose letter is at `at`; gives the place of its last character. */
  #escape(at: number): number {
    const c = this.#text[at]
    if (c === undefined) throw this.#error('EOF while parsing a string', at)
    if (c !== 'u') {
      if (!'"\\/bfnrt'.includes(c)) throw this.#error('invalid escape', at + 1)
      return at
    }
    const first = this.#hex(at + 1)
    if (first >= 0xdc00 && first <= 0xdfff) throw this.#error('lone leading surrogate in hex escape', at + 5)
    if (first < 0xd800 || first > 0xdbff) return at + 4
    if (this.#text[at + 5] !== '\\') throw this.#error('unexpected end of hex escape', at + 6)
    if (this.#text[at + 6] !== 'u') throw this.#error('unexpected end of hex escape', at + 7)
    const second = this.#hex(at + 7)
    if (second >= 0xdc00 && second <= 0xdfff) return at + 10
    throw this.#error('lone leading surrogate in hex escape', at + 11)
  }

  #hex(at: number): number {
    const digits = this.#text.slice(at, at + 4)
    if (/^[0-9a-fA-F]{4}$/.test(digits)) return Number.parseInt(digits, 16)
    if (at + 4 > this.#text.length) throw this.#error('EOF while parsing a string', this.#text.length)
    throw this.#error('invalid escape', at + 4)
  }

  #word<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      const at = this.#at + i
      if (at >= this.#text.length) throw this.#error('EOF while parsing a value', at)
      if (this.#text[at] !== word[i]) throw this.#error('expected ident', at + 1)
    }
    this.#at += word.length
    return value
  }

  #number(): JsonValue {
    const start = this.#at
    const isNegative = this.#text.charCodeAt(start) === 45
    if (isNegative) this.#at += 1
    const first = this.#at
    this.#digits()
    if (this.#text.charCodeAt(first) === 48 && this.#at > first + 1)
      throw this.#error('invalid number', first + 2)
    const whole = this.#at
    if (this.#text.charCodeAt(this.#at) === 46) {
      this.#at += 1
      this.#digits()
    }
    const end = this.#at
    if ((this.#text.charCodeAt(end) | 32) === 101) {
      this.#at += 1
      const sign = this.#text.charCodeAt(this.#at)
      if (sign === 43 || sign === 45) this.#at += 1
      this.#digits()
    } else {
      const simple = this.#simple(first, whole, end, isNegative)
      if (simple !== undefined) return simple
    }
    return this.#exact(this.#text.slice(start, this.#at), this.#at === whole)
  }

  #digits(): void {
    const from = this.#at
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1
    if (this.#at > from) return
    throw this.#unexpected('EOF while parsing a value', 'invalid number')
  }

  /** Numbers of up to 15 digits that a double writes just so; undefined for the others. */
  #simple(first: number, whole: number, end: number, isNegative: boolean): number | undefined {
    const fraction = end === whole ? 0 : end - whole - 1
    if (end - first - (fraction > 0 ? 1 : 0) > 15) return undefined
    if (fraction > 0 && this.#text.charCodeAt(end - 1) === 48) return undefined
    let mantissa = 0
    for (let i = first; i < end; i++) {
      if (i !== whole) mantissa = mantissa * 10 + this.#text.charCodeAt(i) - 48
    }
    if (mantissa === 0 && isNegative) return undefined
    const value = mantissa / powers[fraction]!
    if (fraction > 0 && value < 1e-6) return undefined
    return isNegative ? -value : value
  }

  #exact(token: string, isInteger: boolean): JsonValue {
    const value = Number(token)
    if (!Number.isFinite(value)) throw this.#error('number out of range', this.#at)
    if (isInteger && token !== '-0') return Number.isSafeInteger(value) ? value : BigInt(token)
    return String(value) === token ? value : new JsonNumber(token)
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return
      this.#at += 1
    }
  }

  #isEnd(): boolean {
    return this.#at >= this.#text.length
  }

  #unexpected(atEnd: string, elsewhere: string): JsonSyntaxError {
    return this.#isEnd() ? this.#error(atEnd, this.#at) : this.#error(elsewhere, this.#at + 1)
  }

  #error(reason: string, end: number): JsonSyntaxError {
    return jsonSyntaxError(reason, this.#text, end)
  }
}

/** `end`: how many characters of the text there are up to and with the one that is wrong. */
export function jsonSyntaxError(reason: string, text: string, end: number): JsonSyntaxError {
  const before = text.slice(0, end)
  const lastLine = before.slice(before.lastIndexOf('\n') + 1)
  // Of a character that is wrong only the first byte has been read.
  const isReadWhole = lastLine === '' || reason.startsWith('EOF')
  const column = isReadWhole ? Buffer.byteLength(lastLine) : Buffer.byteLength(lastLine.slice(0, -1)) + 1
  return new JsonSyntaxError(reason, before.split('\n').length, column)
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57
}
