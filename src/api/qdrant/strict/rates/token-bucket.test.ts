import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../../runtime/clock.ts'
import { RateLimited } from './rate-limited.ts'
import { TokenBucket } from './token-bucket.ts'

function turnedByHand(): Clock & { advance(seconds: number): void } {
  let ms = 5_000
  return {
    now: () => ms,
    monotonic: () => ms,
    after: () => ({ cancel: () => undefined }),
    advance: (seconds) => {
      ms += seconds * 1_000
    },
  }
}

describe('a bucket of tokens', () => {
  test('is full at first and gives until it is empty', () => {
    const bucket = new TokenBucket(3, turnedByHand())
    expect(bucket.take(2)).toBeUndefined()
    expect(bucket.take(2)).toEqual({ available: 1, seconds: 20 })
    expect(bucket.take(1)).toBeUndefined()
  })

  test('fills up evenly, and to the brim only', () => {
    const clock = turnedByHand()
    const bucket = new TokenBucket(6, clock)
    bucket.take(6)
    clock.advance(25)
    expect(bucket.take(3)).toMatchObject({ available: 2.5 })
    clock.advance(5)
    expect(bucket.take(3)).toBeUndefined()
    clock.advance(3_600)
    expect(bucket.take(7)).toMatchObject({ available: undefined })
    expect(bucket.take(6)).toBeUndefined()
    expect(bucket.take(1)).toEqual({ available: 0, seconds: 10 })
  })

  test('a refusal says how long to wait, in whole seconds', () => {
    const short = new RateLimited('Write', 2, { available: 0.25, seconds: 10.2 })
    expect(short.retryAfterSeconds).toBe(11)
    expect(short.status).toBe(429)
    expect(short.text).toContain('requires 2 tokens but only 0.3 were available. Retry after 11s')
    const never = new RateLimited('Read', 9, { available: undefined, seconds: Infinity })
    expect(never.retryAfterSeconds).toBeUndefined()
    expect(never.text).toContain('larger than rate limiter capacity')
  })
})
