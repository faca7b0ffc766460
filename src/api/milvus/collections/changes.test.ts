import { beforeEach, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { encodeMessage } from '../wire/messages.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }

beforeEach(async () => {
  const fields = [
    primaryKey(),
    field('v', 'FloatVector', { dim: 2 }),
    field('s', 'VarChar', { max_length: 8 }),
  ]
  await milvus.must('CreateCollection', collectionOf('c', fields))
})

async function described(): Promise<{
  properties: Record<string, string>
  fields: { name: string; fieldID: bigint; params: Record<string, string> }[]
  at: bigint
}> {
  const { schema, properties, update_timestamp: at } = await milvus.must('DescribeCollection', c)
  const map = (list: { key: string; value: string }[]): Record<string, string> =>
    Object.fromEntries(list.map(({ key, value }) => [key, value]))
  const fields = schema.fields as { name: string; fieldID: bigint; type_params: never[] }[]
  return {
    properties: map(properties),
    fields: fields.map(({ name, fieldID, type_params: params }) => ({ name, fieldID, params: map(params) })),
    at: at as bigint,
  }
}

const addField = (one: object): Promise<{ code: number; reason: string }> =>
  milvus.call('AddCollectionField', { ...c, schema: encodeMessage('FieldSchema', one) }) as Promise<never>

/** Points 1 to 3 as rows of the collection, in its two partitions. */
async function fill(): Promise<void> {
  const collection = milvus.database.getCollection('c')
  await collection.createPartition('p')
  const point = (id: number): { id: number; vectors: object; payload: { id: number; s: string } } => ({
    id,
    vectors: { v: [id, 1] },
    payload: { id, s: 'x' },
  })
  await collection.upsert([point(1), point(2)] as never)
  await collection.upsert([point(3)] as never, { partition: 'p' })
}

test('properties are set and removed, and the schema has another time', async () => {
  const before = await described()
  await milvus.must('AlterCollection', {
    ...c,
    properties: pairs({ 'collection.ttl.seconds': '60', own: 'x' }),
  })
  await milvus.must('AlterCollection', { ...c, delete_keys: ['own'] })
  const after = await described()
  expect(after.properties).toEqual({ 'collection.ttl.seconds': '60' })
  expect(after.at > before.at).toBe(true)
  const bad = await milvus.call('AlterCollection', {
    ...c,
    properties: pairs({ 'collection.ttl.seconds': '-5' }),
  })
  expect(bad.code).toBe(1_100)
  expect((await milvus.call('AlterCollection', c)).code).toBe(1_100)
  expect((await described()).properties).toEqual({ 'collection.ttl.seconds': '60' })
})

test('a field gets another length; not what it cannot have', async () => {
  const alter = (name: string, properties: Record<string, string>): Promise<{ code: number }> =>
    milvus.call('AlterCollectionField', { ...c, field_name: name, properties: pairs(properties) }) as never
  expect((await alter('s', { max_length: '16' })).code).toBe(0)
  expect((await described()).fields[2]!.params).toEqual({ max_length: '16' })
  expect((await alter('s', { max_length: '70000' })).code).toBe(1_100)
  expect((await alter('id', { max_length: '16' })).code).toBe(1_100)
  expect(await alter('v', { dim: '4' })).toMatchObject({
    code: 1_100,
    reason: expect.stringContaining('dim does not allow update in collection field param') as string,
  })
  expect(await alter('none', { max_length: '16' })).toMatchObject({
    code: 1_100,
    reason: expect.stringContaining('field none does not exist in collection') as string,
  })
  expect((await described()).fields[2]!.params).toEqual({ max_length: '16' })
})

test('a field is added after the others; rows that are there have its default value', async () => {
  await fill()
  expect((await addField(field('extra', 'Int64', { nullable: true }))).code).toBe(0)
  const withDefault = field('n', 'Int64', { nullable: true, default_value: { long_data: 7n } })
  expect((await addField(withDefault)).code).toBe(0)
  const { fields } = await described()
  expect(fields.map(({ name }) => name)).toEqual(['id', 'v', 's', 'extra', 'n'])
  expect(fields.map(({ fieldID }) => Number(fieldID))).toEqual([100, 101, 102, 103, 104])
  const points = await milvus.database.getCollection('c').get([1, 2, 3], { payload: true })
  expect(points.map(({ payload }) => JSON.parse(payload!.text) as object)).toEqual(
    [1, 2, 3].map((id) => ({ id, s: 'x', n: 7 })),
  )
})

test('a vector is added as one', async () => {
  expect((await addField(field('w', 'FloatVector', { dim: 3, nullable: true }))).code).toBe(0)
  expect(Object.keys(milvus.database.getCollection('c').config().vectors)).toEqual(['v', 'w'])
  expect((await described()).fields.at(-1)).toMatchObject({ name: 'w', params: { dim: '3' } })
})

test.each([
  [
    field('hard', 'Int64'),
    'added field must be nullable, please check it, field name = hard: invalid parameter',
  ],
  [field('s', 'Int64', { nullable: true }), 'duplicated field name: invalid parameter'],
  [
    field('k', 'Int64', { is_primary_key: true }),
    'not support to add pk field, field name = k: invalid parameter',
  ],
])('%j is not added', async (one, reason) => {
  expect((await addField(one)).reason).toBe(reason)
  expect((await described()).fields).toHaveLength(3)
})

test('the newer way to add a field has its status in another place', async () => {
  const add = (one: object): object => ({
    ...c,
    action: { add_request: { field_infos: [{ field_schema: one }] } },
  })
  await milvus.must('AlterCollectionSchema', add(field('n', 'Int64', { nullable: true })))
  const refused = await milvus.call('AlterCollectionSchema', add(field('hard', 'Int64')))
  expect(refused.alter_status.code).toBe(1_100)
  const two = { field_infos: [1, 2].map(() => ({ field_schema: field('m', 'Int64') })) }
  const other = await milvus.call('AlterCollectionSchema', { ...c, action: { add_request: two } })
  expect(other.alter_status.code).toBe(10)
  expect((await described()).fields.map(({ name }) => name)).toEqual(['id', 'v', 's', 'n'])
})

test('a truncated collection has no rows, and the same indexes', async () => {
  await fill()
  await milvus.must('CreateIndex', { ...c, field_name: 'v' })
  await milvus.must('LoadCollection', c)
  await milvus.must('TruncateCollection', c)
  expect(milvus.database.getCollection('c').info()).toMatchObject({ pointCount: 0, partitions: { p: 0 } })
  expect((await milvus.must('GetLoadState', c)).state).toBe(3)
  expect((await milvus.must('DescribeIndex', c)).index_descriptions).toHaveLength(1)
  expect((await milvus.call('TruncateCollection', { collection_name: 'none' })).status.code).toBe(100)
})

test('several are described at once, each with its own status', async () => {
  const { responses } = await milvus.must('BatchDescribeCollection', { collection_name: ['c', 'none'] })
  expect(responses[0]).toMatchObject({ status: { code: 0 }, collection_name: 'c' })
  expect(responses[1].status.code).toBe(100)
})

test('whether a collection is loaded goes with it', async () => {
  await milvus.must('CreateIndex', { ...c, field_name: 'v' })
  await milvus.must('LoadCollection', c)
  await milvus.must('DropCollection', c)
  expect(milvus.database.documents.list('milvus/load/')).toEqual([])
})
