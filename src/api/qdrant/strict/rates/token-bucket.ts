import type { Clock } from '../../../../runtime/clock.ts'

/** What a bucket that does not give says. */
export interface Shortage {
  /** Tokens that were there; undefined if the bucket never holds as many as were asked for. */
  readonly available: number | undefined
  /** Until there are enough. */
  readonly seconds: number
}

/** Tokens that come back evenly, so many in a minute; full at first. */
export class TokenBucket {
  readonly perMinute: number
  readonly #clock: Clock
  #tokens: number
  #filledAt: number

  constructor(perMinute: number, clock: Clock) {
    this.perMinute = perMinute
    this.#clock = clock
    this.#tokens = perMinute
    this.#filledAt = clock.monotonic()
  }

  /** Takes the tokens, or none and says what is short. */
  take(count: number): Shortage | undefined {
    if (count > this.perMinute) return { available: undefined, seconds: Number.POSITIVE_INFINITY }
    const perSecond = this.perMinute / 60
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(this.perMinute, this.#tokens + ((now - this.#filledAt) / 1_000) * perSecond)
    this.#filledAt = now
    if (this.#tokens < count) {
      return { available: this.#tokens, seconds: (count - this.#tokens) / perSecond }
    }
    this.#tokens -= count
    return undefined
  }
}
