import { JsonNumber, type JsonValue } from '../encoding/json.ts'

/** The double nearest to a JSON number; undefined for anything else. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof JsonNumber) return Number(value.text)
  return undefined
}

/** The integer that a JSON number is written as: 7 and 2^60 are, 7.0 and 1e3 are not. Small ones as numbers. */
export function integerOf(value: JsonValue | undefined): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value === 'bigint') return value
  return undefined
}

/** An integer however it is written: 7.0 and 1e3 as well. What an integer index holds. */
export function wholeOf(value: JsonValue | undefined): number | bigint | undefined {
  const integer = integerOf(value)
  if (integer !== undefined) return integer
  const number = numberOf(value)
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined
}

/** One key for equal integers, whether number or bigint. */
export function sameInteger(a: number | bigint, b: number | bigint): boolean {
  return a == b // eslint-disable-line eqeqeq -- a number and a bigint of the same value are equal here
}
