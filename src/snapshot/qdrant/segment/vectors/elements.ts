/** How the components of a vector are stored. */
export type ElementType = 'float32' | 'float16' | 'uint8'

export const elementBytes = { float32: 4, float16: 2, uint8: 1 } as const

/** `count` components from `at`: a view of the same memory where that is possible. */
export function decodeElements(
  type: ElementType,
  bytes: Uint8Array,
  at: number,
  count: number,
): Float32Array {
  switch (type) {
    case 'float32': {
      const offset = bytes.byteOffset + at
      if (offset % 4 === 0) return new Float32Array(bytes.buffer, offset, count)
      return new Float32Array(bytes.buffer.slice(offset, offset + 4 * count))
    }
    case 'float16': {
      const floats = new Float32Array(count)
      for (let i = 0; i < count; i++)
        floats[i] = halves()[bytes[at + 2 * i]! | (bytes[at + 2 * i + 1]! << 8)]!
      return floats
    }
    case 'uint8':
      return Float32Array.from(bytes.subarray(at, at + count))
  }
}

let table: Float32Array | undefined

/** What each of the 65,536 half floats is. */
function halves(): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfValue(bits))
  return table
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}
