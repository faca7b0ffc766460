import { describe, expect, it } from 'vitest'
import { sampleData } from '../../../test/support/bench-data.ts'
import { conditionOf, filterNamed, passes, rowFilters } from './filters.ts'
import { ExactSearch, limit, noRow, recallOf, vectorAt } from './truth.ts'

const { vectors, queries, numbers } = sampleData({ rows: 600, queries: 6, dimensions: 24, seed: 11 })

describe('exact answers', () => {
  it('are the rows that plain arithmetic finds, filtered and not', () => {
    const exact = new ExactSearch(vectors, numbers)
    try {
      for (const filter of [undefined, ...rowFilters]) {
        const answers = exact.answers(queries, 6, filter)
        for (let query = 0; query < 6; query++) {
          const passing = (row: number) =>
            filter === undefined || passes(conditionOf(filter, query), numbers[row]!)
          const expected = nearest(query, passing)
          const found = [...answers.subarray(query * limit, (query + 1) * limit)].filter(
            (row) => row !== noRow,
          )
          expect(found, `${filter?.name ?? 'no filter'}, query ${query}`).toEqual(expected)
        }
      }
    } finally {
      exact.dispose()
    }
  })

  function nearest(query: number, passing: (row: number) => boolean): number[] {
    const asked = vectorAt(queries, query)
    const distances = Array.from({ length: 600 }, (_, row) => ({
      row,
      distance: vectorAt(vectors, row).reduce((sum, value, i) => sum + (value - asked[i]!) ** 2, 0),
    }))
    const sorted = distances.filter(({ row }) => passing(row)).sort((a, b) => a.distance - b.distance)
    return sorted.slice(0, limit).map(({ row }) => row)
  }
})

describe('recall', () => {
  const truth = Uint32Array.of(
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    20,
    21,
    22,
    noRow,
    noRow,
    noRow,
    noRow,
    noRow,
    noRow,
    noRow,
  )

  it('is the share of the true neighbours that were found, in any order', () => {
    expect(recallOf(truth, 0, [10, 1, 2, 3, 4, 5, 6, 7, 8, 99])).toBe(0.9)
    expect(recallOf(truth, 0, [])).toBe(0)
  })

  it('counts a row once, however often it was given', () => {
    expect(recallOf(truth, 0, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1])).toBe(0.1)
  })

  it('asks for no more rows than pass a filter', () => {
    expect(recallOf(truth, 1, [22, 20, 21])).toBe(1)
    expect(recallOf(truth, 1, [20])).toBeCloseTo(1 / 3)
  })

  it('is whole where nothing passes and nothing was found', () => {
    const empty = new Uint32Array(limit).fill(noRow)
    expect(recallOf(empty, 0, [])).toBe(1)
    expect(recallOf(empty, 0, [3])).toBe(0)
  })
})

describe('filters', () => {
  it('let about their share of the rows pass, whatever the query', () => {
    const many = Uint32Array.from({ length: 20_000 }, (_, i) => (i * 7_919 * 13) % 1_000_000)
    for (const filter of rowFilters) {
      for (const query of [0, 1, 7, 299]) {
        const condition = conditionOf(filter, query)
        const passing = many.filter((number) => passes(condition, number)).length / many.length
        expect(passing / filter.share, `${filter.name}, query ${query}`).toBeGreaterThan(0.7)
        expect(passing / filter.share, `${filter.name}, query ${query}`).toBeLessThan(1.3)
      }
    }
  })

  it('are found by their names', () => {
    expect(filterNamed('match 0.1 %').share).toBe(0.001)
    expect(() => filterNamed('match 3 %')).toThrow('There is no filter match 3 %')
  })
})
