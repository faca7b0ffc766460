/** Bit i is byte i >> 3, bit i & 7; beyond the end all are unset. */
export class Bitset {
  static readonly empty = new Bitset(new Uint8Array(0))
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  has(index: number): boolean {
    const byte = Math.floor(index / 8)
    return byte < this.#bytes.length && ((this.#bytes[byte]! >> (index & 7)) & 1) !== 0
  }
}
