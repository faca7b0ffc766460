import type { Literal, Operand, RowExpression } from '../../../../index.ts'
import { dataTypes, isIntegerType, isTextType } from '../../schema/data-types.ts'
import { ExpressionError } from '../filter-error.ts'
import type { EqualityOperator, RelationalOperator } from '../grammar/syntax.ts'
import { comparedType } from './columns.ts'
import { compareMoments, isTimed } from './moments.ts'
import {
  boolLiteral,
  compareConstants,
  elementTypeOf,
  isFloatType,
  isNumericType,
  mustCast,
  nameOfType,
  typeOf,
} from './constants.ts'
import type { Arithmetic, BuildScope, Column, Meaning, Predicate } from './meaning.ts'

type Operator = RelationalOperator | EqualityOperator

const mirrored: Readonly<Record<Operator, Operator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/** @throws ExpressionError */
export function compareMeanings(operator: Operator, left: Meaning, right: Meaning, text: string): Meaning {
  if (isTimed(left) || isTimed(right)) return compareMoments(operator, left, right, text)
  if (isFixed(left) && isFixed(right)) return foldComparison(operator, left, right, text)
  if (operator !== '==' && operator !== '!=') {
    refuseWholeArray(left)
    refuseWholeArray(right)
  }
  if (left.kind !== 'template' && right.kind !== 'template' && !canCompare(left, right)) {
    throw new ExpressionError(
      `comparisons between ${shownType(left)} and ${shownType(right)} are not supported`,
    )
  }
  if (isFixed(left)) return compareWithFixed(mirrored[operator], right, left)
  if (isFixed(right)) return compareWithFixed(operator, left, right)
  return compareColumns(operator, left, right)
}

type Fixed = Extract<Meaning, { kind: 'constant' | 'template' }>

export function isFixed(meaning: Meaning): meaning is Fixed {
  return meaning.kind === 'constant' || meaning.kind === 'template'
}

function foldComparison(operator: Operator, left: Fixed, right: Fixed, text: string): Meaning {
  if (left.kind === 'template' || right.kind === 'template') {
    throw new ExpressionError(
      `placeholder was not supported between two constants with operator: ${operator}`,
    )
  }
  const result = compareConstants(operator, left.literal, right.literal)
  if (result === undefined) {
    throw new ExpressionError(`comparison operations cannot be applied to two incompatible operands: ${text}`)
  }
  return { kind: 'constant', literal: boolLiteral(result) }
}

/** @throws ExpressionError for an array that is not asked for one of its elements */
export function refuseWholeArray(meaning: Meaning): void {
  if (meaning.kind === 'column' && meaning.dataType === dataTypes.Array && meaning.isWhole) {
    throw new ExpressionError('can not comparisons array fields directly')
  }
}

/** The type of a meaning; 0 for a template. */
export function dataTypeOf(meaning: Meaning): number {
  switch (meaning.kind) {
    case 'constant':
      return typeOf(meaning.literal)
    case 'template':
      return 0
    case 'column':
    case 'arithmetic':
      return meaning.dataType
    case 'length':
      return dataTypes.Int64
    case 'moment':
    case 'interval':
    case 'shifted':
      return dataTypes.Timestamptz
    case 'predicate':
      return dataTypes.Bool
  }
}

function innerTypeOf(meaning: Meaning): number {
  if (meaning.kind === 'column') return meaning.elementType
  return meaning.kind === 'constant' ? elementTypeOf(meaning.literal) : 0
}

/** Of an array: its element's type. */
export function valueTypeOf(meaning: Meaning): number {
  const type = dataTypeOf(meaning)
  return type === dataTypes.Array ? innerTypeOf(meaning) : type
}

function shownType(meaning: Meaning): string {
  const type = dataTypeOf(meaning)
  return type === dataTypes.Array ? `Array[${nameOfType(innerTypeOf(meaning))}]` : nameOfType(type)
}

function canCompare(left: Meaning, right: Meaning): boolean {
  return canCompareTypes(valueTypeOf(left), valueTypeOf(right))
}

export function canCompareTypes(left: number, right: number): boolean {
  if (left === dataTypes.JSON) return true
  if (left === dataTypes.Bool) return right === dataTypes.Bool || right === dataTypes.JSON
  if (isNumericType(left)) return isNumericType(right) || right === dataTypes.JSON
  if (left === dataTypes.Timestamptz) return right === dataTypes.Timestamptz
  return isTextType(left) && (isTextType(right) || right === dataTypes.JSON)
}

function compareWithFixed(operator: Operator, other: Meaning, fixed: Fixed): Meaning {
  if (fixed.kind === 'constant') castFor(other, fixed.literal)
  if (other.kind === 'arithmetic') return compareArithmetic(operator, other, fixed)
  if (other.kind === 'length') {
    const left: Operand = { kind: 'length', of: other.reference }
    return predicate((scope) => ({
      kind: 'compare',
      operator,
      left,
      right: mustCast(dataTypes.Int64, valueOf(fixed, scope)),
    }))
  }
  if (other.kind !== 'column') throw new ExpressionError('not supported to combine multiple fields')
  const build = (scope: BuildScope): RowExpression => ({
    kind: 'compare',
    operator,
    left: other.reference,
    right: castFor(other, valueOf(fixed, scope)),
  })
  const isKey = operator === '==' && other.field?.isPrimaryKey === true && other.isWhole
  return {
    kind: 'predicate',
    build,
    ...(isKey && { keys: (scope) => [castFor(other, valueOf(fixed, scope))] }),
  }
}

/** @throws ExpressionError if the literal is no value of what it is compared with */
function castFor(other: Meaning, literal: Literal): Literal {
  return mustCast(other.kind === 'column' ? comparedType(other) : dataTypeOf(other), literal)
}

/** @throws ExpressionError if a template has no value */
export function valueOf(fixed: Fixed, scope: BuildScope): Literal {
  if (fixed.kind === 'constant') return fixed.literal
  const value = scope.templates.get(fixed.name)
  if (value === undefined) {
    throw new ExpressionError(`the value of expression template variable name {${fixed.name}} is not found`)
  }
  return value
}

function compareArithmetic(operator: Operator, arithmetic: Arithmetic, fixed: Fixed): Predicate {
  const { column, operand } = sidesOf(arithmetic)
  const { dataType } = arithmetic
  if (operand.kind === 'constant') checkOperand(arithmetic, operand.literal)
  return predicate((scope) => {
    const right = checkOperand(arithmetic, valueOf(operand, scope))
    const left: Operand = {
      kind: 'arithmetic',
      operator: arithmetic.operator,
      type: arithmeticType(column),
      left: column.reference,
      right,
    }
    return { kind: 'compare', operator, left, right: mustCast(dataType, valueOf(fixed, scope)) }
  })
}

/** One column and one constant are all that the original calculates with. */
function sidesOf({ operator, left, right }: Arithmetic): {
  readonly column: Column
  readonly operand: Fixed
} {
  if (left.kind === 'column' && right.kind === 'column') {
    throw new ExpressionError('not supported to do arithmetic operations between multiple fields')
  }
  if (left.kind === 'column' && isFixed(right)) return { column: left, operand: right }
  if (right.kind !== 'column' || !isFixed(left)) {
    throw new ExpressionError('complicated arithmetic operations are not supported')
  }
  if (operator === '+' || operator === '*') return { column: right, operand: left }
  throw new ExpressionError('module field is not yet supported')
}

function checkOperand({ operator, dataType }: Arithmetic, literal: Literal): Literal {
  const operand = mustCast(dataType, literal)
  if ((operator === '/' || operator === '%') && 'value' in operand && Number(operand.value) === 0) {
    throw new ExpressionError('division or modulus by zero')
  }
  return operand
}

function arithmeticType(column: Column): 'int' | 'float' | 'double' | 'json' {
  const type = comparedType(column)
  if (isIntegerType(type)) return 'int'
  if (isFloatType(type)) return type === dataTypes.Float ? 'float' : 'double'
  return 'json'
}

function compareColumns(operator: Operator, left: Meaning, right: Meaning): Predicate {
  if (left.kind !== 'column' || right.kind !== 'column') {
    throw new ExpressionError('only comparison between two fields is supported')
  }
  if (left.dataType === dataTypes.JSON || right.dataType === dataTypes.JSON) {
    throw new ExpressionError('two column comparison with JSON type is not supported')
  }
  return predicate(() => ({ kind: 'compare', operator, left: left.reference, right: right.reference }))
}

export function predicate(build: Predicate['build']): Predicate {
  return { kind: 'predicate', build }
}
