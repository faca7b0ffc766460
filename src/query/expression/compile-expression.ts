import type { JsonValue } from '../../encoding/json.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import type { IdWords } from '../../ids/point-id.ts'
import { isArray, isObject } from '../payload-path.ts'
import { calculate } from './arithmetic.ts'
import type { Comparison, RowExpression, Operand, Reference } from './expression.ts'
import { compileLike } from './like.ts'
import { compileRegex } from './regex/compile-regex.ts'
import { shift } from './shift.ts'
import { compileSpatial } from './spatial-tests.ts'
import { compilePhraseMatch, compileTextMatch } from './text-tests.ts'
import { isSame, keyOf, literalValue, orderOf, readReference, valueAt, type Value } from './values.ts'

/** What an expression sees of a row. */
export interface ExpressionRow {
  readonly id: IdWords
  payload(): JsonValue
}

/** Null is unknown. */
type Truth = boolean | null
type Test = (row: ExpressionRow) => Truth
type Read = (row: ExpressionRow) => Value

// Filters are logged as JSON, and what is deeper than the log's reader goes could not be read again.
const depthMax = 100

/**
 * An expression made ready to be asked of rows.
 * @throws filter-invalid for a pattern that cannot be read, or if it is more than 100 levels deep as JSON
 */
export function compileExpression(expression: RowExpression): (row: ExpressionRow) => boolean {
  if (!isWithin(expression, depthMax)) throw invalid(`an expression is more than ${depthMax} levels deep`)
  const test = compile(expression)
  return (row) => test(row) === true
}

const nobody: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

/**
 * The same, asked of JSON that is no row, such as an element of a list.
 * @throws filter-invalid
 */
export function compileValueTest(expression: RowExpression): (value: JsonValue) => boolean {
  const passes = compileExpression(expression)
  return (value) => passes({ id: nobody, payload: () => value })
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1))
}

function compile(expression: RowExpression): Test {
  switch (expression.kind) {
    case 'constant':
      return () => expression.value
    case 'and':
      return all(expression.operands.map(compile))
    case 'or':
      return any(expression.operands.map(compile))
    case 'not':
      return negate(compile(expression.operand))
    case 'compare':
      return compileComparison(expression)
    case 'in':
      return compileIn(expression)
    case 'like':
      return ofText(expression.of, compileLike(expression.pattern))
    case 'regex':
      return ofText(expression.of, compileRegex(expression.pattern))
    case 'text-match': {
      const { of, text, params, minimum = 1 } = expression
      return ofText(of, compileTextMatch(text, params, minimum))
    }
    case 'phrase-match': {
      const { of, text, params, slop = 0 } = expression
      return ofText(of, compilePhraseMatch(text, params, slop))
    }
    case 'spatial':
    case 'spatial-distance':
    case 'valid-geometry':
      return ofText(expression.of, compileSpatial(expression))
    case 'is-null':
      return (row) => locate(row, expression.of) === null
    case 'exists':
      return (row) => holdsSomething(locate(row, expression.of))
    case 'contains':
      return compileContains(expression)
    case 'elements':
      return compileElements(expression)
    case 'sample':
      return (row) => shareOf(row.id, expression.seed) < expression.share
    default:
      throw invalid(`there is no expression "${String((expression as { kind: unknown }).kind)}"`)
  }
}

function all(tests: readonly Test[]): Test {
  return (row) => {
    let truth: Truth = true
    for (const test of tests) {
      const one = test(row)
      if (one === false) return false
      if (one === null) truth = null
    }
    return truth
  }
}

function any(tests: readonly Test[]): Test {
  return (row) => {
    let truth: Truth = false
    for (const test of tests) {
      const one = test(row)
      if (one === true) return true
      if (one === null) truth = null
    }
    return truth
  }
}

function negate(test: Test): Test {
  return (row) => {
    const truth = test(row)
    return truth === null ? null : !truth
  }
}

function compileOperand(operand: Operand, other?: Operand): Read {
  switch (operand.kind) {
    case 'literal': {
      const value = literalValue(operand, other === undefined ? 'json' : precisionOf(other))
      return () => value
    }
    case 'reference': {
      const read = readReference(operand)
      return (row) => read(row.payload())
    }
    case 'arithmetic': {
      const { operator, type } = operand
      const left = compileOperand(operand.left)
      const right = compileOperand(operand.right)
      return (row) => calculate(operator, type, left(row), right(row))
    }
    case 'shifted': {
      const read = readReference(operand.of)
      return (row) => shift(read(row.payload()), operand)
    }
    case 'length': {
      const read = readReference(operand.of)
      return (row) => {
        const value = read(row.payload())
        return value === null ? null : isArray(value) ? value.length : 0
      }
    }
  }
}

/** A literal is rounded as the values are that it is compared with. */
function precisionOf(operand: Operand): 'float' | 'json' {
  const type = operand.kind === 'reference' || operand.kind === 'arithmetic' ? operand.type : 'json'
  return type === 'float' ? 'float' : 'json'
}

function compileComparison({ operator, left, right }: Comparison): Test {
  if (isList(left) || isList(right)) return compileListComparison({ kind: 'compare', operator, left, right })
  const readLeft = compileOperand(left, right)
  const readRight = compileOperand(right, left)
  const passes = orderTests[operator]
  const differs = operator === '!=' && (isJson(left) || isJson(right))
  return (row) => {
    const a = readLeft(row)
    const b = readRight(row)
    if (a === null || b === null) return null
    const order = orderOf(a, b)
    return order === undefined ? differs : passes(order)
  }
}

const orderTests: Readonly<Record<Comparison['operator'], (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function isList(operand: Operand): boolean {
  return (operand.kind === 'reference' || operand.kind === 'literal') && operand.type === 'list'
}

function isJson(operand: Operand): boolean {
  if (operand.kind === 'arithmetic') return isJson(operand.left) || isJson(operand.right)
  return operand.kind === 'reference' && operand.type === 'json'
}

/** Lists are equal or not; what is no list is neither. */
function compileListComparison({ operator, left, right }: Comparison): Test {
  if (operator !== '==' && operator !== '!=') throw invalid('lists have no order')
  const readLeft = compileOperand(left)
  const readRight = compileOperand(right)
  const element = elementOf(left) ?? elementOf(right)
  return (row) => {
    const a = readLeft(row)
    const b = readRight(row)
    if (a === null || b === null) return null
    if (!Array.isArray(a) || !Array.isArray(b)) return false
    return isSame(a as JsonValue, b as JsonValue, element) === (operator === '==')
  }
}

function elementOf(operand: Operand): Reference['element'] {
  return operand.kind === 'reference' ? operand.element : undefined
}

function compileIn({ operand, values }: Extract<RowExpression, { kind: 'in' }>): Test {
  const read = compileOperand(operand)
  const precision = precisionOf(operand)
  const listed = values.map((literal) => literalValue(literal, precision))
  const keys = new Set(listed.map(keyOf).filter((key) => key !== undefined))
  const lists = listed.filter((value) => Array.isArray(value)) as readonly (readonly JsonValue[])[]
  const element = elementOf(operand)
  return (row) => {
    const value = read(row)
    if (value === null) return null
    if (Array.isArray(value)) return lists.some((list) => isSame(value as JsonValue, list, element))
    const key = keyOf(value)
    return key !== undefined && keys.has(key)
  }
}

function compileContains({ of, mode, values }: Extract<RowExpression, { kind: 'contains' }>): Test {
  const read = readReference(of)
  const element = of.element ?? 'json'
  const wanted = values.map((literal) => literalValue(literal) as JsonValue)
  return (row) => {
    const value = read(row.payload())
    if (value === null) return null
    if (!Array.isArray(value)) return false
    const has = (one: JsonValue): boolean =>
      (value as readonly JsonValue[]).some((item) => isSame(item, one, element))
    return mode === 'all' ? wanted.every(has) : wanted.some(has)
  }
}

function compileElements({
  of,
  test,
  least = 0,
  most = Infinity,
}: Extract<RowExpression, { kind: 'elements' }>): Test {
  const read = readReference(of)
  const passes = compile(test)
  return (row) => {
    const value = read(row.payload())
    if (value === null) return least <= 0
    if (!Array.isArray(value)) return false
    let count = 0
    for (const element of value as readonly JsonValue[]) {
      if (passes({ id: row.id, payload: () => element }) === true) count += 1
      if (count > most) return false
    }
    return count >= least
  }
}

function ofText(of: Reference, test: (text: string) => Truth): Test {
  const read = readReference(of)
  return (row) => {
    const value = read(row.payload())
    return value === null ? null : typeof value === 'string' && test(value)
  }
}

function locate(row: ExpressionRow, { path, columnSteps = 1 }: Reference): JsonValue | undefined {
  return valueAt(row.payload(), path, columnSteps)
}

function holdsSomething(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return false
  if (isArray(value)) return value.some(holdsSomething)
  return !isObject(value) || Object.values(value).some(holdsSomething)
}

/** A number from 0 up to 1 that the point's id and the seed decide. */
function shareOf(id: IdWords, seed: number): number {
  let hash = mix(seed | 0) ^ id.kind
  for (const word of [id.w0, id.w1, id.w2, id.w3]) hash = mix((hash ^ word) + 0x9e3779b9)
  return (hash >>> 0) / 2 ** 32
}

function mix(word: number): number {
  let hash = word | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('filter-invalid', `Cannot use this filter: ${why}`)
}
