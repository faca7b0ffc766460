import type { VectorDatatype } from './types.ts'

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** In place: half precision by rounding to nearest even, whole numbers by cutting off and keeping within 0 to 255. */
export function roundToDatatype(values: Float32Array, datatype: VectorDatatype | undefined): void {
  if (datatype === 'float16') for (let i = 0; i < values.length; i++) values[i] = roundToHalf(values[i]!)
  if (datatype === 'uint8')
    for (let i = 0; i < values.length; i++) values[i] = Math.min(255, Math.max(0, Math.trunc(values[i]!)))
}

// IEEE 754 binary16: 10 bits of fraction, exponents from -14 to 15, below that steps of 2^-24.
const halfMax = 65504
const halfOverflow = 65520
const smallestNormal = 2 ** -14

function roundToHalf(value: number): number {
  const size = Math.abs(value)
  if (!(size < Infinity)) return value
  if (size >= halfOverflow) return Math.sign(value) * Infinity
  if (size > halfMax) return Math.sign(value) * halfMax
  if (size < smallestNormal) {
    const steps = value * 2 ** 24
    return roundEven(steps) / 2 ** 24
  }
  float[0] = value
  const word = bits[0]!
  // 13 of the 23 bits of a float32's fraction go; a half goes to the even neighbour.
  const rest = word & 0x1fff
  let rounded = word & ~0x1fff
  if (rest > 0x1000 || (rest === 0x1000 && (word & 0x2000) !== 0)) rounded += 0x2000
  bits[0] = rounded >>> 0
  return float[0]
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
