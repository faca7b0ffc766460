import { describe, expect, test } from 'vitest'
import { decodeLevels } from '../../../test/support/parquet-levels.ts'
import { seededRandom } from '../../runtime/random.ts'
import { LevelEncoder, presenceLevels } from './levels.ts'

describe('levels', () => {
  test.each([1, 2, 3])('up to %i, in runs of any length, are the same when decoded', (max) => {
    const seed = 4_100 + max
    const random = seededRandom(seed)
    const pick = (n: number): number => Math.floor(random.next() * n)
    for (let round = 0; round < 100; round++) {
      const encoder = new LevelEncoder(max)
      const expected: number[] = []
      const longest = [2, 9, 40, 700][pick(4)]!
      for (let runs = pick(random.next() < 0.1 ? 2_000 : 40); runs >= 0; runs--) {
        const value = pick(max + 1)
        const count = 1 + pick(longest)
        encoder.add(value, count)
        for (let i = 0; i < count; i++) expected.push(value)
      }
      expect(decodeLevels(encoder.finish(), max, expected.length), `seed ${seed}, round ${round}`).toEqual(
        expected,
      )
    }
  })

  test('that are all the same take a few bytes', () => {
    const encoder = new LevelEncoder(3)
    for (let row = 0; row < 1_000; row++) encoder.add(3, 128)
    expect(encoder.finish().length).toBeLessThan(10)
    expect([...presenceLevels(new Uint8Array(16).fill(1))]).toEqual([2, 0, 0, 0, 32, 1])
  })

  test('of presence are 1 where there is a value', () => {
    const present = Uint8Array.of(1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0)
    expect(decodeLevels(presenceLevels(present), 1, present.length)).toEqual([...present])
    expect(decodeLevels(presenceLevels(present, 1), 1, present.length)).toEqual(
      [...present].map((value) => 1 - value),
    )
  })
})
