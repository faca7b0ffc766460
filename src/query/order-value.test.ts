import { expect, test } from 'vitest'
import { parseJson } from '../encoding/json.ts'
import { orderKeyOf, orderValues } from './order-value.ts'

const payload = parseJson('{"n":[1,2.0,"x",2.5,9007199254740993],"d":["2024-01-01","x"],"deep":[{"n":3}]}')

test('every value that the index holds is one', () => {
  expect(orderValues(payload, 'n', 'integer').map(({ value }) => value)).toEqual([
    1,
    2,
    9_007_199_254_740_993n,
  ])
  expect(orderValues(payload, 'n', 'float').map(({ value }) => value)).toEqual([
    1, 2, 2.5, 9_007_199_254_740_992,
  ])
  expect(orderValues(payload, 'd', 'datetime')).toEqual([{ value: '2024-01-01', key: 1_704_067_200_000_000 }])
  expect(orderValues(payload, 'deep[].n', 'integer').map(({ key }) => key)).toEqual([3])
  expect(orderValues(payload, 'nowhere', 'integer')).toEqual([])
})

test('a page begins at a number or at a time in microseconds', () => {
  expect(orderKeyOf(2.5)).toBe(2.5)
  expect(orderKeyOf('1970-01-01T00:00:01Z')).toBe(1_000_000)
  expect(() => orderKeyOf('x')).toThrow(/neither a number nor a time/)
})
