import { expect, test } from 'vitest'
import { planSearch, type SearchShape } from './plan-search.ts'

const shape: SearchShape = {
  rows: 100_000,
  passing: 100_000,
  limit: 10,
  ef: 64,
  readAfter: 0,
  codedView: 0,
  reads: 'codes',
  vectorsPerRow: 1,
}
const kinds = (shares: readonly number[], more: Partial<SearchShape> = {}): string[] =>
  shares.map((share) => planSearch({ ...shape, ...more, passing: share * shape.rows }).kind)

test('the fewer rows pass, the closer a search keeps to them', () => {
  expect(kinds([1, 0.5, 0.1, 0.005])).toEqual(['graph', 'wide', 'filtered', 'scan'])
})

test('a graph that is searched widely enough is no better than comparing all rows', () => {
  expect(planSearch({ ...shape, rows: 5_000, passing: 5_000, ef: 512 }).kind).toBe('scan')
  expect(planSearch({ ...shape, ef: 5_000 }).kind).toBe('scan')
})

test('vectors are scanned later beside a graph that compares codes, which are shorter', () => {
  const few = { rows: 10_000, passing: 10_000, ef: 128 }
  expect(planSearch({ ...shape, ...few }).kind).toBe('scan')
  expect(planSearch({ ...shape, ...few, vectorsPerRow: 4 }).kind).toBe('graph')
})

test('rows that are read from a file are scanned later than rows in memory', () => {
  const few = { rows: 100_000, passing: 2_500 }
  expect(planSearch({ ...shape, ...few }).kind).toBe('scan')
  expect(planSearch({ ...shape, ...few, readAfter: 46 }).kind).toBe('filtered')
})

test('sketches are read of few enough rows, and of more of them the more effort is asked for', () => {
  const sketched = { codedView: 16, reads: 'sketches' } as const
  // So few are compared by their vectors.
  expect(kinds([0.5, 0.1, 0.05, 0.01, 0.002], { ...sketched, ef: 16 })).toEqual([
    ...['wide', 'filtered', 'codes', 'codes', 'scan'],
  ])
  expect(kinds([0.5, 0.1, 0.05], { ...sketched, ef: 64 })).toEqual(['wide', 'codes', 'codes'])
  // Of few rows with codes these are compared.
  expect(kinds([0.1, 0.002, 0.0001], { codedView: 16, reads: 'both' })).toEqual(['filtered', 'codes', 'scan'])
})
