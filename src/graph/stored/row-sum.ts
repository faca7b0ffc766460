/**
 * What a row that is read again is compared with: of all changes of one component every one shows, of others all but one in
 * four thousand million.
 */
export function rowSum(words: Uint32Array, first: number, count: number): number {
  let sum = count
  for (let at = first; at < first + count; at++) {
    const mixed = sum ^ words[at]!
    sum = Math.imul((mixed << 15) | (mixed >>> 17), 0x2c1b3c6d)
  }
  return sum >>> 0
}
