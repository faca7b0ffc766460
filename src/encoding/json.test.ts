import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonParser } from './json-parser.ts'
import {
  canonicalJson,
  isLosslessJson,
  JsonNumber,
  JsonSyntaxError,
  parseJson,
  RawJson,
  stringifyJson,
  type JsonObject,
  type JsonValue,
} from './json.ts'

const seed = 20_481

function failure(text: string | Uint8Array): string {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message
    throw error
  }
  return 'parsed'
}

describe('numbers', () => {
  test.each([
    '0',
    '-7',
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9223372036854775808',
    '18446744073709551616',
    '123456789012345678901234567890',
    '0.1',
    '1.0',
    '-0',
    '-0.0',
    '1e3',
    '1E+3',
    '1e-7',
    '0.0000001',
    '0.000001',
    '0.10',
    '0.10000000000000000001',
    '3.141592653589793238',
    '0.30000000000000004',
    '1e308',
    '5e-324',
    '123456789012345.5',
  ])('%s comes back as it was written', (token) => {
    for (const text of [token, `[${token}]`, `{"a":${token} }`]) {
      expect(stringifyJson(parseJson(text))).toBe(text.replace(' ', ''))
    }
  })

  test('have one form each: a number up to 2^53 - 1, a bigint beyond, the text where a double is not enough', () => {
    expect(parseJson('[9007199254740991, 9007199254740992, 7.5, 7.0]')).toEqual([
      9_007_199_254_740_991,
      9_007_199_254_740_992n,
      7.5,
      new JsonNumber('7.0'),
    ])
    expect(parseJson('9007199254740992')).toBe(9_007_199_254_740_992n)
  })

  test('the exact parser and JSON.parse agree on what a double holds', () => {
    const tokens = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.integer().map(String),
      fc.tuple(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.nat(18)).map(([digits, places]) => {
        const text = String(digits < 0n ? -digits : digits).padStart(places + 1, '0')
        const sign = digits < 0n ? '-' : ''
        return places === 0 ? sign + text : `${sign}${text.slice(0, -places)}.${text.slice(-places)}`
      }),
      fc.tuple(fc.integer(), fc.integer({ min: -290, max: 290 })).map(([m, e]) => `${m}e${e}`),
    )
    fc.assert(
      fc.property(tokens, (token) => {
        const value = parseJson(token)
        expect(stringifyJson(value)).toBe(token)
        expect(new JsonParser(token).parse()).toEqual(value)
        expect(Number(value instanceof JsonNumber ? value.text : value)).toBe(Number(token))
        // The quick way must never be taken for text that it would change.
        if (isLosslessJson(token)) expect(JSON.stringify(JSON.parse(token))).toBe(token)
      }),
      { seed, numRuns: 3_000 },
    )
  })
})

describe('texts and objects', () => {
  test('the exact parser gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const expected: unknown = JSON.parse(text)
        expect(plain(parseJson(text))).toEqual(expected)
        expect(plain(new JsonParser(text).parse())).toEqual(expected)
        expect(plain(parseJson(stringifyJson(parseJson(text))))).toEqual(expected)
      }),
      { seed, numRuns: 1_000 },
    )
  })

  test('__proto__ is a key like others, in both parsers', () => {
    for (const text of ['{"__proto__":{"a":1},"b":2}', '{"__proto__":{"a":1.0},"b":2}']) {
      const value = parseJson(text) as JsonObject
      expect(Object.keys(value)).toEqual(['__proto__', 'b'])
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect(value['a']).toBeUndefined()
      expect(stringifyJson(value)).toBe(text)
    }
  })

  test('of a key that comes twice the last value stays', () => {
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 })
    expect(stringifyJson(parseJson('{"a":1.0,"a":2.0}'))).toBe('{"a":2.0}')
  })

  test('escapes are read, pairs of surrogates included', () => {
    expect(parseJson('"\\ud83d\\ude00\\n\\u00e4\\/"')).toBe('😀\nä/')
    expect(parseJson('["1.0 \\" 1e3", 2]')).toEqual(['1.0 " 1e3', 2])
  })

  test('numbers inside of texts do not matter', () => {
    expect(isLosslessJson('{"version":"1.0","id":"00000000000000001"}')).toBe(true)
    expect(isLosslessJson('{"version":1.0}')).toBe(false)
  })
})

describe('mistakes are told in the words and places of serde_json', () => {
  test.each([
    ['', 'EOF while parsing a value at line 1 column 0'],
    [' ', 'EOF while parsing a value at line 1 column 1'],
    ['{', 'EOF while parsing an object at line 1 column 1'],
    ['}', 'expected value at line 1 column 1'],
    ['[1,2', 'EOF while parsing a list at line 1 column 4'],
    ['{"a":', 'EOF while parsing a value at line 1 column 5'],
    ['{"a":}', 'expected value at line 1 column 6'],
    ['{a:1}', 'key must be a string at line 1 column 2'],
    ['{"a":1,}', 'trailing comma at line 1 column 8'],
    ['[1,]', 'trailing comma at line 1 column 4'],
    ['{"a" 1}', 'expected `:` at line 1 column 6'],
    ['{"a":1 "b":2}', 'expected `,` or `}` at line 1 column 8'],
    ['[1 2]', 'expected `,` or `]` at line 1 column 4'],
    ['{"a":1} x', 'trailing characters at line 1 column 9'],
    ['not json', 'expected ident at line 1 column 2'],
    ['tru', 'EOF while parsing a value at line 1 column 3'],
    ['01', 'invalid number at line 1 column 2'],
    ['-', 'EOF while parsing a value at line 1 column 1'],
    ['-x', 'invalid number at line 1 column 2'],
    ['1.', 'EOF while parsing a value at line 1 column 2'],
    ['[1.x]', 'invalid number at line 1 column 4'],
    ['+1', 'expected value at line 1 column 1'],
    ['{"a":1e999}', 'number out of range at line 1 column 10'],
    ['"abc', 'EOF while parsing a string at line 1 column 4'],
    ['"a\nb"', 'control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0'],
    ['"\\x"', 'invalid escape at line 1 column 3'],
    ['"\\ud800"', 'unexpected end of hex escape at line 1 column 8'],
    ['"\\ud800\\u0041"', 'lone leading surrogate in hex escape at line 1 column 13'],
    ['"\\udc00"', 'lone leading surrogate in hex escape at line 1 column 7'],
    ['\ufeff{}', 'expected value at line 1 column 1'],
    ['{"ä":\n  1,\n  "ö": ?}', 'expected value at line 3 column 9'],
  ])('%j', (text, message) => {
    expect(failure(text)).toBe(message)
  })

  test('nesting ends at 128, brackets in texts do not count', () => {
    const nested = (depth: number, inner: string): string => '['.repeat(depth) + inner + ']'.repeat(depth)
    expect(failure(nested(127, '1'))).toBe('parsed')
    expect(failure(nested(127, '1.0'))).toBe('parsed')
    expect(failure(nested(128, '1'))).toBe('recursion limit exceeded at line 1 column 128')
    expect(failure(nested(100_000, ''))).toBe('recursion limit exceeded at line 1 column 128')
    expect(failure(nested(10, JSON.stringify('['.repeat(500))))).toBe('parsed')
  })

  test('bytes that are no UTF-8 are refused', () => {
    expect(failure(Buffer.from([34, 97, 0xff, 34]))).toBe('invalid unicode code point at line 1 column 3')
    expect(failure(Buffer.from('"ä"'))).toBe('parsed')
  })

  test('whatever the text, there is a value or a JsonSyntaxError', () => {
    const alphabet = [
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      'u',
      'd8',
      '0',
      '1',
      '.',
      'e',
      '-',
      ' ',
      'null',
      'é',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...alphabet), { maxLength: 25 }), (parts) => {
        const text = parts.join('')
        const message = failure(text)
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        if (message === 'parsed') expect(isJson).toBe(true)
        else if (isJson) expect(message).toMatch(/surrogate|hex escape|out of range/)
      }),
      { seed, numRuns: 5_000 },
    )
  })
})

describe('RawJson', () => {
  test('keeps the text and the bytes as they were given', () => {
    const text = '{ "a" : 1.0,"b":9007199254740993 }'
    expect(new RawJson(Buffer.from(text)).text).toBe(text)
    expect(Buffer.from(new RawJson(text).bytes()).toString()).toBe(text)
    expect(stringifyJson(new RawJson(text))).toBe(text)
    expect(new RawJson(text).value()).toEqual({ a: new JsonNumber('1.0'), b: 9_007_199_254_740_993n })
  })
})

describe('canonicalJson', () => {
  test('is the same for all spellings of a value, and only for those', () => {
    const same = ['{"b":1.50,"a":[1e3]}', '{"a":[1000],"b":1.5}', '{"a":[1000.0],"b":15e-1}']
    expect(new Set(same.map((text) => canonicalJson(parseJson(text)))).size).toBe(1)
    expect(canonicalJson(parseJson('[1]'))).not.toBe(canonicalJson(parseJson('["1"]')))
  })
})

/** Without the exact forms of numbers, as JSON.parse has them. */
function plain(value: JsonValue): unknown {
  return JSON.parse(stringifyJson(value))
}
