import { expect, test } from 'vitest'
import { checkNumbers } from './dense-column.ts'
import type { RowFile } from './row-file.ts'

const rows: RowFile = {
  name: 'matrix.dat',
  count: 1,
  rowBytes: 4,
  rowsPerChunk: Infinity,
  read: () => Promise.reject(new Error('nothing is read')),
  place: (offset) => `byte ${offset}`,
}

test('the first component that is no number is named, wherever it stands', () => {
  for (let length = 1; length <= 11; length++) {
    const vector = Float32Array.from({ length }, (_, index) => (index % 2 === 0 ? 3.4e38 : -1e-45))
    expect(() => checkNumbers(vector, 4, rows, 100)).not.toThrow()
    for (let at = 0; at < length; at++) {
      for (const value of [NaN, Infinity, -Infinity]) {
        const wrong = vector.slice()
        wrong[at] = value
        const why = `a component of a vector is ${value}, at byte ${100 + 4 * at}`
        expect(() => checkNumbers(wrong, 4, rows, 100), `${value} at ${at} of ${length}`).toThrow(why)
      }
    }
  }
})
