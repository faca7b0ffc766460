/** Where a point's payload object stands in the text; empty where it has none. */
export interface Span {
  readonly start: number
  readonly end: number
}

const quote = 34
const backslash = 92
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93

/**
 * The spans of `payload` in the points of `{"points": [ {…}, … ]}`, by one scan of the text. Undefined where the text
 * has another shape, an id or a count that a double might change, or anything else that is better parsed with care.
 */
export function findPayloads(text: string): Span[] | undefined {
  const start = /^\s*\{\s*"points"\s*:\s*\[/.exec(text)
  if (start === null) return undefined
  const spans: Span[] = []
  let at = start[0].length
  for (;;) {
    at = skipSpace(text, at)
    const c = text.charCodeAt(at)
    if (c === closeBracket) break
    if (c !== openBrace) return undefined
    const found = scanPoint(text, at)
    if (found === undefined) return undefined
    spans.push(found.payload)
    at = skipSpace(text, found.end)
    if (text.charCodeAt(at) === 44) at += 1
    else if (text.charCodeAt(at) !== closeBracket) return undefined
  }
  // What stands behind the points (update_filter, …) is parsed with care if it could need it.
  return /"/.test(text.slice(at)) ? undefined : spans
}

function scanPoint(text: string, start: number): { payload: Span; end: number } | undefined {
  let payload: Span = { start: 0, end: 0 }
  let at = start + 1
  for (;;) {
    at = skipSpace(text, at)
    const c = text.charCodeAt(at)
    if (c === closeBrace) return { payload, end: at + 1 }
    if (c === 44) {
      at += 1
      continue
    }
    if (c !== quote) return undefined
    const keyEnd = skipString(text, at)
    const key = text.slice(at + 1, keyEnd - 1)
    at = skipSpace(text, keyEnd)
    if (text.charCodeAt(at) !== 58) return undefined
    at = skipSpace(text, at + 1)
    const end = skipValue(text, at)
    if (end === undefined) return undefined
    if (key === 'payload' && text.charCodeAt(at) === openBrace) payload = { start: at, end }
    else if (key === 'id' && end - at > 15 && text.charCodeAt(at) !== quote) return undefined
    at = end
  }
}

function skipSpace(text: string, at: number): number {
  let i = at
  for (;;) {
    const c = text.charCodeAt(i)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return i
    i += 1
  }
}

/** Behind the closing quote; past the end if there is none. */
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
  if (c === openBracket && isFlatList(text, at)) return text.indexOf(']', at) + 1
  if (c === openBrace || c === openBracket) return skipNested(text, at)
  let i = at
  while (i < text.length) {
    const d = text.charCodeAt(i)
    if (d === 44 || d === closeBrace || d === closeBracket) return i
    i += 1
  }
  return undefined
}

/** A list of numbers: its end is the next bracket. */
function isFlatList(text: string, at: number): boolean {
  const end = text.indexOf(']', at)
  if (end < 0) return false
  const next = text.indexOf('[', at + 1)
  const string = text.indexOf('"', at + 1)
  return (next < 0 || next > end) && (string < 0 || string > end)
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
    if (c === openBrace || c === openBracket) depth += 1
    else if (c === closeBrace || c === closeBracket) {
      depth -= 1
      if (depth === 0) return i + 1
    }
    i += 1
  }
  return undefined
}
