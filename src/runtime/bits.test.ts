import { expect, test } from 'vitest'
import { bitCount, countBits } from './bits.ts'
import { seededRandom } from './random.ts'

const seed = 7_311

test('bits are counted as one by one', () => {
  const random = seededRandom(seed)
  const words = [
    0,
    1,
    0x80000000,
    0xffffffff,
    ...Array.from({ length: 400 }, () => Math.floor(random.next() * 2 ** 32)),
  ]
  const slowly = (word: number): number => [...word.toString(2)].filter((digit) => digit === '1').length
  for (const word of words) expect(bitCount(word), `seed ${seed}, ${word}`).toBe(slowly(word))
  for (let length = 0; length < words.length; length += 1) {
    const expected = words.slice(0, length).reduce((sum, word) => sum + slowly(word), 0)
    expect(countBits(Uint32Array.from(words.slice(0, length))), `seed ${seed}, ${length}`).toBe(expected)
  }
  expect(countBits(new Uint32Array(101).fill(0xffffffff))).toBe(3_232)
})
