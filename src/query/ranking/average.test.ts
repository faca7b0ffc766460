import { describe, expect, test } from 'vitest'
import { averageQuery } from './average.ts'

const dense = (...values: number[]): Float32Array => Float32Array.from(values)
const sparse = (entries: Readonly<Record<number, number>>) => ({
  indices: Uint32Array.from(Object.keys(entries), Number),
  values: Float32Array.from(Object.values(entries)),
})

describe('recommendation by average', () => {
  test('positive examples alone give their mean', () => {
    expect(averageQuery([dense(1, 2), dense(3, 6)], [])).toEqual(dense(2, 4))
  })

  test('the mean of the negative ones is what the query moves away from', () => {
    expect(averageQuery([dense(1, 2), dense(3, 6)], [dense(1, 0), dense(3, 2)])).toEqual(dense(2, 7))
  })

  test('of sparse vectors an index counts as zero where it is absent', () => {
    const query = averageQuery([sparse({ 1: 2, 9: 4 }), sparse({ 2: 6 })], [sparse({ 2: 1, 30: 5 })])
    expect(query).toEqual(sparse({ 1: 2, 2: 5, 9: 4, 30: -5 }))
    expect(averageQuery([sparse({ 7: 2 }), sparse({ 3: 4 })], [])).toEqual(sparse({ 3: 2, 7: 1 }))
  })

  test('of multivectors it is all rows, the negative ones turned round', () => {
    const query = averageQuery(
      [
        { dimensions: 2, values: dense(1, 2, 3, 4) },
        { dimensions: 2, values: dense(5, 6) },
      ],
      [{ dimensions: 2, values: dense(7, 8) }],
    )
    expect(query).toEqual({ dimensions: 2, values: dense(1, 2, 3, 4, 5, 6, -7, -8) })
  })
})
