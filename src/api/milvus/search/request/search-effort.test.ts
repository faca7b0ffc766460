import { expect, test } from 'vitest'
import { searchEffortOf } from './search-effort.ts'

const effort = (index_type: string | undefined, ef?: number) =>
  searchEffortOf(
    { indexParams: index_type === undefined ? {} : { index_type } },
    { limit: 5, offset: 2, ...(ef === undefined ? {} : { ef }) },
  )

test('ef counts for graphs, and no less than what is asked for', () => {
  expect(effort('HNSW', 64)).toEqual({ ef: 64 })
  expect(effort('HNSW_SQ', 3)).toEqual({ ef: 7 })
  expect(effort('HNSW')).toEqual({})
  expect(effort('IVF_FLAT', 64)).toEqual({})
  expect(effort(undefined, 64)).toEqual({})
})

test.each([0, -1, 2.5, Infinity])('an ef of %d means nothing', (ef) => {
  expect(effort('HNSW', ef)).toEqual({})
})

test('FLAT compares all rows, whatever ef says', () => {
  expect(effort('FLAT', 64)).toEqual({ exact: true })
})
