import type { JsonValue } from '../encoding/json.ts'
import { parseUuid } from '../ids/point-id.ts'
import type { Match, MatchValue } from './filter.ts'
import type { PayloadIndexParams } from './payload-index.ts'
import { isArray } from './payload-path.ts'
import { tokenize } from './tokens.ts'
import { canonicalInteger, integerOf, wholeOf } from './values.ts'

/** A test of one value; of an array it sees each element. */
export type ValueTest = (value: JsonValue) => boolean
/** A test of all that a path reaches in one payload. */
export type ValuesTest = (values: readonly JsonValue[]) => boolean

type Listed = readonly (string | number | bigint)[]

/** What a match means may depend on the field's declared index. */
export function compileMatch(match: Match, index: PayloadIndexParams | undefined): ValuesTest {
  if ('value' in match) return anyValue(equals(match.value, index))
  if ('any' in match) return anyValue(isOneOf(match.any, index))
  if ('except' in match) return anyValue(isExcept(match.except, index))
  if ('prefix' in match) {
    return anyValue((value) => typeof value === 'string' && value.startsWith(match.prefix))
  }
  return index?.type === 'text' ? compileTextMatch(match, index) : compileSubstringMatch(match)
}

/** Passes if one of the values does, or one element of an array among them. */
export function anyValue(test: ValueTest): ValuesTest {
  return (values) => {
    for (const value of values) if (isArray(value) ? value.some(test) : test(value)) return true
    return false
  }
}

function equals(wanted: MatchValue, index: PayloadIndexParams | undefined): ValueTest {
  return typeof wanted === 'boolean' ? (value) => value === wanted : isOneOf([wanted], index)
}

function isOneOf(listed: Listed, index: PayloadIndexParams | undefined): ValueTest {
  const uuids = index?.type === 'uuid' ? uuidsOf(listed) : undefined
  if (uuids !== undefined) {
    return (value) => {
      const key = typeof value === 'string' ? uuidKey(value) : undefined
      return key !== undefined && uuids.has(key)
    }
  }
  const wanted = new Set<string | number | bigint>()
  for (const item of listed) {
    const key = typeof item === 'string' ? item : canonicalInteger(item)
    if (key !== undefined) wanted.add(key)
  }
  const readInteger = holdsIntegers(index) ? wholeOf : integerOf
  return (value) => {
    if (typeof value === 'string') return wanted.has(value)
    const integer = readInteger(value)
    return integer !== undefined && wanted.has(integer)
  }
}

/** An integer index answers matches unless it was declared for ranges only. */
function holdsIntegers(index: PayloadIndexParams | undefined): boolean {
  return index?.type === 'integer' && index.lookup !== false
}

/** One text for all spellings of a UUID; undefined for other texts. */
export function uuidKey(text: string): string | undefined {
  const words = parseUuid(text)
  if (words === undefined) return undefined
  return String.fromCharCode(
    ...[words.w0, words.w1, words.w2, words.w3].flatMap((word) => [word >>> 16, word & 0xffff]),
  )
}

/** The keys of a list of UUIDs; undefined if one is none: then an index for UUIDs has no say. */
export function uuidsOf(listed: Listed): ReadonlySet<string> | undefined {
  const keys = new Set<string>()
  for (const text of listed) {
    const key = typeof text === 'string' ? uuidKey(text) : undefined
    if (key === undefined) return undefined
    keys.add(key)
  }
  return keys
}

/** Anything but the listed values and null; where an index answers, anything that it holds but those. */
function isExcept(listed: Listed, index: PayloadIndexParams | undefined): ValueTest {
  const isListed = isOneOf(listed, index)
  const isSeen = seenBy(listed, index)
  return (value) => isSeen(value) && !isListed(value)
}

function seenBy(listed: Listed, index: PayloadIndexParams | undefined): ValueTest {
  const isText = listed.every((item) => typeof item === 'string')
  if (index?.type === 'keyword' && isText) return (value) => typeof value === 'string'
  if (index?.type === 'uuid' && uuidsOf(listed) !== undefined) {
    return (value) => typeof value === 'string' && parseUuid(value) !== undefined
  }
  if (holdsIntegers(index) && !isText) return (value) => wholeOf(value) !== undefined
  return (value) => value !== null
}

type TextMatch = Extract<Match, { text: string } | { textAny: string } | { phrase: string }>

/** With a text index the tokens of all the field's values count together; a phrase stands in one of them. */
function compileTextMatch(match: TextMatch, index: PayloadIndexParams): ValuesTest {
  if ('phrase' in match) return compilePhrase(match.phrase, index)
  const isAny = 'textAny' in match
  const wanted = [...new Set(tokenize(isAny ? match.textAny : match.text, index, 'query'))]
  if (wanted.length === 0) return () => false
  return (values) => {
    const held = new Set<string>()
    for (const text of textsOf(values)) for (const token of tokenize(text, index, 'document')) held.add(token)
    return isAny ? wanted.some((token) => held.has(token)) : wanted.every((token) => held.has(token))
  }
}

function compilePhrase(text: string, index: PayloadIndexParams): ValuesTest {
  const wanted = index.phraseMatching === true ? tokenize(text, index, 'document') : []
  if (wanted.length === 0) return () => false
  return anyValue((value) => {
    if (typeof value !== 'string') return false
    const held = tokenize(value, index, 'document')
    return held.some((_, at) => wanted.every((token, i) => held[at + i] === token))
  })
}

function* textsOf(values: readonly JsonValue[]): Iterable<string> {
  for (const value of values) {
    if (typeof value === 'string') yield value
    else if (isArray(value)) for (const item of value) if (typeof item === 'string') yield item
  }
}

/** Without a text index: a part of the text, letter by letter; for textAny, one of the words. */
function compileSubstringMatch(match: TextMatch): ValuesTest {
  const parts =
    'textAny' in match
      ? match.textAny.split(/\s+/u).filter((part) => part !== '')
      : ['text' in match ? match.text : match.phrase]
  return anyValue((value) => typeof value === 'string' && parts.some((part) => value.includes(part)))
}
