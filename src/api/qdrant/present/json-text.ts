import type { PointId } from '../../../index.ts'

/**
 * JSON text of a float32 in the shortest form that gives it back: 0.1, not 0.10000000149011612. What is infinite or no
 * number is null, as serde writes it.
 */
export function floatText(value: number): string {
  const size = Math.abs(value)
  if (size < 2 ** 24 && Math.trunc(value) === value) return Object.is(value, -0) ? '-0.0' : `${value}.0`
  if (!(size >= smallest && size < largest)) return rareText(value)
  let exponent = 0
  while (size < powers[exponent - 1 + offset]!) exponent -= 1
  while (size >= powers[exponent + offset]!) exponent += 1
  // 0.xxx * 10^exponent. Nine digits name every float32, six are enough for most that a person wrote.
  for (let digits = 6; ; digits++) {
    const decimals = digits - exponent
    const scale = powers[decimals + offset]!
    const whole = Math.round(size * scale)
    // Whole number and power of ten are exact, so the quotient is the double that the text names.
    if (Math.fround(whole / scale) === size || digits === 9) return decimalText(value < 0, whole, decimals)
  }
}

const offset = 30
const powers = Array.from({ length: 2 * offset }, (_, i) => Number(`1e${i - offset}`))
// Between these the powers of ten that are needed are exact doubles, and Qdrant writes no exponent.
const smallest = 1e-5
const largest = 2 ** 24
const zeros = Array.from({ length: 20 }, (_, i) => '0'.repeat(i))

function decimalText(isNegative: boolean, scaled: number, places: number): string {
  let whole = scaled
  let decimals = places
  while (whole % 10 === 0 && decimals > 1) {
    whole /= 10
    decimals -= 1
  }
  const digits = String(whole)
  const sign = isNegative ? '-' : ''
  const before = digits.length - decimals
  if (before <= 0) return `${sign}0.${zeros[-before]!}${digits}`
  return `${sign}${digits.slice(0, before)}.${digits.slice(before)}`
}

function rareText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  let text = ''
  for (let digits = 1; digits <= 9; digits++) {
    text = String(Number(value.toPrecision(digits)))
    if (Math.fround(Number(text)) === value) break
  }
  return /[.e]/.test(text) ? text : `${text}.0`
}

export function vectorText(vector: ArrayLike<number>): string {
  let text = '['
  for (let i = 0; i < vector.length; i++)
    text += i === 0 ? floatText(vector[i]!) : `,${floatText(vector[i]!)}`
  return `${text}]`
}

export function idText(id: PointId): string {
  return typeof id === 'string' ? `"${id}"` : String(id)
}
