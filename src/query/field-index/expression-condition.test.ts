import { expect, test } from 'vitest'
import type { JsonObject } from '../../encoding/json.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import { compileFilter } from '../compile-filter.ts'
import type { Comparison, Literal, Reference, RowExpression } from '../expression/expression.ts'
import type { PayloadIndexParams } from '../payload-index.ts'
import { FieldIndexes } from './field-indexes.ts'

const indexes: Readonly<Record<string, PayloadIndexParams>> = {
  n: { type: 'integer' },
  x: { type: 'float' },
  s: { type: 'keyword' },
  b: { type: 'bool' },
  '"j k".t': { type: 'keyword' },
  when: { type: 'datetime' },
}
const rows: readonly JsonObject[] = [
  { n: 1, x: 0.1, s: 'a', b: true, 'j k': { t: 'in' }, when: 5 },
  { n: 2, x: 0.5, s: 'b', b: false, when: '2026-01-01T00:00:00Z' },
  { n: 9007199254740993n, x: 1e10, s: 'c' },
  { n: 2.5, x: 7, s: ['a'] },
  { n: null },
  {},
]
const reference = (type: Reference['type'], ...path: (string | number)[]): Reference => ({
  kind: 'reference',
  path,
  type,
})
const compare = (left: Reference, operator: Comparison['operator'], right: Literal): RowExpression => ({
  kind: 'compare',
  operator,
  left,
  right,
})
const int = (value: number | bigint): Literal => ({ kind: 'literal', type: 'int', value })
const double = (value: number): Literal => ({ kind: 'literal', type: 'double', value })
const text = (value: string): Literal => ({ kind: 'literal', type: 'text', value })

const newYear = Date.UTC(2026, 0, 1) * 1_000

const operators = ['==', '!=', '<', '<=', '>', '>='] as const
const leaves: readonly RowExpression[] = [
  ...operators.flatMap((operator) => [
    compare(reference('int', 'n'), operator, int(2)),
    compare(reference('json', 'n'), operator, int(2)),
    compare(reference('int', 'n'), operator, int(9007199254740992n)),
    compare(reference('float', 'x'), operator, double(0.1)),
    compare(reference('double', 'x'), operator, int(7)),
    compare(reference('text', 's'), operator, text('b')),
    compare(reference('json', 'when'), operator, int(5)),
    compare(reference('moment', 'when'), operator, int(newYear)),
    compare(reference('moment', 'when'), operator, int(newYear + 500_000)),
    compare(reference('moment', 'when'), operator, int(-(2n ** 62n))),
    compare(reference('moment', 'n'), operator, int(2)),
  ]),
  { kind: 'compare', operator: '<', left: int(1), right: reference('int', 'n') },
  compare(reference('json', 'j k', 't'), '==', text('in')),
  compare(reference('bool', 'b'), '==', { kind: 'literal', type: 'bool', value: true }),
  { kind: 'in', operand: reference('int', 'n'), values: [int(1), int(9007199254740993n)] },
  { kind: 'in', operand: reference('json', 'n'), values: [int(1), double(2.5)] },
  { kind: 'in', operand: reference('text', 's'), values: [text('a'), text('c')] },
]

function passing(expression: RowExpression): readonly number[] {
  const predicate = compileFilter({ must: [{ kind: 'expression', expression }] }, { payloadIndexes: indexes })
  return rows.flatMap((payload, i) =>
    predicate.test({ id: wordsOfId(i), payload: () => payload, hasVector: () => false }) ? [i] : [],
  )
}

const built = new FieldIndexes(indexes)
built.extend(rows.length, (row) => rows[row]!)

function candidates(expression: RowExpression): readonly number[] | undefined {
  const found = built.candidates({ must: [{ kind: 'expression', expression }] }, rows.length)
  if (found === undefined) return undefined
  expect(found.exact).toBe(false)
  return rows.flatMap((_, i) => (((found.bitset[0]! >>> i) & 1) === 1 ? [i] : []))
}

test('indexes give no fewer rows than pass an expression', () => {
  const pairs = leaves.flatMap((left) =>
    leaves.flatMap((right): RowExpression[] => [
      { kind: 'and', operands: [left, right] },
      { kind: 'or', operands: [left, right] },
      { kind: 'not', operand: left },
    ]),
  )
  for (const expression of [...leaves, ...pairs]) {
    const found = candidates(expression)
    if (found !== undefined)
      expect(found, JSON.stringify(expression, String)).toEqual(
        expect.arrayContaining([...passing(expression)]),
      )
  }
})

test('indexes narrow what they can', () => {
  expect(candidates(compare(reference('moment', 'when'), '==', int(newYear)))).toEqual([1])
  const isTwo = compare(reference('int', 'n'), '==', int(2))
  const isRare = compare(reference('json', 'j k', 't'), '==', text('in'))
  expect(candidates(isTwo)).toEqual([1])
  expect(candidates(isRare)).toEqual([0])
  expect(candidates({ kind: 'or', operands: [isTwo, isRare] })).toEqual([0, 1])
  expect(candidates({ kind: 'and', operands: [isTwo, { kind: 'constant', value: true }] })).toEqual([1])
  expect(candidates({ kind: 'or', operands: [isTwo, { kind: 'constant', value: true }] })).toBeUndefined()
  expect(candidates({ kind: 'not', operand: isTwo })).toBeUndefined()
})
