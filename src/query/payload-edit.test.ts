import { describe, expect, test } from 'vitest'
import { parseJson, RawJson, stringifyJson, type JsonObject } from '../encoding/json.ts'
import {
  deletePayloadPath,
  mergePayload,
  selectPayload,
  setPayloadPath,
  type PayloadChoice,
} from './payload-edit.ts'

const object = (text: string): JsonObject => parseJson(text) as JsonObject

describe('mergePayload', () => {
  test.each([
    ['{"a":1,"b":{"c":1}}', '{"b":{"d":2},"e":3}', '{"a":1,"b":{"d":2},"e":3}'],
    ['{"a":1,"b":null}', '{"a":null,"x":null}', '{"b":null}'],
    ['{"a":1.0}', '{"b":1e3,"c":9007199254740993}', '{"a":1.0,"b":1e3,"c":9007199254740993}'],
    ['{"a":1}', '{"__proto__":{"x":1}}', '{"a":1,"__proto__":{"x":1}}'],
  ])('%s and %s are %s', (target, patch, merged) => {
    expect(stringifyJson(mergePayload(object(target), object(patch)))).toBe(merged)
  })
})

describe('setPayloadPath', () => {
  test.each([
    ['{"a":{"b":1}}', 'a', '{"a":{"b":1,"x":9}}'],
    ['{}', 'a.b', '{"a":{"b":{"x":9}}}'],
    ['{"a":5}', 'a.b', '{"a":{"b":{"x":9}}}'],
    ['{"list":[{"n":1},{"n":2}]}', 'list[]', '{"list":[{"n":1,"x":9},{"n":2,"x":9}]}'],
    ['{"list":[{"n":1},{"n":2}]}', 'list[1]', '{"list":[{"n":1},{"n":2,"x":9}]}'],
    ['{"list":[]}', 'list[0]', '{"list":[]}'],
    ['{}', 'list[]', '{"list":[]}'],
    ['{}', '"a.b"', '{"a.b":{"x":9}}'],
  ])('of %s at %s gives %s', (target, path, expected) => {
    expect(stringifyJson(setPayloadPath(object(target), path, { x: 9 }))).toBe(expected)
  })

  test('leaves the target as it was', () => {
    const target = object('{"a":{"b":1}}')
    setPayloadPath(target, 'a', { x: 9 })
    expect(target).toEqual({ a: { b: 1 } })
  })
})

describe('deletePayloadPath', () => {
  const text = '{"a":{"b":1,"c":2.0},"list":[{"n":1,"m":2},{"n":3},4],"x.y":5}'
  test.each([
    ['a', '{"list":[{"n":1,"m":2},{"n":3},4],"x.y":5}'],
    ['a.b', '{"a":{"c":2.0},"list":[{"n":1,"m":2},{"n":3},4],"x.y":5}'],
    ['list[].n', '{"a":{"b":1,"c":2.0},"list":[{"m":2},{},4],"x.y":5}'],
    ['list[0].n', '{"a":{"b":1,"c":2.0},"list":[{"m":2},{"n":3},4],"x.y":5}'],
    ['list[]', '{"a":{"b":1,"c":2.0},"list":[],"x.y":5}'],
    ['list[0]', text],
    ['list.n', text],
    ['"x.y"', '{"a":{"b":1,"c":2.0},"list":[{"n":1,"m":2},{"n":3},4]}'],
    ['nowhere.at', text],
  ])('of %s', (path, expected) => {
    expect(stringifyJson(deletePayloadPath(object(text), path))).toBe(expected)
  })
})

describe('selectPayload', () => {
  const text = '{"a":{"b":1.0,"c":[]},"pets":[{"kind":"cat","age":3},{"age":5}],"n":null}'
  test.each<[PayloadChoice, string]>([
    [{ include: ['a'] }, '{"a":{"b":1.0,"c":[]}}'],
    [{ include: ['a.b', 'n'] }, '{"a":{"b":1.0},"n":null}'],
    [{ include: ['pets[].kind'] }, '{"pets":[{"kind":"cat"},{}]}'],
    [{ include: ['pets[]'] }, '{"pets":[{"kind":"cat","age":3},{"age":5}]}'],
    [{ include: ['pets.kind'] }, '{"pets":[]}'],
    [{ include: ['pets[0].kind'] }, '{"pets":[]}'],
    [{ include: ['nowhere', 'n.x'] }, '{}'],
    [{ include: [] }, '{}'],
    [{ exclude: [] }, text],
    [{ exclude: ['a', 'n'] }, '{"pets":[{"kind":"cat","age":3},{"age":5}]}'],
    [{ exclude: ['pets[].age', 'a.c'] }, '{"a":{"b":1.0},"pets":[{"kind":"cat"},{}],"n":null}'],
    [{ exclude: ['pets[]', 'a'] }, '{"pets":[],"n":null}'],
    [{ exclude: ['pets[0]', 'pets.age'] }, text],
  ])('%j', (choice, expected) => {
    expect(selectPayload(new RawJson(text), choice).text).toBe(expected)
  })
})
