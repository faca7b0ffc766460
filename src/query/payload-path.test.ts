import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../encoding/json.ts'
import { isPayloadPath, parsePath, valuesAt } from './payload-path.ts'

const payload: JsonValue = {
  a: { b: 1, list: [{ x: 1 }, { x: [2, 3] }, 4] },
  'dotted.key': 'd',
  '': { '': 'nameless' },
  grid: [
    [1, 2],
    [3, 4],
  ],
}

describe('payload paths', () => {
  test.each<[string, JsonValue[]]>([
    ['a.b', [1]],
    ['a.list[].x', [1, [2, 3]]],
    ['a.list[1].x[0]', [2]],
    ['a.list[9].x', []],
    ['a.list.x', []],
    ['"dotted.key"', ['d']],
    ['dotted.key', []],
    ['""', [{ '': 'nameless' }]],
    ['"".""', ['nameless']],
    ['grid[][]', [1, 2, 3, 4]],
    ['grid[1]', [[3, 4]]],
    ['toString', []],
  ])('%s reaches %j', (path, values) => {
    expect(valuesAt(payload, parsePath(path))).toEqual(values)
  })

  test.each(['a', 'a-b_c', 'ünï', 'a[]', 'a[0][].b', '"a b"[0]', '"x".y', '7'])('%s is a path', (path) => {
    expect(isPayloadPath(path)).toBe(true)
  })

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a[',
    'a]',
    'a[b]',
    'a[-1]',
    'a[ 1 ]',
    '[]',
    '[0]',
    'a[]b',
    '"a',
    'a"b"',
    '"a""b"',
    '"a\\"b"',
    'a b',
    ' a',
    '$score',
    '*',
    'a[99999999999999999999]',
  ])('%j is none', (path) => {
    expect(isPayloadPath(path)).toBe(false)
    expect(() => parsePath(path)).toThrow(/malformed/)
  })
})
