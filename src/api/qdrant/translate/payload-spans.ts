/** Where a point's payload object stands in the text; empty where it has none. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface PointSpans {
  /** One per point, in order. */
  readonly payloads: readonly Span[]
}

const quote = 34
const comma = 44
const colon = 58
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

/** Deeper payloads are left to the careful parser, which knows the limit. */
const depthMax = 100
/** A double holds every integer of so many digits. */
const idDigitsMax = 15

/**
 * The spans of `payload` in the points of `{"points": [ {…}, … ]}`, by one scan of text that JSON.parse has accepted.
 * Undefined where the text has another shape, an id that a double might change, or anything else that is better parsed
 * with care.
 */
export function findPayloads(text: string): PointSpans | undefined {
  const start = /^\s*\{\s*"points"\s*:\s*\[/.exec(text)
  if (start === null) return undefined
  const payloads: Span[] = []
  let at = skipSpace(text, start[0].length)
  while (text.charCodeAt(at) !== closeBracket) {
    const end = text.charCodeAt(at) === openBrace ? scanPoint(text, at, payloads) : undefined
    if (end === undefined) return undefined
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1)
  }
  // Other fields behind the points (a filter, say) may need care.
  return text.charCodeAt(skipSpace(text, at + 1)) === closeBrace ? { payloads } : undefined
}

/** Behind the point's closing brace. */
function scanPoint(text: string, start: number, payloads: Span[]): number | undefined {
  let payload: Span = { start: 0, end: 0 }
  let at = skipSpace(text, start + 1)
  while (text.charCodeAt(at) === quote) {
    const keyEnd = skipString(text, at)
    const key = text.slice(at + 1, keyEnd - 1)
    // An escape could spell any name.
    if (key.includes('\\')) return undefined
    at = skipSpace(text, keyEnd)
    if (text.charCodeAt(at) !== colon) return undefined
    at = skipSpace(text, at + 1)
    const end = skipValue(text, at)
    if (end === undefined) return undefined
    if (key === 'payload')
      payload = text.charCodeAt(at) === openBrace ? { start: at, end } : { start: 0, end: 0 }
    else if (key === 'id' && text.charCodeAt(at) !== quote && !isPlainInteger(text, at, end)) return undefined
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1)
  }
  payloads.push(payload)
  return text.charCodeAt(at) === closeBrace ? at + 1 : undefined
}

/** Digits only, and few enough: 1.0 and 1e3 are no ids, though JSON.parse makes integers of them. */
function isPlainInteger(text: string, at: number, end: number): boolean {
  if (end - at > idDigitsMax) return false
  for (let i = at; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c < 48 || c > 57) return false
  }
  return true
}

function skipSpace(text: string, at: number): number {
  let i = at
  for (;;) {
    const c = text.charCodeAt(i)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return i
    i += 1
  }
}

/** Behind the closing quote. */
function skipString(text: string, at: number): number {
  let i = at + 1
  for (;;) {
    const end = text.indexOf('"', i)
    if (end < 0) return text.length + 1
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1
    if (slashes % 2 === 0) return end + 1
    i = end + 1
  }
}

function skipValue(text: string, at: number): number | undefined {
  const c = text.charCodeAt(at)
  if (c === quote) return skipString(text, at)
  if (c === openBracket) return skipNumbers(text, at) ?? skipNested(text, at)
  if (c === openBrace) return skipNested(text, at)
  let i = at
  while (i < text.length) {
    const d = text.charCodeAt(i)
    if (d === comma || d === closeBrace || d === closeBracket) return i
    i += 1
  }
  return undefined
}

/** Behind a list that holds nothing but numbers: a vector, mostly. */
function skipNumbers(text: string, at: number): number | undefined {
  const end = text.indexOf(']', at)
  if (end < 0) return undefined
  // The first element tells; a list that mixes is found out when it is decoded.
  const first = text.charCodeAt(skipSpace(text, at + 1))
  const isNumber = first === 45 || (first >= 48 && first <= 57)
  return isNumber && hasNoNesting(text, at + 1, end) ? end + 1 : undefined
}

function hasNoNesting(text: string, from: number, end: number): boolean {
  const string = text.indexOf('"', from)
  if (string >= 0 && string < end) return false
  const list = text.indexOf('[', from)
  if (list >= 0 && list < end) return false
  const object = text.indexOf('{', from)
  return object < 0 || object > end
}

function skipNested(text: string, at: number): number | undefined {
  let depth = 0
  let i = at
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      i = skipString(text, i)
      continue
    }
    if (c === openBrace || c === openBracket) {
      depth += 1
      if (depth > depthMax) return undefined
    } else if (c === closeBrace || c === closeBracket) {
      depth -= 1
      if (depth === 0) return i + 1
    }
    i += 1
  }
  return undefined
}
