// JSON as bytes, read in place. Each function gives where the text goes on, or -1 for what is no JSON or is better parsed with
// care: numbers that a double may not hold, escapes of surrogates, deep nesting. A parser that says what is wrong comes then.
// Bytes beyond the end read as undefined, which no comparison takes for anything.

const quote = 34
const plus = 43
const comma = 44
const minus = 45
const dot = 46
const zero = 48
const nine = 57
const colon = 58
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
const letterD = 100
const letterE = 101
const letterU = 117

const depthMax = 100
const exponentDigitsMax = 2
const numberBytesMax = 300

const escapes = new Set(Buffer.from('"\\/bfnrt'))
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word))

/** Where something else than space stands. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at
  for (;;) {
    const c = bytes[i]
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return i
    i += 1
  }
}

/** A string from its opening quote on. */
export function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== quote) return -1
  for (let i = at + 1; i < bytes.length; i++) {
    const c = bytes[i]!
    if (c === quote) return i + 1
    if (c < 32) return -1
    if (c === backslash) {
      i = endOfEscape(bytes, i + 1)
      if (i < 0) return -1
    }
  }
  return -1
}

/** The place of its last character. */
function endOfEscape(bytes: Uint8Array, at: number): number {
  const c = bytes[at]!
  if (c !== letterU) return escapes.has(c) ? at : -1
  for (let i = at + 1; i <= at + 4; i++) if (!isHex(bytes[i]!)) return -1
  const isSurrogate = (bytes[at + 1]! | 32) === letterD && bytes[at + 2]! > zero + 7
  return isSurrogate ? -1 : at + 4
}

function isHex(c: number): boolean {
  const letter = c | 32
  return isDigit(c) || (letter >= 97 && letter <= 102)
}

const isDigit = (c: number): boolean => c >= zero && c <= nine

/** An object from its opening brace on. */
export function skipObject(bytes: Uint8Array, at: number, depth = 0): number {
  if (bytes[at] !== openBrace || depth === depthMax) return -1
  let i = skipSpace(bytes, at + 1)
  if (bytes[i] === closeBrace) return i + 1
  for (;;) {
    i = skipName(bytes, i)
    if (i < 0) return -1
    i = skipValue(bytes, i, depth + 1)
    if (i < 0) return -1
    i = skipSpace(bytes, i)
    if (bytes[i] === closeBrace) return i + 1
    if (bytes[i] !== comma) return -1
    i = skipSpace(bytes, i + 1)
  }
}

/** A member's name with the colon and the space behind it. */
export function skipName(bytes: Uint8Array, at: number): number {
  const end = skipString(bytes, at)
  if (end < 0) return -1
  const i = skipSpace(bytes, end)
  return bytes[i] === colon ? skipSpace(bytes, i + 1) : -1
}

/** Any value. */
export function skipValue(bytes: Uint8Array, at: number, depth = 0): number {
  const c = bytes[at]!
  if (c === quote) return skipString(bytes, at)
  if (c === openBrace) return skipObject(bytes, at, depth)
  if (c === openBracket) return skipList(bytes, at, depth)
  if (c === minus || isDigit(c)) return skipNumber(bytes, at)
  return skipWord(bytes, at)
}

function skipList(bytes: Uint8Array, at: number, depth: number): number {
  if (depth === depthMax) return -1
  let i = skipSpace(bytes, at + 1)
  if (bytes[i] === closeBracket) return i + 1
  for (;;) {
    i = skipValue(bytes, i, depth + 1)
    if (i < 0) return -1
    i = skipSpace(bytes, i)
    if (bytes[i] === closeBracket) return i + 1
    if (bytes[i] !== comma) return -1
    i = skipSpace(bytes, i + 1)
  }
}

function skipNumber(bytes: Uint8Array, at: number): number {
  const first = bytes[at] === minus ? at + 1 : at
  let i = skipDigits(bytes, first)
  if (i === first || (bytes[first] === zero && i > first + 1)) return -1
  if (bytes[i] === dot) {
    const fraction = i + 1
    i = skipDigits(bytes, fraction)
    if (i === fraction) return -1
  }
  if ((bytes[i]! | 32) === letterE) {
    const exponent = bytes[i + 1] === plus || bytes[i + 1] === minus ? i + 2 : i + 1
    i = skipDigits(bytes, exponent)
    if (i === exponent || i - exponent > exponentDigitsMax) return -1
  }
  return i - at > numberBytesMax ? -1 : i
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let i = at
  while (isDigit(bytes[i]!)) i += 1
  return i
}

function skipWord(bytes: Uint8Array, at: number): number {
  for (const word of words) {
    if (word.every((c, i) => bytes[at + i] === c)) return at + word.length
  }
  return -1
}
