import { describe, expect, test } from 'vitest'
import { parseDatetimeMicros } from './datetime.ts'
import { fieldValue, keysOfPath, payloadObject, type TypedField } from './field-values.ts'

describe('keysOfPath', () => {
  test.each([
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['"a.b".c', ['a.b', 'c']],
    ['a."x\\"y"', ['a', 'x"y']],
    ['größe-1', ['größe-1']],
    ['a[].b', undefined],
    ['a[0]', undefined],
    ['', undefined],
    ['a.', undefined],
    ['.a', undefined],
    ['"a"b', undefined],
  ])('%j', (path, keys) => {
    expect(keysOfPath(path)).toEqual(keys)
  })
})

describe('fieldValue', () => {
  const value = (type: TypedField['type'], json: string): unknown =>
    fieldValue(payloadObject(Buffer.from(`{"f":${json}}`)), ['f'], type)

  test.each([
    ['keyword', '"a"', 'a'],
    ['keyword', '7', null],
    ['keyword', '["a"]', null],
    ['text', '""', ''],
    ['bool', 'true', true],
    ['bool', '1', null],
    ['integer', '7', 7n],
    ['integer', '-0', 0n],
    ['integer', '7.0', 7n],
    ['integer', '7.5', null],
    ['integer', '9007199254740993', 9007199254740993n],
    ['integer', '9223372036854775807', 9223372036854775807n],
    ['integer', '9223372036854775808', null],
    ['integer', '-9223372036854775808', -9223372036854775808n],
    ['integer', '"7"', null],
    ['float', '7', 7],
    ['float', '1e3', 1000],
    ['float', '9007199254740993', 9007199254740992],
    ['float', 'null', null],
    ['uuid', '"{550E8400-E29B-41D4-A716-446655440000}"', '550e8400-e29b-41d4-a716-446655440000'],
    ['uuid', '"550e8400"', null],
    ['datetime', '"1970-01-01T00:00:01Z"', 1_000_000n],
    ['datetime', '"yesterday"', null],
    ['geo', '{"lon":1,"lat":2}', null],
  ] as const)('%s of %s', (type, json, expected) => {
    expect(value(type, json)).toBe(expected)
  })

  test('goes down objects only, by their own keys', () => {
    const payload = payloadObject(Buffer.from('{"a":{"b":"deep","__proto__":"own"},"list":[{"b":"no"}]}'))
    expect(fieldValue(payload, ['a', 'b'], 'keyword')).toBe('deep')
    expect(fieldValue(payload, ['a', '__proto__'], 'keyword')).toBe('own')
    expect(fieldValue(payload, ['a', 'toString'], 'keyword')).toBeNull()
    expect(fieldValue(payload, ['a'], 'keyword')).toBeNull()
    expect(fieldValue(payload, ['list', 'b'], 'keyword')).toBeNull()
    expect(fieldValue(undefined, ['a'], 'keyword')).toBeNull()
  })

  test('has no value for a payload that is no JSON', () => {
    expect(payloadObject(Buffer.from('{"a":'))).toBeUndefined()
  })
})

describe('parseDatetimeMicros', () => {
  test.each([
    ['2024-02-29T12:30:45.123456Z', 1_709_209_845_123_456n],
    ['2024-02-29T12:30:45.1234569+01:00', 1_709_206_245_123_456n],
    ['2024-02-29 12:30', 1_709_209_800_000_000n],
    ['2024-02-29', 1_709_164_800_000_000n],
    ['1969-12-31T23:59:59.999999Z', -1n],
    ['9999-12-31T23:59:59.999999Z', 253_402_300_799_999_999n],
    ['2023-02-29', undefined],
    ['2024-13-01', undefined],
    ['2024-01-01T24:00:00Z', undefined],
    ['0001-01-01', undefined],
    ['24-01-01', undefined],
  ])('%s', (text, micros) => {
    expect(parseDatetimeMicros(text)).toBe(micros)
  })
})
