import { expect, test } from 'vitest'
import { operationNumber } from './points.ts'

test('operations are counted since the collection was made', () => {
  const madeAs = (created_after?: number) => ({
    vectors: {},
    ...(created_after === undefined ? {} : { settings: { created_after } }),
  })
  expect(operationNumber(2, madeAs(0))).toBe(1)
  expect(operationNumber(9, madeAs(7))).toBe(1)
  expect(operationNumber(12, madeAs(7))).toBe(4)
  expect(operationNumber(9, madeAs()), 'a collection of another door').toBe(8)
  expect(operationNumber(3, madeAs(7)), 'a point that an archive brought').toBe(2)
})
