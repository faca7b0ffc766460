import { createHash, timingSafeEqual } from 'node:crypto'

/** Keys that are looked for in a time that tells nothing about them. */
export class KeySet {
  readonly #digests: readonly Buffer[]

  /** Empty keys are none. */
  constructor(keys: readonly (string | undefined)[]) {
    this.#digests = keys.filter((key) => key !== undefined && key !== '').map((key) => digestOf(key ?? ''))
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0
  }

  /** Compares with every key, and digests instead of keys: neither length nor first letters show in the time. */
  has(given: string): boolean {
    const digest = digestOf(given)
    return this.#digests.map((known) => timingSafeEqual(known, digest)).includes(true)
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
