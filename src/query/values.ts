import { JsonNumber, type JsonValue } from '../encoding/json.ts'

const int64Min = -(1n << 63n)
const int64Max = (1n << 63n) - 1n

/** The double nearest to a JSON number; undefined for anything else. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof JsonNumber) return Number(value.text)
  return undefined
}

/**
 * The 64-bit integer that a JSON number is written as: 7 and 2^60 are, 7.0, 1e3 and 2^70 are not. Equal integers give
 * the same value: a number up to 2^53 - 1, a bigint beyond.
 */
export function integerOf(value: JsonValue | undefined): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return canonicalInteger(value)
  return undefined
}

/** An integer however it is written: 7.0 and 1e3 as well. What an integer index holds. */
export function wholeOf(value: JsonValue | undefined): number | bigint | undefined {
  return value instanceof JsonNumber ? canonicalInteger(Number(value.text)) : integerOf(value)
}

/** A number up to 2^53 - 1, a bigint up to 64 bits beyond, undefined for what is no such integer. */
export function canonicalInteger(value: number | bigint): number | bigint | undefined {
  if (typeof value === 'number') {
    // The sum is 0 for -0 too.
    if (Number.isSafeInteger(value)) return value + 0
    return Number.isInteger(value) ? bigInteger(BigInt(value)) : undefined
  }
  return bigInteger(value)
}

function bigInteger(value: bigint): number | bigint | undefined {
  if (value < int64Min || value > int64Max) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
