import { describe, expect, test } from 'vitest'
import { seededRandom } from '../runtime/random.ts'
import { SpaceIndex } from './space.ts'

const nobody = (): boolean => false

function object(key: string, bytes: number) {
  return { key, bytes }
}

test('an object that two hold is neither’s own, until one of them goes', () => {
  const index = new SpaceIndex()
  index.add('a', [object('x', 10), object('shared', 100)])
  index.add('b', [object('y', 1), object('shared', 100)])
  expect(index.spaceOf('a', nobody)).toEqual({ bytes: 110, exclusiveBytes: 10 })
  expect(index.freedBy(['a'], nobody)).toBe(10)
  expect(index.freedBy(['a', 'b'], nobody)).toBe(111)
  index.remove('b')
  expect(index.spaceOf('a', nobody)).toEqual({ bytes: 110, exclusiveBytes: 110 })
})

test('what a living collection refers to is freed by nobody', () => {
  const index = new SpaceIndex()
  index.add('a', [object('x', 10), object('live', 100)])
  expect(index.spaceOf('a', (key) => key === 'live')).toEqual({ bytes: 110, exclusiveBytes: 10 })
  expect(index.freedBy(['a'], (key) => key === 'live')).toBe(10)
  expect(index.bytesOf((key) => key !== 'live')).toBe(10)
})

test('the same as counting everything anew, after any additions and removals', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed)
    const index = new SpaceIndex()
    const holders = new Map<string, Set<number>>()
    const isLive = (key: string): boolean => Number(key) % 5 === 0
    for (let step = 0; step < 60; step++) {
      const known = [...holders.keys()]
      if (known.length > 0 && random.next() < 0.4) {
        const id = known[Math.floor(random.next() * known.length)]!
        index.remove(id)
        holders.delete(id)
      } else {
        const keys = new Set(Array.from({ length: 6 }, () => Math.floor(random.next() * 20)))
        index.add(
          `h${step}`,
          [...keys].map((key) => object(String(key), 2 ** key)),
        )
        holders.set(`h${step}`, keys)
      }
      // Sizes are powers of two: a sum says which objects it is of.
      const counts = new Map<number, number>()
      for (const keys of holders.values()) for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
      const expected = new Map(
        [...holders].map(([id, keys]) => {
          const own = [...keys].filter((key) => counts.get(key) === 1 && !isLive(String(key)))
          return [id, { bytes: bytesOf(keys), exclusiveBytes: bytesOf(own) }]
        }),
      )
      expect(index.spaces(isLive), `seed ${seed}, step ${step}`).toEqual(expected)
      for (const [id, space] of expected) expect(index.spaceOf(id, isLive)).toEqual(space)
      const some = [...holders.keys()].filter(() => random.next() < 0.5)
      const left = new Set([...holders].flatMap(([id, keys]) => (some.includes(id) ? [] : [...keys])))
      const freed = [...counts.keys()].filter((key) => !left.has(key) && !isLive(String(key)))
      expect(index.freedBy(some, isLive), `seed ${seed}, step ${step}`).toBe(bytesOf(freed))
      expect(index.bytesHeldBy(some)).toBe(bytesOf(new Set(some.flatMap((id) => [...holders.get(id)!]))))
      expect(index.bytesOf(() => true)).toBe(bytesOf(counts.keys()))
    }
  }
})

function bytesOf(keys: Iterable<number>): number {
  return [...keys].reduce((sum, key) => sum + 2 ** key, 0)
}

describe('our own mistakes', () => {
  test('a holder is counted once, and only one that is counted can go', () => {
    const index = new SpaceIndex()
    index.add('a', [])
    expect(() => index.add('a', [])).toThrow(/counted once/)
    expect(() => index.remove('b')).toThrow(/is counted/)
  })
})
