import { describe, expect, test } from 'vitest'
import { parseJson, type JsonValue } from '../../encoding/json.ts'
import { isDatabaseError } from '../../errors/database-error.ts'
import { wordsOfId } from '../../ids/point-id.ts'
import { compileFormula } from './evaluate-formula.ts'
import type { Expression, FormulaDefaults } from './formula.ts'

interface Row {
  readonly payload?: string
  readonly scores?: readonly (number | undefined)[]
}

function compute(expression: Expression, row: Row = {}, defaults?: FormulaDefaults): number {
  const formula = { expression, ...(defaults === undefined ? {} : { defaults }) }
  const evaluate = compileFormula(formula, { payloadIndexes: {} })
  return evaluate({
    id: wordsOfId(1),
    payload: (): JsonValue => parseJson(row.payload ?? '{}'),
    hasVector: () => true,
    score: (prefetch) => row.scores?.[prefetch],
  })
}

function failure(run: () => unknown): { code: string; details: Readonly<Record<string, unknown>> } {
  try {
    run()
  } catch (error) {
    if (isDatabaseError(error)) return { code: error.code, details: error.details }
    throw error
  }
  throw new Error('The formula was computed, but it should have failed')
}

const score: Expression = { kind: 'score' }
const value = (path: string): Expression => ({ kind: 'value', path })

describe('arithmetic', () => {
  test('sums and products, also of nothing', () => {
    expect(compute({ kind: 'sum', of: [1, 2.5, { kind: 'neg', of: 4 }] })).toBe(-0.5)
    expect(compute({ kind: 'product', of: [2, 3, 0.5] })).toBe(3)
    expect(compute({ kind: 'sum', of: [] })).toBe(0)
    expect(compute({ kind: 'product', of: [] })).toBe(1)
  })

  test('functions', () => {
    expect(compute({ kind: 'abs', of: -3 })).toBe(3)
    expect(compute({ kind: 'sqrt', of: 16 })).toBe(4)
    expect(compute({ kind: 'power', base: 2, exponent: 10 })).toBe(1024)
    expect(compute({ kind: 'exp', of: 0 })).toBe(1)
    expect(compute({ kind: 'ln', of: { kind: 'exp', of: 2 } })).toBe(2)
    expect(compute({ kind: 'log10', of: 1000 })).toBe(3)
  })

  test('what comes after a zero factor is not computed', () => {
    expect(compute({ kind: 'product', of: [0, { kind: 'ln', of: 0 }] })).toBe(0)
  })

  test('division by zero has a default, fails, or is of zero', () => {
    expect(compute({ kind: 'quotient', left: 1, right: 0, byZero: 7 })).toBe(7)
    expect(compute({ kind: 'quotient', left: 0, right: 0 })).toBe(0)
    expect(failure(() => compute({ kind: 'quotient', left: 1, right: 0 })).details).toMatchObject({
      expression: '1/0',
      value: 'inf',
    })
  })

  test('what is not finite is told with its operands', () => {
    const said = (expression: Expression): unknown => failure(() => compute(expression)).details['expression']
    expect(said({ kind: 'sqrt', of: -4 })).toBe('√-4')
    expect(said({ kind: 'power', base: -8, exponent: 0.5 })).toBe('-8^0.5')
    expect(said({ kind: 'ln', of: 0 })).toBe('ln(0)')
    expect(said({ kind: 'product', of: [3e38, 10] })).toBe('3000000005497756000000000000000000000000 as f32')
  })
})

describe('what a point has', () => {
  test('scores of prefetches, with their defaults', () => {
    const row = { scores: [0.5, undefined, 2] }
    expect(compute(score, row)).toBe(0.5)
    expect(compute({ kind: 'score', prefetch: 2 }, row)).toBe(2)
    expect(compute({ kind: 'score', prefetch: 1 }, row)).toBe(0)
    expect(compute({ kind: 'score', prefetch: 1 }, row, { scores: { 1: -3 } })).toBe(-3)
  })

  test('numbers in the payload; a list of one is what it holds', () => {
    const row = { payload: '{"n":5,"list":[3],"deep":{"n":1.5},"two":[7,8],"text":"5","none":null}' }
    expect(compute(value('n'), row)).toBe(5)
    expect(compute(value('list'), row)).toBe(3)
    expect(compute(value('deep.n'), row)).toBe(1.5)
    expect(compute(value('two[1]'), row)).toBe(8)
    for (const path of ['two', 'text', 'none', 'deep']) {
      expect(failure(() => compute(value(path), row)).details).toMatchObject({ reason: 'value', path })
    }
  })

  test('a default stands for what is absent, not for what is of another kind', () => {
    const defaults = { values: { n: 4, text: 4 } }
    expect(compute(value('n'), {}, defaults)).toBe(4)
    expect(compute(value('n'), { payload: '{"n":1}' }, defaults)).toBe(1)
    expect(failure(() => compute(value('text'), { payload: '{"text":"x"}' }, defaults)).code).toBe(
      'formula-failed',
    )
    expect(failure(() => compute(value('n'))).details).not.toHaveProperty('value')
  })

  test('conditions are one or zero', () => {
    const condition: Expression = {
      kind: 'condition',
      condition: { kind: 'field', path: 'color', match: { value: 'red' } },
    }
    expect(compute(condition, { payload: '{"color":"red"}' })).toBe(1)
    expect(compute(condition, { payload: '{"color":"blue"}' })).toBe(0)
  })

  test('times are seconds, places are metres', () => {
    const payload = '{"at":"1970-01-02T00:00:00Z","here":{"lat":0,"lon":1}}'
    expect(compute({ kind: 'datetime-value', path: 'at' }, { payload })).toBe(86_400)
    expect(compute({ kind: 'datetime', at: '1970-01-01T00:01:00.5Z' })).toBe(60.5)
    const distance: Expression = { kind: 'geo-distance', origin: { lat: 0, lon: 0 }, path: 'here' }
    expect(compute(distance, { payload })).toBeCloseTo(111_195, 0)
  })
})

test('where the field has an index, null and lists without a value are not there', () => {
  const evaluate = compileFormula(
    { expression: value('n'), defaults: { values: { n: 7 } } },
    { payloadIndexes: { n: { type: 'float' } } },
  )
  const scoreOf = (payload: string): number =>
    evaluate({
      id: wordsOfId(1),
      payload: () => parseJson(payload),
      hasVector: () => true,
      score: () => undefined,
    })
  expect(['{"n":null}', '{"n":[]}', '{"n":["x"]}', '{}', '{"n":2}', '{"n":[3]}'].map(scoreOf)).toEqual([
    7, 7, 7, 7, 2, 3,
  ])
  expect(failure(() => compute(value('n'), { payload: '{"n":null}' }, { values: { n: 7 } })).code).toBe(
    'formula-failed',
  )
})

describe('decay', () => {
  const shapes = ['linear', 'exponential', 'gauss'] as const

  test.each(shapes)('%s is 1 at the target and the midpoint at the scale', (shape) => {
    const at = (x: number): number =>
      compute({ kind: 'decay', shape, of: x, target: 10, scale: 4, midpoint: 0.25 })
    expect(at(10)).toBe(1)
    expect(at(14)).toBe(0.25)
    expect(at(6)).toBe(0.25)
    expect(at(20)).toBeLessThan(0.25)
    expect(at(20)).toBeGreaterThanOrEqual(0)
  })

  test('scale and midpoint have bounds', () => {
    const decay = (shape: (typeof shapes)[number], params: object): Expression => ({
      kind: 'decay',
      shape,
      of: 1,
      ...params,
    })
    expect(failure(() => compute(decay('gauss', { scale: 0 }))).code).toBe('request-invalid')
    expect(failure(() => compute(decay('exponential', { midpoint: 0 }))).code).toBe('request-invalid')
    expect(failure(() => compute(decay('linear', { midpoint: 1.5 }))).code).toBe('request-invalid')
    expect(compute(decay('linear', { midpoint: 0 }))).toBe(0)
  })
})
