import type { JsonValue } from '../encoding/json.ts'
import { parseUuid } from '../ids/point-id.ts'
import type { Match, MatchValue } from './filter.ts'
import type { PayloadIndexParams } from './payload-index.ts'
import { tokenize } from './tokens.ts'
import { integerOf, sameInteger, wholeOf } from './values.ts'

type ValueTest = (value: JsonValue) => boolean

/** A test of one value (of an array, of one element). What it means may depend on the field's declared index. */
export function compileMatch(match: Match, index: PayloadIndexParams | undefined): ValueTest {
  if ('value' in match) return equals(match.value, index)
  if ('any' in match) {
    const tests = match.any.map((value) => equals(value, index))
    return (value) => tests.some((test) => test(value))
  }
  if ('except' in match) return except(match.except, index)
  if ('text' in match) return text(match.text, index)
  if ('textAny' in match) return textAny(match.textAny, index)
  if ('phrase' in match) return phrase(match.phrase, index)
  return (value) => typeof value === 'string' && value.startsWith(match.prefix)
}

function equals(wanted: MatchValue, index: PayloadIndexParams | undefined): ValueTest {
  if (typeof wanted === 'string') {
    const uuid = index?.type === 'uuid' ? uuidKey(wanted) : undefined
    if (index?.type === 'uuid')
      return (value) => uuid !== undefined && typeof value === 'string' && uuidKey(value) === uuid
    return (value) => value === wanted
  }
  if (typeof wanted === 'boolean') return (value) => value === wanted
  const read = index?.type === 'integer' ? wholeOf : integerOf
  return (value) => {
    const integer = read(value)
    return integer !== undefined && sameInteger(integer, wanted)
  }
}

function uuidKey(text: string): string | undefined {
  const words = parseUuid(text)
  return words === undefined ? undefined : `${words.w0}:${words.w1}:${words.w2}:${words.w3}`
}

/** Anything but the listed values; where the field has an index, anything that the index holds but those. */
function except(
  listed: readonly (string | number | bigint)[],
  index: PayloadIndexParams | undefined,
): ValueTest {
  const tests = listed.map((value) => equals(value, index))
  const isSeen = seenBy(listed, index)
  return (value) => isSeen(value) && !tests.some((test) => test(value))
}

function seenBy(
  listed: readonly (string | number | bigint)[],
  index: PayloadIndexParams | undefined,
): ValueTest {
  const isText = typeof listed[0] === 'string'
  if (index?.type === 'keyword' && (isText || listed.length === 0))
    return (value) => typeof value === 'string'
  if (index?.type === 'uuid' && isText)
    return (value) => typeof value === 'string' && parseUuid(value) !== undefined
  if (index?.type === 'integer' && !isText) return (value) => wholeOf(value) !== undefined
  return () => true
}

/** With a text index: all tokens occur, in any order. Without: a part of the text, letter by letter. */
function text(wanted: string, index: PayloadIndexParams | undefined): ValueTest {
  if (index?.type !== 'text') return (value) => typeof value === 'string' && value.includes(wanted)
  const tokens = tokenize(wanted, index, 'query')
  return (value) => {
    if (typeof value !== 'string' || tokens.length === 0) return false
    const held = new Set(tokenize(value, index, 'document'))
    return tokens.every((token) => held.has(token))
  }
}

function textAny(wanted: string, index: PayloadIndexParams | undefined): ValueTest {
  if (index?.type !== 'text') {
    const parts = wanted.split(/\s+/u).filter((part) => part !== '')
    return (value) => typeof value === 'string' && parts.some((part) => value.includes(part))
  }
  const tokens = tokenize(wanted, index, 'query')
  return (value) => {
    if (typeof value !== 'string') return false
    const held = new Set(tokenize(value, index, 'document'))
    return tokens.some((token) => held.has(token))
  }
}

function phrase(wanted: string, index: PayloadIndexParams | undefined): ValueTest {
  if (index?.type !== 'text') return (value) => typeof value === 'string' && value.includes(wanted)
  if (index.phraseMatching !== true) return () => false
  const tokens = tokenize(wanted, index, 'query')
  return (value) => {
    if (typeof value !== 'string' || tokens.length === 0) return false
    const held = tokenize(value, index, 'document')
    return held.some((_, at) => tokens.every((token, i) => held[at + i] === token))
  }
}
