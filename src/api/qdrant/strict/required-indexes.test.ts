import { describe, expect, test } from 'vitest'
import type { Condition, Filter, PayloadIndexParams } from '../../../index.ts'
import { conditionCount, longestList } from './conditions.ts'
import { requireFilterIndexes, requireFormulaIndexes, requireGroupingIndex } from './required-indexes.ts'

const indexes: Readonly<Record<string, PayloadIndexParams>> = {
  color: { type: 'keyword' },
  code: { type: 'keyword', settings: { prefix: true } },
  size: { type: 'integer' },
  rank: { type: 'integer', lookup: false },
  prose: { type: 'text' },
  id: { type: 'uuid' },
  'parts[].n': { type: 'integer' },
}
const uuid = '550e8400-e29b-41d4-a716-446655440000'

const faultOf = (run: () => void): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
const faultOfFilter = (filter: Filter): string | undefined =>
  faultOf(() => requireFilterIndexes(filter, indexes))
const faultOfOne = (condition: Condition): string | undefined => faultOfFilter({ must: [condition] })

describe('indexes that a filter needs', () => {
  test.each<Condition>([
    { kind: 'field', path: 'color', match: { value: 'red' } },
    { kind: 'field', path: 'color', match: { any: ['red', 'blue'] } },
    { kind: 'field', path: 'color', match: { any: [] } },
    { kind: 'field', path: 'nowhere', match: { except: [] } },
    { kind: 'field', path: 'code', match: { prefix: 'a' } },
    { kind: 'field', path: 'size', range: { gt: 1 } },
    { kind: 'field', path: 'rank', range: { gt: 1 } },
    { kind: 'field', path: 'id', match: { value: uuid } },
    { kind: 'field', path: 'color', match: { value: uuid } },
    { kind: 'field', path: 'prose', match: { text: 'a b' } },
    { kind: 'field', path: 'size', valuesCount: { gt: 1 } },
    { kind: 'is-empty', path: 'prose' },
    { kind: 'nested', path: 'parts', filter: { must: [{ kind: 'field', path: 'n', range: { gt: 0 } }] } },
    { kind: 'has-id', ids: [1] },
    { kind: 'slice', index: 0, total: 2 },
  ])('are there for %j', (condition) => {
    expect(faultOfOne(condition)).toBeUndefined()
  })

  test.each<[Condition, string]>([
    [
      { kind: 'field', path: 'color', match: { value: 3 } },
      '"color" of one of the following types: [integer]',
    ],
    [{ kind: 'field', path: 'rank', match: { value: 3 } }, '"rank" of one of the following types: [integer]'],
    [{ kind: 'field', path: 'x', range: { gt: 3 } }, '"x" of one of the following types: [float, integer]'],
    [{ kind: 'field', path: 'x', match: { value: uuid } }, '[keyword, uuid]'],
    [{ kind: 'field', path: 'id', match: { any: [uuid, 'other'] } }, '[keyword]'],
    [{ kind: 'field', path: 'color', match: { prefix: 'a' } }, '[keyword (with prefix: true)]'],
    [{ kind: 'field', path: 'prose', match: { phrase: 'a' } }, '[text (with phrase_matching: true)]'],
    [{ kind: 'is-null', path: 'x' }, '[bool, datetime, float, geo, integer, keyword, keyword (with prefix'],
    [{ kind: 'filter', filter: { mustNot: [{ kind: 'is-null', path: 'inner' }] } }, '"inner"'],
    [
      { kind: 'nested', path: 'parts', filter: { should: [{ kind: 'is-null', path: 'm' }] } },
      '"parts[].m" of one of',
    ],
  ])('are missed by %j', (condition, wording) => {
    expect(faultOfOne(condition)).toContain(wording)
  })

  test('what must not be is looked at before what should be', () => {
    const filter: Filter = {
      should: [{ kind: 'is-null', path: 'later' }],
      mustNot: [{ kind: 'is-null', path: 'sooner' }],
    }
    expect(faultOfFilter(filter)).toContain('"sooner"')
  })
})

test('formulas and groups need indexes, too', () => {
  const size = { kind: 'value', path: 'size' } as const
  expect(faultOf(() => requireFormulaIndexes({ kind: 'sum', of: [1, size] }, indexes))).toBeUndefined()
  const far = { kind: 'geo-distance', origin: { lon: 0, lat: 0 }, path: 'size' } as const
  expect(faultOf(() => requireFormulaIndexes({ kind: 'neg', of: far }, indexes))).toContain('[geo]. Help')
  expect(faultOf(() => requireGroupingIndex('color', indexes))).toBeUndefined()
  expect(faultOf(() => requireGroupingIndex('prose', indexes))).toContain('Index of type "Text" found')
  expect(faultOf(() => requireGroupingIndex('constructor', indexes))).toContain('not found for "constructor"')
})

test('conditions are counted with those inside others, lists by the longest', () => {
  const one: Condition = { kind: 'field', path: 'a', match: { any: [1, 2, 3] } }
  const filter: Filter = {
    must: [one, { kind: 'filter', filter: { should: [one, { kind: 'has-id', ids: [1, 2, 3, 4] }] } }],
    minShould: { conditions: [{ kind: 'nested', path: 'b', filter: { mustNot: [one] } }], minCount: 1 },
  }
  expect(conditionCount(filter)).toBe(4)
  expect(longestList(filter)).toBe(4)
  expect(conditionCount({})).toBe(0)
})
