import { WireError } from '../../wire-error.ts'
import type { Shortage } from './token-bucket.ts'

/** Too many requests in a minute. */
export class RateLimited extends WireError {
  /** Whole seconds for the header `Retry-After`; undefined if waiting does not help. */
  readonly retryAfterSeconds: number | undefined

  constructor(kind: 'Read' | 'Write', cost: number, { available, seconds }: Shortage) {
    const wait = Math.ceil(seconds)
    const why =
      available === undefined
        ? `, request larger than rate limiter capacity, please try to split your request`
        : `: Operation requires ${cost} tokens but only ${available.toFixed(1)} were available. Retry after ${wait}s`
    super(429, `Rate limiting exceeded: ${kind} rate limit exceeded${why}`)
    this.retryAfterSeconds = available === undefined ? undefined : wait
  }
}
