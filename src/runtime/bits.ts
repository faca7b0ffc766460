// Bitsets: bit n & 31 of word n >>> 5.

/** How many bits of the word are set. */
export function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** How many bits are set. */
export function countBits(bits: Uint32Array): number {
  let count = 0
  const even = bits.length & ~1
  // Two words at a time: their sums of four bits have room in four.
  for (let i = 0; i < even; i += 2) {
    let v = bits[i]!
    let w = bits[i + 1]!
    v -= (v >>> 1) & 0x55555555
    w -= (w >>> 1) & 0x55555555
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333) + (w & 0x33333333) + ((w >>> 2) & 0x33333333)
    count += Math.imul((v & 0x0f0f0f0f) + ((v >>> 4) & 0x0f0f0f0f), 0x01010101) >>> 24
  }
  if (even < bits.length) count += bitCount(bits[even]!)
  return count
}
