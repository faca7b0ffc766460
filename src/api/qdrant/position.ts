import { JsonSyntaxError } from '../../index.ts'
import type { DecodeError } from './decode.ts'

/** ` at line L column C` as serde_json gives it, or nothing where it has none. `text` is valid JSON. */
export function positionOf(text: string, error: DecodeError): string {
  const at = offsetOf(text, error)
  return at === undefined ? '' : syntaxError('', text, at).message
}

/** How many characters had been read when the error was found. */
function offsetOf(text: string, { path, place }: DecodeError): number | undefined {
  // What is judged as a whole, at the top, has no position.
  if (place === 'after' && path.length === 0) return undefined
  let start = skipSpace(text, 0)
  const parents = place === 'name' ? path.slice(0, -1) : path
  for (const step of parents) start = childOf(text, start, step)
  if (place === 'name') return endOf(text, nameOf(text, start, String(path.at(-1))))
  const isNested = text[start] === '{' || text[start] === '['
  switch (place) {
    case 'value':
      return isNested ? start : endOf(text, start)
    case 'end':
      return endOf(text, start)
    case 'first':
      return text[start] === '{' ? start + 2 : start + 1
    case 'after':
      return behind(text, endOf(text, start), typeof path[path.length - 1] === 'number')
  }
}

/** A reader that finds fault with a value looks once more for the end of the list or map around it. */
function behind(text: string, end: number, isInList: boolean): number {
  const at = skipSpace(text, end)
  const next = text[at]
  if (next === '}' || next === ']') return at + 1
  return isInList && next === ',' ? skipSpace(text, at + 1) : at
}

/** Where the name of a member stands, or the end of the object without it. */
function nameOf(text: string, start: number, name: string): number {
  let at = skipSpace(text, start + 1)
  while (text[at] === '"') {
    const keyEnd = endOf(text, at)
    if (JSON.parse(text.slice(at, keyEnd)) === name) break
    at = skipSpace(text, endOf(text, skipSpace(text, skipSpace(text, keyEnd) + 1)))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return at
}

function childOf(text: string, start: number, step: string | number): number {
  let at = skipSpace(text, start + 1)
  let found = at
  for (let index = 0; text[at] !== '}' && text[at] !== ']' && at < text.length; index++) {
    let key: string | number = index
    if (text[start] === '{') {
      const keyEnd = endOf(text, at)
      key = JSON.parse(text.slice(at, keyEnd)) as string
      at = skipSpace(text, skipSpace(text, keyEnd) + 1)
    }
    // Of members with the same name the last one counts.
    if (key === step) found = at
    at = skipSpace(text, endOf(text, at))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

const scalar = /[^\s,\]}]*/y

function endOf(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first !== '{' && first !== '[') {
    scalar.lastIndex = start
    scalar.exec(text)
    return scalar.lastIndex
  }
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const c = text[at]
    if (c === '"') at = endOfString(text, at) - 1
    else if (c === '{' || c === '[') depth += 1
    else if (c === '}' || c === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return text.length
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (' \n\r\t'.includes(text[at] ?? 'x')) at += 1
  return at
}

/** A field of the outermost object that stands there twice: serde refuses it, other readers take the last one. */
export function findDuplicate(text: string, fields: readonly string[]): JsonSyntaxError | undefined {
  const found = doubledIn(text, skipSpace(text, 0), fields)
  return found === undefined
    ? undefined
    : syntaxError(`duplicate field \`${found.name}\``, text, found.nameEnd)
}

const clauses = ['should', 'min_should', 'must', 'must_not']

/**
 * A filter that stands twice in a read, or a clause that stands twice in it. Such a request is gathered before it is
 * judged, so that its end is named. `text` is valid JSON.
 */
export function findDuplicateInRead(text: string): JsonSyntaxError | undefined {
  const start = skipSpace(text, 0)
  if (text[start] !== '{') return undefined
  const name = nameOf(text, start, 'filter')
  const filter = skipSpace(text, skipSpace(text, endOf(text, name)) + 1)
  const inside = text[name] === '"' ? doubledIn(text, filter, clauses) : undefined
  const found = doubledIn(text, start, ['filter']) ?? inside
  return found === undefined
    ? undefined
    : syntaxError(`duplicate field \`${found.name}\``, text, endOf(text, start))
}

/** Whether it is worth to look for a duplicate: few texts hold one of the names twice. */
export function mayHaveDuplicate(text: string): boolean {
  return ['filter', ...clauses].some((name) => standsTwice(text, `"${name}"`))
}

function standsTwice(text: string, part: string): boolean {
  const first = text.indexOf(part)
  return first >= 0 && text.indexOf(part, first + 1) >= 0
}

/** In the object that begins at `start`, if one does. */
function doubledIn(
  text: string,
  start: number,
  fields: readonly string[],
): { readonly name: string; readonly nameEnd: number } | undefined {
  const seen = new Set<string>()
  if (text[start] !== '{') return undefined
  let at = skipSpace(text, start + 1)
  while (text[at] === '"') {
    const keyEnd = endOf(text, at)
    const key = JSON.parse(text.slice(at, keyEnd)) as string
    if (seen.has(key) && fields.includes(key)) return { name: key, nameEnd: keyEnd }
    seen.add(key)
    at = skipSpace(text, endOf(text, skipSpace(text, skipSpace(text, keyEnd) + 1)))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return undefined
}

/** A number too large for a double, which serde refuses. `text` is valid JSON. */
export function findInfinite(text: string): JsonSyntaxError | undefined {
  // Every request comes by here: two looks that skip over digits, instead of an expression that counts them from each.
  if (!/[eE]\+?\d{3}/.test(text) && !hasLongNumber(text)) return undefined
  const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0].startsWith('"') || Number.isFinite(Number(match[0]))) continue
    return syntaxError('number out of range', text, token.lastIndex)
  }
  return undefined
}

// A double has 309 digits before its point at most.
const infiniteDigits = 309

/** Whether so many digits stand one behind the other: such a run has one at a multiple of that. */
function hasLongNumber(text: string): boolean {
  for (let at = infiniteDigits - 1; at < text.length; at += infiniteDigits) {
    let start = at
    let end = at
    while (isDigit(text, start - 1)) start -= 1
    while (isDigit(text, end)) end += 1
    if (end - start >= infiniteDigits) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** Half of a surrogate pair, which serde refuses and JSON.parse lets pass. `text` is valid JSON. */
export function findLoneSurrogate(text: string): JsonSyntaxError | undefined {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return undefined
  const escape =
    /\\(?:u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|u([dD][c-fC-F][0-9a-fA-F]{2})|[^])/g
  for (let match = escape.exec(text); match !== null; match = escape.exec(text)) {
    const [, high, low, lone] = match
    if (lone !== undefined) return syntaxError('lone leading surrogate in hex escape', text, escape.lastIndex)
    if (high !== undefined && low === undefined) {
      return syntaxError('unexpected end of hex escape', text, escape.lastIndex + 1)
    }
  }
  return undefined
}

function syntaxError(reason: string, text: string, at: number): JsonSyntaxError {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  return new JsonSyntaxError(reason, before.split('\n').length, Buffer.byteLength(before.slice(lineStart)))
}
