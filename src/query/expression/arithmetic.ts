import type { Arithmetic, ArithmeticOperator } from './expression.ts'
import type { Value } from './values.ts'

/** What an arithmetic operator makes of two values: null if one is unknown, undefined if one is no number. */
export function calculate(
  operator: ArithmeticOperator,
  type: Arithmetic['type'],
  left: Value,
  right: Value,
): Value {
  if (left === null || right === null) return null
  if (!isNumber(left) || !isNumber(right)) return undefined
  if (type === 'int' || (type === 'json' && isInteger(left) && isInteger(right))) {
    return calculateInteger(operator, left, right)
  }
  if (type !== 'float') return finite(calculateDouble(operator, Number(left), Number(right)))
  return finite(Math.fround(calculateDouble(operator, Math.fround(Number(left)), Math.fround(Number(right)))))
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** A double such as 3.0 is one as well: in JSON nothing tells them apart. */
function isInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function finite(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}

function calculateDouble(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
  }
}

function calculateInteger(
  operator: ArithmeticOperator,
  left: number | bigint,
  right: number | bigint,
): number | bigint | undefined {
  const divides = operator === '/' || operator === '%'
  if (divides && Number(right) === 0) return undefined
  if (typeof left === 'number' && typeof right === 'number') {
    const result = calculateDouble(operator, left, right)
    const whole = operator === '/' ? Math.trunc(result) : result
    // The quotient of two safe integers may be rounded up to the next one only where it is large.
    if (Number.isSafeInteger(whole) && (operator !== '/' || Math.abs(left) <= 2 ** 52)) return whole + 0
  }
  return calculateBig(operator, BigInt(left), BigInt(right))
}

function calculateBig(operator: ArithmeticOperator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, left + right)
    case '-':
      return BigInt.asIntN(64, left - right)
    case '*':
      return BigInt.asIntN(64, left * right)
    case '/':
      return BigInt.asIntN(64, left / right)
    case '%':
      return left % right
  }
}
