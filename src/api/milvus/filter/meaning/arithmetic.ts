import { dataTypes, isIntegerType } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import type { ArithmeticOperator } from '../grammar/syntax.ts'
import { isFixed, refuseWholeArray, valueTypeOf } from './comparisons.ts'
import { calculate, isFloatType, isNumericType, nameOfType } from './constants.ts'
import type { Meaning } from './meaning.ts'
import { shiftedBy } from './moments.ts'

const names: Readonly<Record<ArithmeticOperator, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
}

/** @throws ExpressionError */
export function calculateMeanings(operator: ArithmeticOperator, left: Meaning, right: Meaning): Meaning {
  if (right.kind === 'interval') return shiftedBy(operator, left, right)
  if (isFixed(left) && isFixed(right)) {
    if (left.kind === 'template' || right.kind === 'template') {
      throw new ExpressionError(
        `placeholder was not supported between two constants with operator: ${operator}`,
      )
    }
    return { kind: 'constant', literal: calculate(operator, left.literal, right.literal) }
  }
  refuseWholeArray(left)
  refuseWholeArray(right)
  return { kind: 'arithmetic', operator, left, right, dataType: resultType(operator, left, right) }
}

function resultType(operator: ArithmeticOperator, left: Meaning, right: Meaning): number {
  if (left.kind === 'template') return valueTypeOf(right)
  if (right.kind === 'template') return valueTypeOf(left)
  // The field's side decides, wherever it stands.
  const [field, other] = isFixed(left) ? [right, left] : [left, right]
  const fieldType = valueTypeOf(field)
  const otherType = valueTypeOf(other)
  if (!canCalculate(fieldType, otherType, isFixed(other))) {
    const types = `${nameOfType(fieldType)} field and ${nameOfType(otherType)}`
    throw new ExpressionError(
      `'${names[operator]}' cannot perform arithmetic between ${types}`,
      ends.arithmetic,
    )
  }
  if (operator === '%' && (isFloatType(fieldType) || isFloatType(otherType))) {
    throw new ExpressionError('modulo can only apply on integer types')
  }
  if (isFloatType(fieldType) || isFloatType(otherType)) return dataTypes.Double
  return fieldType === dataTypes.JSON && otherType === dataTypes.JSON ? dataTypes.JSON : dataTypes.Int64
}

function canCalculate(field: number, other: number, isConstant: boolean): boolean {
  const isField = isNumericType(field) || field === dataTypes.JSON
  if (!isField || !(isNumericType(other) || other === dataTypes.JSON)) return false
  return !(isConstant && isIntegerType(field) && isFloatType(other))
}
