import type { Clock } from '../../runtime/clock.ts'

const logicalBits = 18n

/**
 * Milvus' timestamps: milliseconds since the epoch, and below them 18 bits that tell those of one millisecond apart.
 * Each is greater than the one before, whatever the clock does.
 */
export class HybridClock {
  readonly #clock: Clock
  #last = 0n

  constructor(clock: Clock) {
    this.#clock = clock
  }

  next(): bigint {
    const now = hybridOf(this.#clock.now())
    this.#last = now > this.#last ? now : this.#last + 1n
    return this.#last
  }
}

/** The first timestamp of a millisecond. */
export const hybridOf = (milliseconds: number): bigint => BigInt(Math.floor(milliseconds)) << logicalBits

/** Milliseconds since the epoch. */
export const millisecondsOf = (hybrid: bigint): number => Number(hybrid >> logicalBits)
