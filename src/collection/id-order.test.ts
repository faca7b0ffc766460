import { expect, test } from 'vitest'
import { wordsOfId } from '../ids/point-id.ts'
import { seqOf } from '../ids/brands.ts'
import { RowSet } from '../segment/row-set.ts'
import { mergeInIdOrder, type IdOrderSource } from './id-order.ts'

function rowsWith(ids: readonly number[]): RowSet {
  const rows = new RowSet({})
  ids.forEach((id, at) =>
    rows.append({ id: wordsOfId(id), written: seqOf(at + 1), payload: new Uint8Array(0), vectors: {} }),
  )
  return rows
}

const idsOf = (...sources: IdOrderSource[]): unknown[] =>
  [...mergeInIdOrder(sources, undefined)].map(({ rows, row }) => rows.pointIdAt(row))

test('rows beyond the limit of a source are passed over, though their order is known', () => {
  const rows = rowsWith([50, 10, 40, 30, 20])
  expect(idsOf({ rows })).toEqual([10, 20, 30, 40, 50])
  expect(idsOf({ rows, rowLimit: 3 })).toEqual([10, 40, 50])
  expect(idsOf({ rows, rowLimit: 0 })).toEqual([])
  expect(idsOf({ rows, rowLimit: 3 }, { rows: rowsWith([45, 5]) })).toEqual([5, 10, 40, 45, 50])
})
