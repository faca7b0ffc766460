import { describe, expect, test } from 'vitest'
import { parseJson } from '../../index.ts'
import {
  boolean,
  DecodeError,
  defaulted,
  gathered,
  list,
  oneOf,
  optional,
  required,
  struct,
  text,
  u32,
  untagged,
  usize,
  type Decoder,
} from './decode.ts'
import { findDuplicate, findInfinite, findLoneSurrogate, positionOf } from './position.ts'

/** What a decoder says of a text, with the place, as a client reads it; undefined if nothing. */
function complaint<T>(source: string, decoder: Decoder<T>): string | undefined {
  try {
    decoder(parseJson(source))
    return undefined
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return error.message + positionOf(source, error)
  }
}

const inner = struct('Inner', { m: optional(usize), deep: defaulted(boolean) })
const outer = struct('Outer', { name: required(text), inner: optional(inner), size: optional(u32) })

describe('errors name the place that serde names', () => {
  test('a scalar of the wrong type or value: its end', () => {
    expect(complaint('{"name":5}', outer)).toBe(
      'invalid type: integer `5`, expected a string at line 1 column 9',
    )
    expect(complaint('{"name":"x","inner":{"m":-1}}', outer)).toBe(
      'invalid value: integer `-1`, expected usize at line 1 column 27',
    )
    expect(complaint('{"name":"x","size":1.5}', outer)).toBe(
      'invalid type: floating point `1.5`, expected u32 at line 1 column 22',
    )
  })

  test('a list or map of the wrong type: where it begins', () => {
    expect(complaint('{"name":[]}', outer)).toBe(
      'invalid type: sequence, expected a string at line 1 column 8',
    )
  })

  test('a missing field: the end of the struct', () => {
    expect(complaint('{"inner":{}}', outer)).toBe('missing field `name` at line 1 column 12')
  })

  test('lines are counted, and columns in bytes', () => {
    expect(complaint('{\n "name": "ü",\n "size": "ä"}', outer)).toBe(
      'invalid type: string "ä", expected u32 at line 3 column 13',
    )
  })

  test('what is judged as a whole: behind it and the bracket around it', () => {
    const either = untagged<number | boolean>('Either', usize, boolean)
    const holder = struct('Holder', { one: required(either), more: optional(list(either)) })
    const why = 'data did not match any variant of untagged enum Either'
    expect(complaint('{"one":"x"}', holder)).toBe(`${why} at line 1 column 11`)
    expect(complaint('{"one":"x","more":[]}', holder)).toBe(`${why} at line 1 column 10`)
    expect(complaint('{"one":1,"more":[1,"x"]}', holder)).toBe(`${why} at line 1 column 23`)
    expect(complaint('"x"', either)).toBe(why)
  })

  test('fields that are gathered first: the end of the whole', () => {
    const request = gathered('Request', { limit: optional(usize) })
    expect(complaint('{"limit":-1,"x":2}', request)).toBe(
      'invalid value: integer `-1`, expected usize at line 1 column 18',
    )
    expect(complaint('[1]', request)).toBe(
      'invalid type: sequence, expected struct Request at line 1 column 0',
    )
  })
})

test('a struct may be the sequence of its fields', () => {
  expect(outer(parseJson('["x",[7]]'.replace(']]', '],1]')))).toEqual({
    name: 'x',
    inner: { m: 7, deep: undefined },
    size: 1,
  })
  expect(complaint('[]', outer)).toBe(
    'invalid length 0, expected struct Outer with 3 elements at line 1 column 2',
  )
})

test('unknown variants are told with those that there are', () => {
  expect(complaint('"up"', oneOf('asc', 'desc'))).toBe(
    'unknown variant `up`, expected `asc` or `desc` at line 1 column 4',
  )
  expect(complaint('7', oneOf('a', 'b', 'c'))).toBe('expected value at line 1 column 1')
})

test('what JSON.parse lets pass and serde does not', () => {
  expect(findDuplicate('{"a":1,"b":{"a":2},"a":3}', ['a'])?.message).toBe(
    'duplicate field `a` at line 1 column 22',
  )
  expect(findDuplicate('{"a":1,"b":{"a":2}}', ['a'])).toBeUndefined()
  expect(findInfinite('{"a":"1e999","b":1e400}')?.message).toBe('number out of range at line 1 column 22')
  expect(findInfinite('[1e300,"1e400"]')).toBeUndefined()
  // Digits alone, wherever they begin: 309 of them may be too many for a double, 308 are not.
  for (let space = 0; space < 700; space += 7) {
    const digits = (count: number) => `[${' '.repeat(space)}1,${'9'.repeat(count)}]`
    expect(findInfinite(digits(309))?.message).toBe(`number out of range at line 1 column ${space + 312}`)
    expect(findInfinite(digits(308))).toBeUndefined()
    expect(findInfinite(`[${' '.repeat(space)}1E+0400]`)).toBeDefined()
  }
  expect(findLoneSurrogate('{"a":"\\ud800"}')?.message).toBe(
    'unexpected end of hex escape at line 1 column 13',
  )
  expect(findLoneSurrogate('{"a":"\\ud83c\\udf35 \\\\ud800"}')).toBeUndefined()
})
