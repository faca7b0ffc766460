import { seededRandom, type Random } from '../../src/runtime/random.ts'

/** Choices that a seed and a number decide: input `index` of a run is the same, whatever came before it. */
export class Dice {
  readonly #random: Random

  constructor(seed: number, index = 0) {
    this.#random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
    // The first numbers of neighbouring states are alike.
    for (let i = 0; i < 4; i++) this.#random.next()
  }

  /** A whole number from 0 to `below` - 1; 0 for 0. */
  under(below: number): number {
    return Math.floor(this.#random.next() * below)
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability
  }

  pick<T>(from: readonly T[]): T {
    return from[this.under(from.length)]!
  }

  /** A small number more often than a large one, below `below`. */
  small(below: number): number {
    return Math.floor(this.#random.next() ** 3 * below)
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.under(256))
  }

  uuid(): string {
    return this.#random.uuid()
  }
}

/** Whole numbers at which counters, sizes and offsets go wrong. */
export const edgeNumbers: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  8n,
  31n,
  32n,
  33n,
  127n,
  128n,
  255n,
  256n,
  511n,
  512n,
  513n,
  65_535n,
  65_536n,
  65_537n,
  2n ** 24n,
  2n ** 30n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
]
