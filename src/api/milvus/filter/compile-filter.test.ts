import { describe, expect, test } from 'vitest'
import type { Literal } from '../../../index.ts'
import { compileFilter, type FilterSchema } from './compile-filter.ts'
import { FilterError } from './filter-error.ts'

const schema: FilterSchema = {
  hasDynamicField: true,
  fields: [
    { name: 'id', dataType: 5, isPrimaryKey: true },
    { name: 'i', dataType: 4 },
    { name: 'f', dataType: 10 },
    { name: 'b', dataType: 1 },
    { name: 's', dataType: 21, isMatchEnabled: true },
    { name: 'plain', dataType: 21 },
    { name: 'j', dataType: 23 },
    { name: 'a', dataType: 22, elementType: 5 },
    { name: 'v', dataType: 101 },
    { name: 'at', dataType: 26 },
    { name: 'until', dataType: 26 },
    { name: 'g', dataType: 24 },
  ],
}

function refusal(text: string, templates: ReadonlyMap<string, Literal> = new Map(), known = schema): string {
  try {
    compileFilter(text, known, { templates })
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    expect(error.code).toBe(1100)
    return error.message.replace('failed to create query plan: ', '')
  }
  return 'taken'
}

function expressionOf(text: string, templates: ReadonlyMap<string, Literal> = new Map(), seed = 0): unknown {
  const condition = compileFilter(text, schema, { templates, seed })?.filter.must?.[0]
  return condition?.kind === 'expression' ? condition.expression : undefined
}

const int = (value: number | bigint): Literal => ({ kind: 'literal', type: 'int', value })
const text = (value: string): Literal => ({ kind: 'literal', type: 'text', value })
const list = (...items: Literal[]): Literal => ({ kind: 'literal', type: 'list', items })

test.each([
  [String.raw`s =~ "\d\.\\."`, String.raw`(?s)\d\.\.`],
  [String.raw`s =~ '\'\"'`, String.raw`'\"`],
  ['s =~ "^a"', '^a'],
])('the pattern of %s is %s', (filter, pattern) => {
  expect(expressionOf(filter)).toMatchObject({ kind: 'regex', pattern })
})

describe('types', () => {
  test.each([
    'true',
    '1 == 1 or "a" < "b"',
    'id == +3',
    'id > -9223372036854775808',
    'f == 1',
    'f in [1, 2.5]',
    'i / 2 == 3',
    '2 * i > 4',
    'j["a"] % 2 == 1',
    'colour == "red"',
    'nothing != 1',
    'a == [1, 2]',
    'a[0] == 1',
    'array_length(a) > 2',
    'j == 1',
    'j["list"] == []',
    'exists colour',
    'b == true',
    's like "a%" and random_sample(0.5)',
    's =~ "^a" or s !~ "b$"',
    String.raw`s =~ "(?i)\\.com$" and s !~ '\p{Han}\''`,
    'phrase_match(s, "a b", 2)',
    '"a" <= s < "b"',
    'st_equals(g, "POINT (0 0)") or not ST_TOUCHES(g, \'LINESTRING (0 0, 1 1)\')',
    'st_dwithin(g, "POINT (0 0)", 1 + 0.5) and st_isvalid(g) and g is not null',
    `at > ISO '2026-01-01T00:00:00Z'`,
    `at is not null and ISO '2026-01-01 00:00:00' != at - INTERVAL 'P1Y2M3DT4H5M6S'`,
    `at < until`,
    `at not in [ISO '2026-01-01T00:00:00Z', ISO '2026-01-01T00:00:00.5Z',]`,
    `ISO '2026-01-01T00:00:00Z' <= at < ISO '2027-01-01T00:00:00Z'`,
  ])('%s is taken', (filter) => {
    expect(refusal(filter)).toBe('taken')
  })

  test.each([
    ['i == 7.0', 'cannot cast value to Int32, value: float_val:7'],
    ['i in [1, "2"]', `value 'string_val:"2"' in list cannot be casted to Int32`],
    ['i + 1.5 == 8', `'add' cannot perform arithmetic between Int32 field and Double`],
    ['i + 1 + 1 == 3', 'complicated arithmetic operations are not supported'],
    ['5 - i == 3', 'module field is not yet supported'],
    ['i / 0 == 1', 'division or modulus by zero'],
    ['f % 2 == 1', 'modulo can only apply on integer types'],
    ['s == 5', 'comparisons between VarChar and Int64 are not supported'],
    ['b and i == 1', `'and' can only be used between boolean expressions`],
    ['not b', 'not op can only be applied on boolean expression'],
    ['not i < 9', 'not op can only be applied on boolean expression'],
    ['5 < i < 2', 'invalid range: lowerbound is greater than upperbound'],
    ['2 < i <= 2', 'invalid range: lowerbound is greater than upperbound'],
    ['1 < i + 1 < 5', 'comparisons between Bool and Int64 are not supported'],
    ['i == 9223372036854775808', 'int64 overflow: 9223372036854775808'],
    ['f == 1e999', 'strconv.ParseFloat: parsing "1e999": value out of range'],
    ['s == "\\q"', 'invalid syntax'],
    ['a > [1]', 'can not comparisons array fields directly'],
    ['a["0"] == 1', 'can only access array field with integer index'],
    ['a[0] is null', 'IsNull/IsNotNull operations are not supported on array element access'],
    ['v is null', 'IsNull/IsNotNull operations are not supported on vector fields'],
    ['i =~ "4"', 'regex match on non-string or non-json field is unsupported'],
    ['exists s', 'exists operations are only supportted on json field, got:VarChar'],
    ['random_sample(0.5) and b == true', 'random sample expression can only be the last expression'],
    ['random_sample(0.5) or b == true', 'random sample expression cannot be used in logical and expression'],
    ['random_sample(1.0)', 'the sample factor should be between 0 and 1'],
    ['text_match(plain, "x")', 'field "plain" does not enable match'],
    ['text_match(i, "x")', 'text match operation on non-string is unsupported'],
    ['phrase_match(s, "x", -1)', '"slop" should not be a negative interger'],
    ['s + "x" == "y"', `'add' cannot perform arithmetic between VarChar field and VarChar`],
    ['j["a"] == i', 'two column comparison with JSON type is not supported'],
    ['array_contains(a, "1")', 'cannot cast value to Int64, value: string_val:"1"'],
    ['json_contains_all(j["x"], 1)', 'ContainsAll operation element must be an array'],
    ['st_within(s, "POINT(1 1)")', 'spatial operation are only supported on geometry fields now'],
    ['st_within(g, "POINT(1)")', 'syntax error: positions have two to four numbers'],
    ['st_within(g, 5)', 'WKT string should be a string literal or template variable, got: 5'],
    ['st_dwithin(g, "LINESTRING (0 0, 1 1)", 5)', 'only supports POINT geometry: LINESTRING (0 0, 1 1)'],
    ['st_dwithin(g, "POINT (0 0)", -100)', 'distance parameter must be non-negative, got: -100.000000'],
    ['st_dwithin(g, "POINT (0 0)", "far")', 'distance parameter must be a numeric value (int or float)'],
    ['st_dwithin(g, "POINT (0 0)", i)', 'distance parameter must be a constant numeric value, got: i'],
    ['st_isvalid(s)', 'STIsValid operation are only supported on geometry fields now'],
    ['g == "POINT (0 0)"', 'comparisons between Geometry and VarChar are not supported'],
    [`i > ISO '2026-01-01T00:00:00Z'`, `field 'i' is not a timestamptz datatype`],
    [`at > ISO '2026-01-32T00:00:00Z'`, `invalid timestamp string: '2026-01-32T00:00:00Z'`],
    [`at > ISO '2026-01-02T00:00:00+20:00'`, 'UTC offset hour 20 is out of the valid range [-12, 14]'],
    [`at + INTERVAL '1D' > ISO '2026-01-01T00:00:00Z'`, 'invalid ISO 8601 duration: 1D'],
    [`at * 2 == 4`, `'multiply' cannot perform arithmetic between Timestamptz field and Int64`],
    [`at > "2026-01-01T00:00:00Z"`, 'comparisons between Timestamptz and VarChar are not supported'],
    [`i + INTERVAL 'P1D' > 5`, 'an INTERVAL can only be added to a timestamptz field'],
    [`ISO '2026-01-01T00:00:00Z' > ISO '2026-01-01T00:00:00Z'`, 'two moments are compared, and no field'],
    ['element_filter(x, $[y] > 1)', 'struct array field not found: x'],
    ['abs(i) == 1', 'comparisons between Bool and Int64 are not supported'],
  ])('%s is refused', (filter, why) => {
    expect(refusal(filter)).toContain(`cannot parse expression: ${filter}: ${why}`)
    expect(refusal(filter)).toMatch(/: invalid parameter$/)
  })

  test('what is no test of a row', () => {
    expect(refusal('b')).toBe(
      'predicate is not a boolean expression: b, data type: Bool: query plan failed: invalid parameter',
    )
    expect(refusal('foo(i)')).toContain('function foo not found')
  })

  test('without dynamic fields every name must be a field', () => {
    expect(refusal('colour == 1', undefined, { ...schema, hasDynamicField: false })).toContain(
      'cannot parse expression: colour == 1: field colour not exist',
    )
  })
})

describe('meaning', () => {
  test('no text, no filter', () => {
    expect(compileFilter('', schema)).toBeUndefined()
    expect(compileFilter(' \t\n', schema)).toBeUndefined()
  })

  test('fields lie in the payload under their names, dynamic keys beside them', () => {
    expect(expressionOf('j["a"]["0"][1] == 1')).toMatchObject({
      left: { path: ['j', 'a', 0, 1], type: 'json' },
      right: { type: 'int', value: 1 },
    })
    expect(expressionOf('$meta["k"] == "x"')).toMatchObject({ left: { path: ['k'], columnSteps: 0 } })
    expect(expressionOf('colour["k.l"] == "x"')).toMatchObject({ left: { path: ['colour', 'k.l'] } })
    expect(expressionOf('$meta["s"] == "x"')).not.toMatchObject({ left: { path: ['s'] } })
  })

  test('texts are read with their escapes', () => {
    const value = (literal: string): unknown => (expressionOf(`s == ${literal}`) as { right: Literal }).right
    expect(value('"it\'s"')).toEqual(text("it's"))
    expect(value("'\\x61\\141\\u00fc\\n\\\\'")).toEqual(text('aaü\n\\'))
    expect(value('"\\xc3\\xbc"')).toEqual(text('ü'))
  })

  test('numbers in all their spellings', () => {
    const value = (number: string): unknown => (expressionOf(`f == ${number}`) as { right: Literal }).right
    for (const [number, expected] of Object.entries({
      '0x10': 16,
      '010': 8,
      '0b11': 3,
      '0x1p-1': 0.5,
      '1e2': 100,
    })) {
      expect(value(number)).toMatchObject({ value: expected })
    }
    expect(expressionOf('id == 9007199254740993')).toMatchObject({ right: { value: 9007199254740993n } })
    expect(expressionOf('i == 2 ** 3 - 15 / 2')).toMatchObject({ right: { value: 1 } })
  })

  test('a moment without an offset is one of the time zone', () => {
    const right = (filter: string, timeZone: string): unknown => {
      const condition = compileFilter(filter, { ...schema, timeZone })?.filter.must?.[0]
      return condition?.kind === 'expression' ? (condition.expression as { right: Literal }).right : undefined
    }
    const noon = Date.UTC(2026, 6, 1, 12) * 1_000
    for (const [moment, zone] of [
      ['2026-07-01 12:00:00', 'UTC'],
      ['2026-07-01T08:00:00', 'America/New_York'],
      ['2026-07-01T08:00:00-04:00', 'Asia/Shanghai'],
    ] as const)
      expect(right(`at == ISO '${moment}'`, zone)).toEqual(int(noon))
  })

  test('a list of primary keys is told as such, and nothing else is', () => {
    const keys = (filter: string): unknown => compileFilter(filter, schema)?.keys
    expect(keys('id == 5')).toEqual([5])
    expect(keys('5 == id')).toEqual([5])
    expect(keys('(id in [1, 2, 1, 9223372036854775807])')).toEqual([1, 2, 1, 9223372036854775807n])
    expect(keys('id in []')).toEqual([])
    for (const filter of [
      'id != 5',
      'id not in [1]',
      'not (id == 1)',
      'id == 1 or id == 2',
      'i == 5',
      'id + 1 == 2',
    ])
      expect(keys(filter)).toBeUndefined()
  })

  test('the seed of a sample is the one that is given', () => {
    expect(expressionOf('random_sample(0.25)', undefined, 7)).toEqual({
      kind: 'sample',
      share: 0.25,
      seed: 7,
    })
  })
})

test('what is nested too deep for the log is refused, and `not` of `not` is no nesting', () => {
  const nested = (depth: number): string =>
    '(b == true and (s == "x" or '.repeat(depth) + 'i == 1' + '))'.repeat(depth)
  expect(refusal(nested(20))).toBe('taken')
  expect(refusal(nested(30))).toContain('nested too deep')
  expect(refusal('not '.repeat(200) + '(i == 1)')).toBe('taken')
  expect(expressionOf('not not (i == 1)')).toEqual(expressionOf('i == 1'))
})

describe('templates', () => {
  const templates = new Map<string, Literal>([
    ['n', int(3)],
    ['word', text('a%')],
    ['list', list(int(1), int(2))],
  ])

  test('stand for their values', () => {
    expect(expressionOf('i == {n}', templates)).toMatchObject({ operator: '==', right: int(3) })
    expect(expressionOf('{n} < i', templates)).toMatchObject({ operator: '>', right: int(3) })
    expect(expressionOf('s like {word}', templates)).toMatchObject({ pattern: 'a%' })
    expect(expressionOf('i + {n} == 8', templates)).toMatchObject({ left: { right: int(3) } })
    expect(compileFilter('id in {list}', schema, { templates })?.keys).toEqual([1, 2])
    expect(expressionOf('{n} < i < 5', templates)).toMatchObject({
      operands: [{ operator: '>' }, { operator: '<' }],
    })
  })

  test.each([
    ['i == {missing}', 'the value of expression template variable name {missing} is not found'],
    ['i == {word}', 'cannot cast value to Int32, value: string_val:"a%"'],
    ['i in {n}', 'the value of term expression template variable {n} is not array'],
    ['s like {n}', 'the value of like expression template variable {n} is not string'],
    ['{n} < i < 2', 'invalid range: lowerbound is greater than upperbound'],
    ['{n} == {n}', 'cannot parse expression: {n} == {n}: placeholder was not supported'],
    ['i / {n} == 1', 'division or modulus by zero'],
  ])('%s: %s', (filter, why) => {
    const given = filter.startsWith('i /') ? new Map([['n', int(0)]]) : templates
    expect(refusal(filter, given)).toMatch(new RegExp(`^${why.replace(/[{}()%]/g, '\\$&')}`))
  })
})
