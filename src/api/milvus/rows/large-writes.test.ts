import { expect, test } from 'vitest'
import { field, makeLoaded, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'
import { column, query, vectors } from '../../../../test/support/milvus-rows.ts'
import { overwriteKept } from '../../../../test/support/overwrite-kept.ts'
import { yieldToEventLoop } from '../../../runtime/yield.ts'
import { readRows } from './incoming/read-rows.ts'
import type { FieldData } from './field-data.ts'
import type { CollectionModel } from '../schema/collection-model.ts'

const milvus = milvusForEachTest()
const dimensions = 512
const count = 600

const rowsOf = (salt: number): number[][] =>
  Array.from({ length: count }, (_, row) =>
    Array.from({ length: dimensions }, (_, at) => Math.fround(Math.sin(salt + row + at))),
  )

const keys = Array.from({ length: count }, (_, row) => BigInt(row))

const request = (rows: readonly (readonly number[])[]): object => ({
  collection_name: 'c',
  fields_data: [column('id', 5, keys), vectors('v', rows)],
  num_rows: count,
})

test('rows of a large write are whole when its memory is used again', async () => {
  await makeLoaded(milvus, [primaryKey(), field('v', 'FloatVector', { dim: dimensions })])
  for (const [salt, rpc] of [
    [1, 'Insert'],
    [2, 'Upsert'],
  ] as const) {
    await milvus.must(rpc, request(rowsOf(salt)))
    // The column as it was received, and as it was logged.
    expect(overwriteKept()).toBeGreaterThanOrEqual(2 * count * dimensions * 4)
    const found = await query(milvus, { expr: 'id >= 0', output_fields: ['id', 'v'] })
    expect(found.map((row) => row['v'])).toEqual(rowsOf(salt))
  }
})

test('one component that is no number refuses all rows', async () => {
  await makeLoaded(milvus, [primaryKey(), field('v', 'FloatVector', { dim: dimensions })])
  const rows = rowsOf(1)
  rows[count - 1]![dimensions - 1] = Number.NaN
  await expect(milvus.must('Insert', request(rows))).rejects.toThrow(
    "value 'NaN' is not a number or infinity",
  )
  expect(await query(milvus, { expr: 'id >= 0', output_fields: ['id'] })).toEqual([])
})

test('components of many rows are looked at in slices', async () => {
  const v = { name: 'v', type: 101, params: { dim: '1024' } }
  const model = {
    document: { fields: [v] },
    fields: new Map([['v', v]]),
    structs: new Map(),
  } as unknown as CollectionModel
  const data = {
    field_name: 'v',
    type: 101,
    valid_data: [],
    vectors: { float_vector: { data: new Float32Array(4_096 * 1_024) } },
  } as unknown as FieldData
  let turns = 0
  const done = readRows(model, [data], 4_096).then(({ rowCount }) => rowCount)
  while ((await Promise.race([done, yieldToEventLoop()])) === undefined) turns += 1
  expect(turns).toBeGreaterThanOrEqual(7)
  expect(await done).toBe(4_096)
})
