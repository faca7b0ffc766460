import { describe, expect, test } from 'vitest'
import { parseJson, stringifyJson, type JsonValue } from '../../encoding/json.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import { compileFilter } from '../compile-filter.ts'
import { compileValueTest } from './compile-expression.ts'
import { parseMicroseconds } from '../datetime.ts'
import type { Filter } from '../filter.ts'
import type { Comparison, Literal, Operand, Reference, RowExpression } from './expression.ts'

const field = (name: string, type: Reference['type'], ...rest: (string | number)[]): Reference => ({
  kind: 'reference',
  path: [name, ...rest],
  type,
})
const dynamic = (...path: (string | number)[]): Reference => ({
  kind: 'reference',
  path,
  type: 'json',
  columnSteps: 0,
})
const int = (value: number | bigint): Literal => ({ kind: 'literal', type: 'int', value })
const double = (value: number): Literal => ({ kind: 'literal', type: 'double', value })
const text = (value: string): Literal => ({ kind: 'literal', type: 'text', value })
const bool = (value: boolean): Literal => ({ kind: 'literal', type: 'bool', value })
const list = (...items: Literal[]): Literal => ({ kind: 'literal', type: 'list', items })
const compare = (left: Operand, operator: Comparison['operator'], right: Operand): RowExpression => ({
  kind: 'compare',
  operator,
  left,
  right,
})
const not = (operand: RowExpression): RowExpression => ({ kind: 'not', operand })

/** Whether a payload passes; the expression goes through the form that it has in the log first. */
function passes(expression: RowExpression, payload: JsonValue, id: number | bigint = 1): boolean {
  const filter: Filter = { must: [{ kind: 'expression', expression }] }
  const logged = parseJson(stringifyJson(filter as unknown as JsonValue)) as unknown as Filter
  const row = { id: wordsOfId(id), payload: () => payload, hasVector: () => false }
  const results = [filter, logged].map((one) => compileFilter(one, { payloadIndexes: {} }).test(row))
  expect(results[1]).toBe(results[0])
  return results[0]!
}

describe('what is null', () => {
  const isOne = compare(field('n', 'int'), '==', int(1))

  test('a comparison with a null column is unknown, and so is its opposite', () => {
    for (const payload of [{}, { n: null }]) {
      expect(passes(isOne, payload)).toBe(false)
      expect(passes(not(isOne), payload)).toBe(false)
      expect(passes(compare(field('n', 'int'), '!=', int(1)), payload)).toBe(false)
    }
  })

  test('what is unknown decides nothing in and and or that the rest decides', () => {
    const yes: RowExpression = { kind: 'constant', value: true }
    const no: RowExpression = { kind: 'constant', value: false }
    expect(passes({ kind: 'or', operands: [isOne, yes] }, {})).toBe(true)
    expect(passes({ kind: 'or', operands: [isOne, no] }, {})).toBe(false)
    expect(passes(not({ kind: 'and', operands: [isOne, no] }), {})).toBe(true)
    expect(passes(not({ kind: 'and', operands: [isOne, yes] }), {})).toBe(false)
  })

  test('a list with null is unknown, an empty one is not', () => {
    const isIn: RowExpression = { kind: 'in', operand: field('n', 'int'), values: [int(1)] }
    const hasOne: RowExpression = { kind: 'contains', of: field('n', 'list'), mode: 'any', values: [int(1)] }
    expect(passes(not(isIn), { n: null })).toBe(false)
    expect(passes(not(isIn), { n: 2 })).toBe(true)
    expect(passes(not(hasOne), { n: null })).toBe(false)
    expect(passes(not(hasOne), { n: [] })).toBe(true)
  })

  test('is-null and exists are always known', () => {
    const isNull: RowExpression = { kind: 'is-null', of: field('j', 'json') }
    expect([{}, { j: null }, { j: {} }].map((payload) => passes(isNull, payload))).toEqual([
      true,
      true,
      false,
    ])
    const exists: RowExpression = { kind: 'exists', of: field('j', 'json', 'k') }
    const payloads = [{}, { j: {} }, { j: { k: null } }, { j: { k: [[], {}, null] } }, { j: { k: [0] } }]
    expect(payloads.map((payload) => passes(exists, payload))).toEqual([false, false, false, false, true])
    expect(passes(not(exists), {})).toBe(true)
  })
})

describe('values', () => {
  test('integers are exact beyond doubles', () => {
    const big = 9007199254740993n
    expect(passes(compare(field('n', 'int'), '==', int(big)), { n: big })).toBe(true)
    expect(passes(compare(field('n', 'int'), '==', int(9007199254740992n)), { n: big })).toBe(false)
    expect(passes(compare(field('n', 'int'), '>', int(9007199254740992n)), { n: big })).toBe(true)
    expect(passes({ kind: 'in', operand: field('n', 'int'), values: [int(big)] }, { n: big })).toBe(true)
  })

  test('a column of 32 bits is compared with 32 bits', () => {
    expect(passes(compare(field('f', 'float'), '==', double(0.1)), { f: 0.1 })).toBe(true)
    expect(passes(compare(field('f', 'float'), '>', double(0.1)), { f: 0.1 })).toBe(false)
    expect(passes(compare(field('f', 'float'), '==', field('d', 'double')), { f: 0.1, d: 0.1 })).toBe(false)
    expect(passes({ kind: 'in', operand: field('f', 'float'), values: [double(0.1)] }, { f: 0.1 })).toBe(true)
  })

  test('texts are ordered by code points', () => {
    expect(passes(compare(field('s', 'text'), '<', text('\u{1f600}')), { s: '\uffff' })).toBe(true)
    expect(passes(compare(field('s', 'text'), '<', text('ab')), { s: 'a' })).toBe(true)
  })

  test('JSON keeps its types apart, and what is not there differs from everything', () => {
    const value = field('j', 'json', 'a')
    expect(passes(compare(value, '==', int(1)), { j: { a: true } })).toBe(false)
    expect(passes(compare(value, '==', bool(true)), { j: { a: 1 } })).toBe(false)
    expect(passes(compare(value, '==', int(2)), parseJson('{"j":{"a":2.0}}'))).toBe(true)
    for (const j of [{}, { a: null }, { a: '1' }, { a: {} }]) {
      expect(passes(compare(value, '!=', int(1)), { j })).toBe(true)
      expect(passes(not(compare(value, '==', int(1))), { j })).toBe(true)
      expect(passes(compare(value, '<', int(1)), { j })).toBe(false)
    }
    expect(passes(compare(value, '!=', int(1)), { j: null })).toBe(false)
    expect(passes(compare(dynamic('nothing'), '!=', int(1)), {})).toBe(true)
  })

  test('an element behind the end of a list is neither equal nor different', () => {
    const element = field('a', 'int', 9)
    expect(passes(compare(element, '==', int(1)), { a: [1] })).toBe(false)
    expect(passes(compare(element, '!=', int(1)), { a: [1] })).toBe(false)
    expect(passes(not(compare(element, '==', int(1))), { a: [1] })).toBe(true)
  })

  test('a number of a path is an index, and the key of that text', () => {
    expect(passes(compare(field('j', 'json', 0), '==', text('x')), { j: ['x'] })).toBe(true)
    expect(passes(compare(field('j', 'json', 0), '==', text('x')), { j: { 0: 'x' } })).toBe(true)
  })

  test('keys are exact', () => {
    expect(passes(compare(field('j', 'json', 'a.b'), '==', int(1)), { j: { 'a.b': 1 } })).toBe(true)
    expect(passes(compare(field('j', 'json', 'a.b'), '==', int(1)), { j: { a: { b: 1 } } })).toBe(false)
    expect(passes(compare(dynamic('__proto__'), '!=', int(1)), {})).toBe(true)
    expect(passes({ kind: 'exists', of: dynamic('constructor') }, {})).toBe(false)
  })

  test('lists are equal element by element', () => {
    const value: Reference = { ...field('a', 'list'), element: 'int' }
    expect(passes(compare(value, '==', list(int(1), int(2))), { a: [1, 2] })).toBe(true)
    expect(passes(compare(value, '==', list(int(2), int(1))), { a: [1, 2] })).toBe(false)
    expect(passes(compare(value, '!=', list(int(1))), { a: [1, 2] })).toBe(true)
    expect(passes(compare(field('j', 'json', 'l'), '!=', list(int(1))), { j: { l: 5 } })).toBe(false)
  })
})

describe('arithmetic', () => {
  const sum = (
    operator: '+' | '-' | '*' | '/' | '%',
    left: Operand,
    right: Operand,
    type: 'int' | 'float' | 'double' | 'json' = 'int',
  ): Operand => ({ kind: 'arithmetic', operator, type, left, right })
  const n = field('n', 'int')

  test('integers are divided towards zero', () => {
    expect(passes(compare(sum('/', n, int(7)), '==', int(-42)), { n: -300 })).toBe(true)
    expect(passes(compare(sum('%', n, int(7)), '==', int(-6)), { n: -300 })).toBe(true)
    expect(passes(compare(sum('/', n, int(2)), '==', int(0)), { n: -1 })).toBe(true)
  })

  test('64 bits are exact, and wrap', () => {
    expect(passes(compare(sum('+', n, int(1)), '==', int(9007199254740994n)), { n: 9007199254740993n })).toBe(
      true,
    )
    expect(passes(compare(sum('+', n, int(1)), '<', int(0)), { n: 9223372036854775807n })).toBe(true)
    expect(passes(compare(sum('*', n, n), '==', int(9007199254740992n * 4n)), { n: 2 ** 27 + 0 })).toBe(false)
    expect(
      passes(compare(sum('*', n, int(4)), '==', int(4n * 9007199254740991n)), { n: 9007199254740991 }),
    ).toBe(true)
  })

  test('nothing comes of a division by zero, or of what is no number', () => {
    expect(passes(compare(sum('/', n, int(0)), '==', int(0)), { n: 1 })).toBe(false)
    const json = sum('+', field('j', 'json', 'a'), int(1), 'json')
    expect(passes(compare(json, '==', int(2)), { j: { a: '1' } })).toBe(false)
    expect(passes(compare(json, '!=', int(2)), { j: { a: '1' } })).toBe(true)
    expect(passes(compare(json, '==', int(2)), { j: { a: 1 } })).toBe(true)
    expect(
      passes(compare(sum('-', field('j', 'json', 'a'), double(0.5), 'json'), '==', int(9)), {
        j: { a: 9.5 },
      }),
    ).toBe(true)
  })

  test('the length of a list; other JSON has none', () => {
    const length: Operand = { kind: 'length', of: field('j', 'json', 'l') }
    const isZero = compare(length, '==', int(0))
    expect([{ l: [1] }, { l: [] }, { l: 5 }, {}, null].map((j) => passes(isZero, { j }))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
  })
})

describe('lists and texts', () => {
  test('contains any, all and none', () => {
    const has = (mode: 'any' | 'all', ...values: Literal[]): RowExpression => ({
      kind: 'contains',
      of: field('j', 'json', 'l'),
      mode,
      values,
    })
    const payload = parseJson('{"j":{"l":[1,"two",3.0,true,[1,2]]}}')
    expect(passes(has('any', int(3)), payload)).toBe(true)
    expect(passes(has('any', bool(false), text('1')), payload)).toBe(false)
    expect(passes(has('all', int(1), text('two'), list(int(1), int(2))), payload)).toBe(true)
    expect(passes(has('all', int(1), text('three')), payload)).toBe(false)
    expect(passes(has('all'), payload)).toBe(true)
    expect(passes(has('any'), payload)).toBe(false)
    expect(passes(has('all'), { j: {} })).toBe(false)
  })

  test('text-match counts different tokens, phrase-match wants their order', () => {
    const s = { s: 'The quick brown fox, the lazy dog' }
    const of = field('s', 'text')
    const match = (wanted: string, minimum?: number): boolean =>
      passes(
        { kind: 'text-match', of, text: wanted, params: {}, ...(minimum === undefined ? {} : { minimum }) },
        s,
      )
    expect([match('QUICK cat'), match('cat'), match(''), match('quick fox cat', 2)]).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(match('quick quick cat', 2)).toBe(false)
    const phrase = (wanted: string, slop: number): boolean =>
      passes({ kind: 'phrase-match', of, text: wanted, params: {}, slop }, s)
    expect([phrase('quick brown', 0), phrase('quick fox', 0), phrase('quick fox', 1)]).toEqual([
      true,
      false,
      true,
    ])
    expect([phrase('brown quick', 1), phrase('brown quick', 2), phrase('', 5)]).toEqual([false, true, false])
    expect(passes(not({ kind: 'text-match', of, text: 'x', params: {} }), { s: null })).toBe(false)
  })

  test('a sample has about its share, and the same points for the same seed', () => {
    const taken = (seed: number): number[] =>
      Array.from({ length: 1000 }, (_, id) => id).filter((id) =>
        passes({ kind: 'sample', share: 0.1, seed }, {}, id),
      )
    const first = taken(7)
    expect(taken(7)).toEqual(first)
    expect(taken(8)).not.toEqual(first)
    expect(Math.abs(first.length - 100)).toBeLessThan(50)
  })
})

describe('moments', () => {
  const at = field('t', 'moment')
  const micros = (text: string): Literal => int(parseMicroseconds(text)!)
  const shifted = (months: number, days: number, seconds: number): Operand => ({
    kind: 'shifted',
    of: at,
    ...{ months, days, seconds },
  })

  test('compare as they are, whatever their offsets', () => {
    const noon = micros('2026-01-01T12:00:00Z')
    expect(passes(compare(at, '==', noon), { t: '2026-01-01T13:00:00+01:00' })).toBe(true)
    expect(passes(compare(at, '<', noon), { t: '2026-01-01T11:59:59.999999Z' })).toBe(true)
    expect(passes(compare(noon, '<', at), { t: '2026-01-01T12:00:00.000001Z' })).toBe(true)
    expect(passes(compare(at, '>', field('u', 'moment')), { t: '2026-01-02', u: '2026-01-01' })).toBe(true)
    const last = micros('9999-12-31T23:59:59.999999Z')
    expect(passes(compare(at, '==', last), { t: '9999-12-31T23:59:59.999999Z' })).toBe(true)
    expect(passes(compare(at, '==', last), { t: '9999-12-31T23:59:59.999998Z' })).toBe(false)
    expect(passes({ kind: 'in', operand: at, values: [last, noon] }, { t: '2026-01-01T12:00:00' })).toBe(true)
  })

  test('what is none is unknown', () => {
    for (const t of [null, 'soon', 5])
      for (const operand of [at, shifted(0, 1, 0)])
        expect(passes(not(compare(operand, '==', int(5))), { t })).toBe(false)
  })

  test.each([
    ['2026-01-31T10:00:00Z', 1, 0, 0, '2026-03-03T10:00:00Z'],
    ['2024-02-29T10:00:00Z', 12, 0, 0, '2025-03-01T10:00:00Z'],
    ['2026-01-01T00:00:00.5Z', 0, -1, -1, '2025-12-30T23:59:59.5Z'],
    ['1970-01-01T00:00:00.25Z', -12, 0, 0, '1969-01-01T00:00:00.25Z'],
    ['0050-01-01T00:00:00Z', 0, 31, 0, '0050-02-01T00:00:00Z'],
    ['9999-12-31T00:00:00.999999Z', 0, 0, 1, '9999-12-31T00:00:01.999999Z'],
  ])('%s is shifted by %i months, %i days, %i seconds', (t, months, days, seconds, result) => {
    expect(passes(compare(shifted(months, days, seconds), '==', micros(result)), { t })).toBe(true)
  })

  test('what is shifted out of the calendar is not there', () => {
    expect(passes(compare(shifted(1e9, 0, 0), '>', int(0)), { t: '2026-01-01T00:00:00Z' })).toBe(false)
  })
})

describe('elements of lists', () => {
  const isBig = compare(field('n', 'int'), '>', int(10))
  const count = (bounds: { least?: number; most?: number }, test: RowExpression = isBig): RowExpression => ({
    kind: 'elements',
    of: field('l', 'list'),
    test,
    ...bounds,
  })
  const list = (...values: (number | null)[]): JsonValue => ({ l: values.map((n) => ({ n })) })

  test('so many of them pass a test', () => {
    const payloads = [list(), list(1, 2), list(1, 11), list(11, 12), list(11, 12, 13)]
    const results = (bounds: { least?: number; most?: number }): boolean[] =>
      payloads.map((payload) => passes(count(bounds), payload))
    expect(results({ least: 1 })).toEqual([false, false, true, true, true])
    expect(results({ least: 2, most: 2 })).toEqual([false, false, false, true, false])
    expect(results({ most: 0 })).toEqual([true, true, false, false, false])
  })

  test('those of which it is unknown do not count, and a list that is null has none', () => {
    expect(passes(count({ most: 0 }, not(isBig)), list(11, null))).toBe(true)
    expect(passes(count({ least: 2 }), list(11, null))).toBe(false)
    for (const payload of [{ l: null }, {}]) {
      expect(passes(count({ least: 1 }), payload)).toBe(false)
      expect(passes(not(count({ least: 1 })), payload)).toBe(true)
      expect(passes(count({ most: 0 }), payload)).toBe(true)
    }
  })

  test('what stands under one key in each of them is a list', () => {
    const each: Reference = { ...field('l', 'list'), each: 'n', element: 'int' }
    expect(passes({ kind: 'contains', of: each, mode: 'all', values: [int(2), int(1)] }, list(1, 2))).toBe(
      true,
    )
    expect(passes({ kind: 'contains', of: each, mode: 'any', values: [int(3)] }, list(1, 2))).toBe(false)
    const isTwo = compare({ kind: 'length', of: each }, '==', int(2))
    expect([list(1, 2), list(1), { l: null }].map((payload) => passes(isTwo, payload))).toEqual([
      true,
      false,
      false,
    ])
    expect(passes(compare(field('l', 'int', 1, 'n'), '==', int(2)), list(1, 2))).toBe(true)
  })

  test('a single value is asked as rows are', () => {
    expect([{ n: 11 }, { n: 10 }, {}, 11].map(compileValueTest(isBig))).toEqual([true, false, false, false])
  })
})

test('an expression that nobody knows is refused', () => {
  const expression = { kind: 'nonsense' } as unknown as RowExpression
  expect(() => passes(expression, {})).toThrow(/no expression "nonsense"/)
})

test('an expression that the log could not give back is refused', () => {
  let expression: RowExpression = { kind: 'constant', value: true }
  for (let i = 0; i < 99; i++) expression = not(expression)
  expect(passes(expression, {})).toBe(false)
  expect(() => passes(not(expression), {})).toThrow(/more than 100 levels deep/)
})
