import { expect, test } from 'vitest'
import { wordsOfId } from '../ids/point-id.ts'
import { sliceOf } from './sip-hash.ts'

const uuids = [1, 2, 3, 4].map((n) => `0000000${n}-aaaa-4bbb-8ccc-00000000000${n}`)
const ids = [...Array.from({ length: 20 }, (_, i) => i + 1), ...uuids]
const members = (index: number, total: number) => ids.filter((id) => sliceOf(wordsOfId(id), total) === index)

test('slices hold the points that they hold in Qdrant', () => {
  expect(members(0, 2)).toEqual([1, 3, 4, 5, 7, 9, 10, 12, 14, 19, uuids[1]])
  expect(members(0, 3)).toEqual([5, 8, 9, 11, 20, uuids[0], uuids[2], uuids[3]])
  expect(members(1, 3)).toEqual([3, 6, 7, 10, 13, 15, 17, 18])
  expect(members(5, 16)).toEqual([6, uuids[3]])
  expect(members(3, 4_294_967_295)).toEqual([])
})

test('the slices of any total are a partition', () => {
  for (const total of [1, 5, 1_000, 2 ** 32 - 1]) {
    for (const id of [0, 7, 2n ** 63n, 2n ** 64n - 1n, ...uuids]) {
      const slice = sliceOf(wordsOfId(id), total)
      expect(Number.isInteger(slice) && slice >= 0 && slice < total).toBe(true)
    }
  }
})
