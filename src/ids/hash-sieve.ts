/** Bits for each hash: of those that are there once, one in so many is taken for one that comes again. */
const bitsPerHash = 32

/**
 * Tells which hashes may come more than once, with eight to sixteen bytes for each: hashes that are there once are hardly ever among
 * them, so that only few have to be looked up.
 */
export class HashSieve {
  readonly #seen: Uint32Array
  readonly #repeated: Uint32Array
  readonly #mask: number

  /** For `count` hashes of 32 bits. */
  constructor(count: number) {
    const bits = 2 ** Math.min(32, Math.ceil(Math.log2(Math.max(32, count * bitsPerHash))))
    this.#seen = new Uint32Array(bits / 32)
    this.#repeated = new Uint32Array(bits / 32)
    this.#mask = bits - 1
  }

  /** True if it may have been added before. */
  add(hash: number): boolean {
    const bit = (hash & this.#mask) >>> 0
    const word = bit >>> 5
    const flag = 1 << (bit & 31)
    if ((this.#seen[word]! & flag) === 0) {
      this.#seen[word]! |= flag
      return false
    }
    this.#repeated[word]! |= flag
    return true
  }

  /** To be asked when all have been added. False: it was added once. */
  mayRepeat(hash: number): boolean {
    const bit = (hash & this.#mask) >>> 0
    return (this.#repeated[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }
}
