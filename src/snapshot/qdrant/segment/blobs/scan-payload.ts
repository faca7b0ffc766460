import { isUtf8 } from 'node:buffer'
import { jsonDepthMax } from '../../../../encoding/json-scan.ts'

const quote = 34
const comma = 44
const minus = 45
const zero = 48
const backslash = 92
/** Of one number: below that no double is out of range. */
const digitsMax = 300

type State = 'value' | 'value or end' | 'key' | 'key or end' | 'after'

/** Of each level, whether it is an object; of one scan at a time. */
const isObject = new Uint8Array(jsonDepthMax + 1)

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word))

/**
 * Whether the bytes are a JSON object, without making its values: `unsure` for everything that is not, and for the
 * rare things (exponents, `\u` escapes) that the parser has to look at.
 */
export function scanPayload(bytes: Uint8Array): 'object' | 'empty' | 'unsure' {
  const found = scanText(bytes, 0, bytes.length)
  return found !== 'unsure' && isUtf8(bytes) ? found : 'unsure'
}

/**
 * The same for the bytes from `start` to `end`, behind which must be a byte 0 or nothing; but for whether they are UTF-8.
 * What is an object begins and ends with a byte below 128: several are UTF-8 if all together are.
 */
export function scanText(bytes: Uint8Array, start: number, end: number): 'object' | 'empty' | 'unsure' {
  if (start === end || bytes[start] !== 123) return 'unsure'
  let depth = 0
  let state: State = 'value'
  let hasMember = false
  let i = start
  for (;;) {
    i = afterSpace(bytes, i)
    if (i >= end) return 'unsure'
    const c = bytes[i]!
    if ((c === 125 && state === 'key or end') || (c === 93 && state === 'value or end')) {
      depth -= 1
      i += 1
      state = 'after'
    } else if (state === 'key' || state === 'key or end') {
      i = afterSpace(bytes, c === quote ? afterString(bytes, i + 1) : end)
      if (bytes[i] !== 58) return 'unsure'
      i += 1
      hasMember = true
      state = 'value'
    } else if (state === 'after') {
      if (c === comma) state = isObject[depth] === 1 ? 'key' : 'value'
      else if (c === (isObject[depth] === 1 ? 125 : 93)) depth -= 1
      else return 'unsure'
      i += 1
    } else if (c === 123 || c === 91) {
      depth += 1
      if (depth > jsonDepthMax) return 'unsure'
      isObject[depth] = c === 123 ? 1 : 0
      state = c === 123 ? 'key or end' : 'value or end'
      i += 1
    } else {
      i = afterScalar(bytes, i, c)
      state = 'after'
    }
    if (i === -1) return 'unsure'
    if (depth === 0) break
  }
  if (afterSpace(bytes, i) !== end) return 'unsure'
  return hasMember ? 'object' : 'empty'
}

function afterSpace(bytes: Uint8Array, from: number): number {
  if (from === -1) return bytes.length
  let i = from
  while (bytes[i] === 32 || bytes[i] === 10 || bytes[i] === 13 || bytes[i] === 9) i++
  return i
}

/** Where it goes on behind a text, number or word; -1 if that is not sure. */
function afterScalar(bytes: Uint8Array, from: number, c: number): number {
  if (c === quote) return afterString(bytes, from + 1)
  if (c === minus || isDigit(c)) return afterNumber(bytes, from)
  for (const word of words) {
    let same = 0
    while (same < word.length && bytes[from + same] === word[same]) same++
    if (same === word.length) return from + same
  }
  return -1
}

function afterString(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const c = bytes[i]!
    if (c === quote) return i + 1
    if (c < 32) return -1
    if (c !== backslash) continue
    i += 1
    // One of "\/bfnrt
    const e = bytes[i]
    if (e !== 34 && e !== 92 && e !== 47 && e !== 98 && e !== 102 && e !== 110 && e !== 114 && e !== 116)
      return -1
  }
  return -1
}

function afterNumber(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === minus ? from + 1 : from
  let i = afterDigits(bytes, first)
  if (i === first || (bytes[first] === zero && i > first + 1)) return -1
  if (bytes[i] === 46) {
    const fraction = i + 1
    i = afterDigits(bytes, fraction)
    if (i === fraction) return -1
  }
  const isExponent = bytes[i] === 101 || bytes[i] === 69
  return isExponent || i - from > digitsMax ? -1 : i
}

function afterDigits(bytes: Uint8Array, from: number): number {
  let i = from
  while (i < bytes.length && isDigit(bytes[i]!)) i++
  return i
}

function isDigit(c: number): boolean {
  return c >= zero && c <= 57
}
