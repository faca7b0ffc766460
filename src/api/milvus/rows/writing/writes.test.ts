import { expect, test } from 'vitest'
import {
  collectionOf,
  field,
  makeLoaded,
  milvusForEachTest,
  pairs,
} from '../../../../../test/support/milvus-door.ts'
import { column, dynamicKeys, query, vectors } from '../../../../../test/support/milvus-rows.ts'

const milvus = milvusForEachTest()

async function make(key: object = {}): Promise<void> {
  const fields = [
    field('id', 'Int64', { is_primary_key: true, ...key }),
    field('v', 'FloatVector', { dim: 2 }),
    field('n', 'Int64'),
    field('s', 'VarChar', { max_length: 10, nullable: true }),
  ]
  await makeLoaded(milvus, fields, { enable_dynamic_field: true })
}

// Answers are looked into as they come.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any

const write = (rpc: string, columns: readonly object[], rows: number, more: object = {}): Promise<Answer> =>
  milvus.call(rpc, { collection_name: 'c', fields_data: columns, num_rows: rows, ...more })

const keyed = (...keys: bigint[]): object => column('id', 5, keys)
const numbers = (...values: bigint[]): object => column('n', 5, values)
const ones = (count: number): object =>
  vectors(
    'v',
    Array.from({ length: count }, (_, row): number[] => [row, 1]),
  )

test('an upsert replaces rows whole, dynamic keys as well', async () => {
  await make()
  await write('Insert', [keyed(1n, 2n), ones(2), numbers(1n, 2n), dynamicKeys([{ x: 1 }, { x: 2 }])], 2)
  const answer = await write(
    'Upsert',
    [keyed(2n, 3n), ones(2), numbers(20n, 30n), dynamicKeys([{}, { y: 3 }])],
    2,
  )
  expect(answer).toMatchObject({ status: { code: 0 }, upsert_cnt: 2n, IDs: { int_id: { data: [2n, 3n] } } })
  expect(await query(milvus, { expr: 'id > 0', output_fields: ['n', '$meta'] })).toEqual([
    { id: 1n, n: 1n, x: 1 },
    { id: 2n, n: 20n },
    { id: 3n, n: 30n, y: 3 },
  ])
  const without = await write('Upsert', [ones(1), numbers(1n)], 1)
  expect(without.status.reason).toMatch(/^fieldSchema\(id\)/)
})

test('a partial update changes what was sent', async () => {
  await make()
  const s = column('s', 21, ['a', 'b'])
  await write(
    'Insert',
    [keyed(1n, 2n), ones(2), numbers(1n, 2n), s, dynamicKeys([{ x: 1 }, { x: 2, z: { a: 1 } }])],
    2,
  )
  const partial = (columns: readonly object[], rows: number): Promise<Answer> =>
    write('Upsert', columns, rows, { partial_update: true })
  await partial([keyed(1n), numbers(10n)], 1)
  await partial([keyed(2n), column('s', 21, [null]), dynamicKeys([{ y: 5, z: 1 }])], 1)
  // One key twice: the second finds what the first wrote.
  await partial([keyed(1n, 1n), dynamicKeys([{ first: 1 }, { second: 2 }])], 2)
  await partial([keyed(3n), numbers(3n), vectors('v', [[3, 3]])], 1)
  expect(await query(milvus, { expr: 'id > 0' })).toEqual([
    { id: 1n, v: [0, 1], n: 10n, s: 'a', x: 1, first: 1, second: 2 },
    { id: 2n, v: [1, 1], n: 2n, s: null, x: 2, y: 5, z: 1 },
    { id: 3n, v: [3, 3], n: 3n, s: null },
  ])
  const incomplete = await partial([keyed(4n), numbers(3n)], 1)
  expect(incomplete.status.reason).toMatch(/^fieldSchema\(v\) has no corresponding fieldData/)
  expect((await query(milvus, { output_fields: ['count(*)'] }))[0]).toEqual({ 'count(*)': 3n })
})

test('partial updates at the same time lose nothing of each other', async () => {
  await make()
  await write('Insert', [keyed(1n), ones(1), numbers(0n), dynamicKeys([{}])], 1)
  await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      write('Upsert', [keyed(1n), dynamicKeys([{ [`k${at}`]: at }])], 1, { partial_update: true }),
    ),
  )
  const [row] = await query(milvus, { expr: 'id == 1', output_fields: ['$meta'] })
  expect(Object.keys(row!)).toHaveLength(21)
})

test('elements are appended to arrays, and removed from them', async () => {
  const list = { name: 'list', data_type: 22, element_type: 5, type_params: pairs({ max_capacity: '4' }) }
  const fields = [field('id', 'Int64', { is_primary_key: true }), field('v', 'FloatVector', { dim: 2 }), list]
  await milvus.must('CreateCollection', collectionOf('c', fields))
  const lists = (...rows: bigint[][]): object => ({
    type: 22,
    field_name: 'list',
    scalars: { array_data: { data: rows.map((data) => ({ long_data: { data } })), element_type: 5 } },
  })
  await write('Insert', [keyed(1n, 2n), ones(2), lists([1n, 2n, 1n], [])], 2)
  const change = (op: number, columns: readonly object[], rows: number): Promise<Answer> =>
    write('Upsert', columns, rows, { field_ops: [{ field_name: 'list', op }] })
  const stored = async (): Promise<unknown[]> =>
    (await milvus.database.getCollection('c').scroll({ payload: true })).points.map(
      ({ payload }) => (payload!.value() as { list: unknown }).list,
    )
  expect((await change(1, [keyed(1n, 2n), lists([2n ** 60n], [5n])], 2)).status.code).toBe(0)
  expect(await stored()).toEqual([[1, 2, 1, 2n ** 60n], [5]])
  const full = await change(1, [keyed(1n), lists([7n])], 1)
  expect(full.status).toMatchObject({ code: 65_535, reason: 'array length 5 exceeds max_capacity 4' })
  expect((await change(2, [keyed(1n), lists([1n, 9n])], 1)).status.code).toBe(0)
  expect((await change(1, [keyed(3n), vectors('v', [[1, 1]]), lists([3n])], 1)).status.code).toBe(0)
  expect(await stored()).toEqual([[2, 2n ** 60n], [5], [3]])
  const wrong = await write('Upsert', [keyed(1n)], 1, { field_ops: [{ field_name: 'v', op: 1 }] })
  expect(wrong.status).toMatchObject({ code: 1100 })
  expect(wrong.status.reason).toContain('op ARRAY_APPEND requires Array field, but field "v" is FloatVector')
  const ofKey = await write('Upsert', [keyed(1n)], 1, { field_ops: [{ field_name: 'id', op: 2 }] })
  expect(ofKey.status.reason).toContain('field "id" is the primary key')
  const unsent = await change(1, [keyed(1n)], 1)
  expect(unsent.status.reason).toContain('op targets field "list" not present in fields_data')
})

test('a deletion counts the keys of a list, and the rows of a filter', async () => {
  await make()
  const keys = Array.from({ length: 10 }, (_, at) => BigInt(at))
  await write('Insert', [keyed(...keys), ones(10), numbers(...keys), dynamicKeys(keys.map(() => ({})))], 10)
  const remove = async (expr: string, more: object = {}): Promise<Answer> =>
    milvus.call('Delete', { collection_name: 'c', expr, ...more })
  expect(await remove('id in [0, 1, 1, 999]')).toMatchObject({ delete_cnt: 4n, IDs: null })
  expect(await remove('n > 7')).toMatchObject({ delete_cnt: 2n })
  expect(await remove('n > 100')).toMatchObject({ delete_cnt: 0n })
  const templates = { keys: { array_val: { long_data: { data: [2n, 3n] } } } }
  expect(await remove('id in {keys}', { expr_template_values: templates })).toMatchObject({ delete_cnt: 2n })
  expect((await query(milvus, { expr: 'id >= 0', output_fields: ['id'] })).map((row) => row['id'])).toEqual([
    4n,
    5n,
    6n,
    7n,
  ])
  expect((await remove('')).status.code).toBe(1100)
  expect((await remove('id == 4', { partition_name: 'none' })).status.code).toBe(200)
  const elsewhere = await milvus.call('Delete', { collection_name: 'none', expr: 'id > 1' })
  expect(elsewhere.status).toMatchObject({ code: 100, error_code: 4 })
  await milvus.must('ReleaseCollection', { collection_name: 'c' })
  expect((await remove('n > 5')).status.code).toBe(101)
  expect((await remove('id == 4')).status.code).toBe(0)
})

test('a deletion reaches all partitions, unless one is named', async () => {
  await make()
  await milvus.database.getCollection('c').createPartition('p')
  const rows = [keyed(1n, 2n), ones(2), numbers(1n, 2n)]
  await write('Insert', rows, 2)
  await write('Insert', rows, 2, { partition_name: 'p' })
  await milvus.must('Delete', { collection_name: 'c', expr: 'id == 1', partition_name: 'p' })
  const left = async (): Promise<number> => milvus.database.getCollection('c').count()
  expect(await left()).toBe(3)
  await milvus.must('Delete', { collection_name: 'c', expr: 'id == 2' })
  expect(await left()).toBe(1)
})

test('keys are made where the schema says so, and ascend', async () => {
  await make({ autoID: true })
  const first = await write('Insert', [ones(3), numbers(1n, 2n, 3n)], 3)
  const second = await write('Insert', [ones(2), numbers(4n, 5n)], 2)
  const keys = [...first.IDs.int_id.data, ...second.IDs.int_id.data] as bigint[]
  expect(keys).toHaveLength(5)
  expect(keys.every((key, at) => at === 0 || key > keys[at - 1]!)).toBe(true)
  expect((await query(milvus, { expr: 'n > 0' })).map((row) => row['id'])).toEqual(keys)
  const given = await write('Insert', [keyed(5n), ones(1), numbers(1n)], 1)
  expect(given.status.reason).toMatch(/^the number of fields is less than needed/)
  const upserted = await write('Upsert', [keyed(keys[0]!), ones(1), numbers(10n)], 1)
  expect(upserted).toMatchObject({ status: { code: 0 }, upsert_cnt: 1n })
})

test('a collection that was made elsewhere is read, written and deleted from by the ids of its points', async () => {
  const { database } = milvus
  const uuid = '12345678-1234-4234-8234-123456789abc'
  const vectorParams = { '': { size: 2, distance: 'Dot' } } as const
  const collection = await database.createCollection('c', { vectors: vectorParams })
  await collection.upsert([
    { id: 2n ** 64n - 1n, vectors: { '': [1, 2] }, payload: { color: 'red' } },
    { id: uuid, payload: { color: 'blue', id: 'not the key' } },
  ])
  expect(await query(milvus, { expr: 'color != ""' })).toEqual([
    { id: uuid, vector: null, color: 'blue' },
    { id: '18446744073709551615', vector: [1, 2], color: 'red' },
  ])
  const columns = [column('id', 21, ['7']), vectors('vector', [[3, 4]]), dynamicKeys([{ color: 'green' }])]
  expect((await write('Insert', columns, 1)).status.code).toBe(0)
  const [point] = await collection.get([7], { payload: true, vectors: true })
  expect(point!.payload!.value()).toEqual({ color: 'green' })
  expect([...(point!.vectors![''] as Float32Array)]).toEqual([3, 4])
  const wrong = await write('Insert', [column('id', 21, ['seven']), ...columns.slice(1)], 1)
  expect(wrong.status.code).toBe(1100)
  expect(
    (await milvus.must('Delete', { collection_name: 'c', expr: `id in ["${uuid}", "7"]` })).delete_cnt,
  ).toBe(2n)
  expect(await collection.count()).toBe(1)
})
