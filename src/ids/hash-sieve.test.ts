import { expect, test } from 'vitest'
import { seededRandom } from '../runtime/random.ts'
import { HashSieve } from './hash-sieve.ts'

const seed = 20_261_122

test('what comes again is always found, and little else', () => {
  const random = seededRandom(seed)
  for (const count of [0, 1, 10, 1_000, 50_000]) {
    const hashes = Array.from({ length: count }, () => Math.floor(random.next() * 2 ** 32))
    const repeated = hashes.filter((_, index) => index % 100 === 7)
    const sieve = new HashSieve(count + repeated.length)
    for (const hash of [...hashes, ...repeated]) sieve.add(hash)
    expect(
      repeated.every((hash) => sieve.mayRepeat(hash)),
      `seed ${seed}`,
    ).toBe(true)
    const found = hashes.filter((hash) => sieve.mayRepeat(hash)).length
    expect(found - repeated.length, `seed ${seed}`).toBeLessThan(3 + count / 10)
  }
})

test('the highest hashes have their place', () => {
  const sieve = new HashSieve(2)
  sieve.add(2 ** 32 - 1)
  sieve.add(2 ** 31)
  expect(sieve.mayRepeat(2 ** 32 - 1)).toBe(false)
  expect(sieve.add(2 ** 32 - 1)).toBe(true)
  expect(sieve.add(7)).toBe(false)
  expect(sieve.mayRepeat(2 ** 32 - 1)).toBe(true)
})
