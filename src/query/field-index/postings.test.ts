import { expect, test } from 'vitest'
import { seededRandom } from '../../runtime/random.ts'
import { Postings } from './postings.ts'
import { RowBits } from './row-bits.ts'

const seed = 20_417

test('rows of a key, few or many, are added whenever they came', () => {
  const random = seededRandom(seed)
  const postings = new Postings()
  const listed = new Map<string, number[]>()
  // Of 'rare' a bitset would be larger than the list; 'odd' is asked for before it is long enough for one.
  const shares = { half: 0.5, tenth: 0.1, rare: 0.01, odd: 0.3 }
  let row = 0
  for (const upTo of [300, 5_000, 20_000]) {
    for (; row < upTo; row++) {
      for (const [key, share] of Object.entries(shares)) {
        if (random.next() >= share) continue
        postings.add(key, row)
        listed.set(key, [...(listed.get(key) ?? []), row])
      }
    }
    for (const key of [...Object.keys(shares), 'none']) {
      for (const rowCount of [0, 1, 31, 32, 290, upTo - 7, upTo, upTo + 100]) {
        const [found, expected] = [new RowBits(rowCount), new RowBits(rowCount)]
        found.add(0)
        expected.add(0)
        postings.addTo(found, key)
        for (const one of listed.get(key) ?? []) expected.add(one)
        expect(found.words, `seed ${seed}, ${key}, ${rowCount} of ${upTo}`).toEqual(expected.words)
      }
    }
  }
})
