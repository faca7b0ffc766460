import type { Literal, RowExpression } from '../../../../index.ts'
import { dataTypes, isTextType } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import { columnOf, comparedType, isVectorColumn } from './columns.ts'
import { canCompareTypes, isFixed, predicate, refuseWholeArray, valueOf } from './comparisons.ts'
import { castTo, compareConstants, mustCast, nameOfType, shownValue, typeOf } from './constants.ts'
import type { BuildScope, Column, Meaning, Predicate, Scope } from './meaning.ts'

/** `in` and `not in`. @throws ExpressionError */
export function listTest(
  child: Meaning,
  list: Meaning,
  isNegated: boolean,
  texts: { readonly child: string; readonly list: string },
): Predicate {
  if (isFixed(child)) {
    throw new ExpressionError(
      `'term' can only be used on non-const expression, but got: ${texts.child}`,
      ends.input,
    )
  }
  if (child.kind !== 'column') {
    throw new ExpressionError(`'term' can only be used on single field, but got: ${texts.child}`, ends.input)
  }
  const type = comparedType(child)
  if (!isFixed(list)) {
    throw new ExpressionError(`value '${texts.list}' in list cannot be a non-const expression`, ends.input)
  }
  if (list.kind === 'constant') checkList(list.literal, type, texts.list)
  const valuesOf = (scope: BuildScope): readonly Literal[] => {
    const value = valueOf(list, scope)
    if (value.type === 'list') return value.items.map((item) => mustCast(type, item))
    const name = list.kind === 'template' ? list.name : ''
    throw new ExpressionError(`the value of term expression template variable {${name}} is not array`)
  }
  const build = (scope: BuildScope): RowExpression => {
    const test: RowExpression = { kind: 'in', operand: child.reference, values: valuesOf(scope) }
    return isNegated ? { kind: 'not', operand: test } : test
  }
  const isKeys = !isNegated && child.field?.isPrimaryKey === true
  return { kind: 'predicate', build, ...(isKeys && { keys: valuesOf }) }
}

function checkList(literal: Literal, type: number, text: string): void {
  if (literal.type !== 'list') {
    throw new ExpressionError(`the right-hand side of 'in' must be a list, but got: ${text}`, ends.input)
  }
  for (const item of literal.items) {
    if (castTo(type, item) !== undefined) continue
    throw new ExpressionError(
      `value '${shownValue(item)}' in list cannot be casted to ${nameOfType(type)}`,
      ends.input,
    )
  }
}

/** `like`, `=~` and `!~`. @throws ExpressionError */
export function patternTest(
  kind: 'like' | 'regex',
  child: Meaning,
  pattern: Meaning,
  isNegated: boolean,
  patternText: string,
): Predicate {
  if (child.kind !== 'column')
    throw new ExpressionError(`${kind} operation on complicated expr is unsupported`)
  refuseWholeArray(child)
  const type = comparedType(child)
  if (!isTextType(type) && type !== dataTypes.JSON) {
    throw new ExpressionError(
      kind === 'like'
        ? 'like operation on non-string or no-json field is unsupported'
        : 'regex match on non-string or non-json field is unsupported',
    )
  }
  if (!isFixed(pattern) || (pattern.kind === 'constant' && pattern.literal.type !== 'text')) {
    const what = `${kind} pattern should be a string literal or template variable, got: ${patternText}`
    throw new ExpressionError(what, ends.input)
  }
  return predicate((scope) => {
    const value = valueOf(pattern, scope)
    if (value.type !== 'text') {
      const name = pattern.kind === 'template' ? pattern.name : ''
      throw new ExpressionError(`the value of ${kind} expression template variable {${name}} is not string`)
    }
    // `.` is any character in Milvus, ends of lines as well.
    const regex = value.value.includes('.') ? `(?s)${value.value}` : value.value
    const test: RowExpression = {
      kind,
      of: child.reference,
      pattern: kind === 'regex' ? regex : value.value,
    }
    return isNegated ? { kind: 'not', operand: test } : test
  })
}

/** @throws ExpressionError */
export function existsTest(child: Meaning, text: string): Predicate {
  if (child.kind !== 'column') {
    throw new ExpressionError(
      `exists operations are only supported on single fields now, got: ${text}`,
      ends.input,
    )
  }
  if (child.dataType !== dataTypes.JSON) {
    const type = nameOfType(child.dataType)
    throw new ExpressionError(`exists operations are only supportted on json field, got:${type}`, ends.input)
  }
  if (child.isWhole)
    throw new ExpressionError('exists operations are only supportted on json key', ends.input)
  return predicate(() => ({ kind: 'exists', of: child.reference }))
}

/** Of a key: whether it exists. @throws ExpressionError */
export function nullTest(child: Column, isNegated: boolean): Predicate {
  if (isVectorColumn(child)) {
    throw new ExpressionError('IsNull/IsNotNull operations are not supported on vector fields', ends.input)
  }
  const isKey = !child.isWhole
  if (isKey && child.field?.dataType === dataTypes.Array) {
    const reason = 'IsNull/IsNotNull operations are not supported on array element access'
    throw new ExpressionError(reason, ends.input)
  }
  const test: RowExpression = { kind: isKey ? 'exists' : 'is-null', of: child.reference }
  return predicate(() => (isKey === isNegated ? test : { kind: 'not', operand: test }))
}

const containsNames = { one: 'Contains', all: 'ContainsAll', any: 'ContainsAny' } as const

/** @throws ExpressionError */
export function containsTest(
  mode: 'one' | 'all' | 'any',
  child: Meaning,
  value: Meaning,
  texts: { readonly child: string; readonly value: string },
): Predicate {
  const verb = mode === 'one' ? 'contains' : `contains_${mode}`
  if (child.kind !== 'column' || (child.dataType !== dataTypes.JSON && child.dataType !== dataTypes.Array)) {
    const what = `${verb} operation are only supported on json or array fields now, got: ${texts.child}`
    throw new ExpressionError(what, ends.input)
  }
  if (!isFixed(value)) {
    const what = `${verb} operation are only supported explicitly specified element, got: ${texts.value}`
    throw new ExpressionError(what, ends.input)
  }
  if (value.kind === 'constant') containedValues(mode, child, value.literal)
  return predicate((scope) => ({
    kind: 'contains',
    of: child.reference,
    mode: mode === 'all' ? 'all' : 'any',
    values: containedValues(mode, child, valueOf(value, scope)),
  }))
}

function containedValues(mode: 'one' | 'all' | 'any', child: Column, literal: Literal): readonly Literal[] {
  const isArray = child.dataType === dataTypes.Array
  if (mode === 'one') return [isArray ? mustCast(child.elementType, literal) : literal]
  const name = containsNames[mode]
  if (literal.type !== 'list') throw new ExpressionError(`${name} operation element must be an array`)
  for (const item of literal.items) {
    if (!isArray || canCompareTypes(child.elementType, typeOf(item))) continue
    const types = `${nameOfType(child.elementType)} and ${nameOfType(typeOf(item))}`
    throw new ExpressionError(`${name} operation can't compare between array element type: ${types}`)
  }
  return literal.items
}

/** `low < x < high`. @throws ExpressionError */
export function rangeTest(
  child: Column,
  low: Meaning,
  high: Meaning,
  inside: { readonly low: boolean; readonly high: boolean },
  texts: { readonly low: string; readonly high: string },
): Predicate {
  refuseWholeArray(child)
  if (!isFixed(low)) {
    throw new ExpressionError(`lowerbound cannot be a non-const expression: ${texts.low}`, ends.input)
  }
  if (!isFixed(high)) {
    throw new ExpressionError(`upperbound cannot be a non-const expression: ${texts.high}`, ends.input)
  }
  const type = child.dataType === dataTypes.Array ? child.elementType : child.dataType
  if (low.kind === 'constant') bound(type, low.literal)
  if (high.kind === 'constant') bound(type, high.literal)
  const bounds = (scope: BuildScope): readonly [Literal, Literal] => {
    const found = [bound(type, valueOf(low, scope)), bound(type, valueOf(high, scope))] as const
    const isEmpty = compareConstants(inside.low && inside.high ? '>' : '>=', ...found)
    if (isEmpty === undefined) throw new ExpressionError('invalid range operations')
    if (isEmpty) throw new ExpressionError('invalid range: lowerbound is greater than upperbound')
    return found
  }
  if (low.kind === 'constant' && high.kind === 'constant') bounds({ templates: new Map(), seed: 0 })
  return predicate((scope) => {
    const [from, to] = bounds(scope)
    const left = child.reference
    return {
      kind: 'and',
      operands: [
        { kind: 'compare', operator: inside.low ? '>=' : '>', left, right: from },
        { kind: 'compare', operator: inside.high ? '<=' : '<', left, right: to },
      ],
    }
  })
}

function bound(type: number, literal: Literal): Literal {
  if (type === dataTypes.Bool) throw new ExpressionError('invalid range operations on boolean expr')
  const found = castTo(type, literal)
  if (found === undefined) throw new ExpressionError('invalid range operations')
  return found
}

/** @throws ExpressionError */
export function sampleTest(share: Meaning, text: string): Predicate {
  if (share.kind !== 'constant' || share.literal.type !== 'double') {
    throw new ExpressionError(
      `"float factor" should be a const float expression: "float factor" passed: ${text}`,
    )
  }
  const { value } = share.literal
  if (value <= 1e-10 || value >= 1 - 1e-10) {
    throw new ExpressionError(
      'the sample factor should be between 0 and 1 and not too close to 0 or 1' +
        `(the difference should be larger than 1e-10), but got ${text}`,
    )
  }
  return { kind: 'predicate', isSample: true, build: ({ seed }) => ({ kind: 'sample', share: value, seed }) }
}

/** A text field whose words can be asked for. @throws ExpressionError */
export function matchedField(name: string, what: 'text match' | 'phrase match', scope: Scope): Column {
  const column = columnOf(name, scope)
  if (!isTextType(column.dataType))
    throw new ExpressionError(`${what} operation on non-string is unsupported`)
  if (column.field?.isMatchEnabled !== true)
    throw new ExpressionError(`field "${name}" does not enable match`)
  return column
}
