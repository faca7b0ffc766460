import { expect, test } from 'vitest'
import { seededRandom } from '../../runtime/random.ts'
import type { Range } from '../filter.ts'
import { RowBits } from './row-bits.ts'
import { SortedValues } from './sorted-values.ts'

const seed = 60_223

function isIn(value: number, { gt, gte, lt, lte }: Range<number>): boolean {
  if (gt !== undefined && !(value > gt)) return false
  if (gte !== undefined && !(value >= gte)) return false
  return (lt === undefined || value < lt) && (lte === undefined || value <= lte)
}

test.each([1, 3])('ranges, narrow or wide, of few values or many, up to %i of a row', (most) => {
  const random = seededRandom(seed)
  const below = (end: number): number => Math.floor(random.next() * end)
  const values = new SortedValues()
  const pairs: { readonly value: number; readonly row: number }[] = []
  let row = 0
  // Some values are often there, and some rows have several.
  for (const upTo of [0, 500, 5_000, 5_100, 12_345]) {
    for (; row < upTo; row++) {
      for (let i = below(most); i >= 0; i--) {
        const value = random.next() < 0.2 ? 500 : below(1_000)
        values.add(value, row)
        pairs.push({ value, row })
      }
    }
    for (let round = 0; round < 60; round++) {
      const [low, high] = [below(1_100) - 50, below(1_100) - 50]
      const range: Range<number> = {
        ...[{ gt: low }, { gte: low }, {}][below(3)],
        ...[{ lt: high }, { lte: high }, {}][below(3)],
      }
      const rowCount = Math.max(0, upTo + below(100) - 70)
      const [expected, each] = [new RowBits(rowCount), new RowBits(rowCount)]
      const found = values.rowsIn(range, rowCount)
      values.forEachIn(range, (one) => each.add(one))
      for (const pair of pairs) if (isIn(pair.value, range)) expected.add(pair.row)
      const context = `seed ${seed}, ${JSON.stringify(range)}, ${rowCount} of ${upTo}`
      expect(found.words, context).toEqual(expected.words)
      expect(each.words, context).toEqual(expected.words)
    }
  }
})
