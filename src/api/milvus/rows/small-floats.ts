// Numbers of 16 bits. Every one of them is a number of 32 bits as well.

const floats = new Float32Array(1)
const bits = new Uint32Array(floats.buffer)

export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** To the nearest, of two equally near ones the even; infinity beyond. */
export function floatToHalf(value: number): number {
  floats[0] = value
  const sign = (bits[0]! >>> 16) & 0x8000
  const size = Math.abs(floats[0])
  if (Number.isNaN(size)) return sign | 0x7e00
  // Half way between the greatest one and what would come next.
  if (size >= 65_520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24)
  const exponent = Math.floor(Math.log2(size))
  // A fraction that rounds up to 1024 carries into the exponent, as it should.
  return sign | ((((exponent + 15) << 10) - 0x400 + roundToEven(size * 2 ** (10 - exponent))) & 0x7fff)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

export function bfloatToFloat(bfloat: number): number {
  bits[0] = bfloat << 16
  return floats[0]!
}

/** To the nearest, of two equally near ones the even. */
export function floatToBfloat(value: number): number {
  floats[0] = value
  const given = bits[0]!
  if (Number.isNaN(value)) return (given >>> 16) | 0x40
  return ((given + 0x7fff + ((given >>> 16) & 1)) >>> 16) & 0xffff
}

/** The shortest decimal that reads back as a number of 32 bits. */
export function shortestFloat(value: number): number {
  // Below the smallest normal one they have less than six digits.
  const least = Math.abs(value) < 2 ** -126 ? 1 : 6
  for (let digits = least; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : value
}
