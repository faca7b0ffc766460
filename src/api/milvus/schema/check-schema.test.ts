import { expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const vector = field('v', 'FloatVector', { dim: 2 })

test('a collection without a schema is refused as one without a key', async () => {
  expect(await milvus.refusal('CreateCollection', { collection_name: 'c' })).toEqual([
    1100,
    'primary key is not specified: invalid parameter',
  ])
})

test("Milvus' own key of external collections is no name of a field", async () => {
  const fields = [primaryKey(), vector, field('__virtual_pk__', 'Int64')]
  expect(await milvus.refusal('CreateCollection', collectionOf('c', fields))).toEqual([
    1701,
    'field name "__virtual_pk__" is reserved for internal use and cannot be used in user schemas: field name invalid[field=__virtual_pk__]',
  ])
})

test.each([true, false])(
  'whether keys are given is what the key says (%s), not the schema',
  async (autoId) => {
    const key = { ...primaryKey(), autoID: autoId }
    await milvus.must('CreateCollection', collectionOf('c', [key, vector], {}, { autoID: !autoId }))
    const { schema } = await milvus.must('DescribeCollection', { collection_name: 'c' })
    expect([schema.autoID, schema.fields[0].autoID]).toEqual([false, autoId])
  },
)

test('every field but the key can be a vector', async () => {
  const vectors = Array.from({ length: 64 }, (_, n) => field(`v${n}`, 'FloatVector', { dim: 2 }))
  await milvus.must('CreateCollection', collectionOf('c', [primaryKey(), ...vectors.slice(1)]))
  expect(Object.keys(milvus.database.getCollection('c').config().vectors)).toHaveLength(63)
  expect(await milvus.refusal('CreateCollection', collectionOf('d', [primaryKey(), ...vectors]))).toEqual([
    1100,
    "maximum field's number should be limited to 64: invalid parameter",
  ])
})

test('dimensions of a sparse vector are passed over', async () => {
  const own = pairs({ 'mmap.enabled': 'true' })
  const type_params = [...pairs({ dim: '4' }), ...own]
  const sparse = field('s', 'SparseFloatVector', { type_params })
  await milvus.must('CreateCollection', collectionOf('c', [primaryKey(), sparse]))
  const { schema } = await milvus.must('DescribeCollection', { collection_name: 'c' })
  expect(schema.fields[1].type_params).toEqual(own)
  // The same schema without them is the same collection.
  const plain = field('s', 'SparseFloatVector', { type_params: own })
  await milvus.must('CreateCollection', collectionOf('c', [primaryKey(), plain]))
})

test('a time to live is looked at when it is changed, not when a collection is made', async () => {
  const key = 'collection.ttl.seconds'
  await milvus.must(
    'CreateCollection',
    collectionOf('c', [primaryKey(), vector], {}, { properties: pairs({ [key]: 'soon' }) }),
  )
  const described = async (): Promise<unknown> =>
    (await milvus.must('DescribeCollection', { collection_name: 'c' })).properties
  expect(await described()).toEqual([{ key, value: 'soon' }])
  const alter = (value: string): readonly [string, object] =>
    ['AlterCollection', { collection_name: 'c', properties: pairs({ [key]: value }) }] as const
  for (const [value, reason] of [
    ['soon', 'is not a valid positive integer'],
    ['', 'is not a valid positive integer'],
    ['-2', 'is out of range, expect [-1, 3155760000], got -2'],
    ['3155760001', 'is out of range, expect [-1, 3155760000], got 3155760001'],
  ] as const)
    expect(await milvus.refusal(...alter(value))).toEqual([
      1100,
      `collection TTL ${reason}: invalid parameter`,
    ])
  expect(await described()).toEqual([{ key, value: 'soon' }])
  await milvus.must(...alter('3155760000'))
  await milvus.must(...alter('-1'))
  expect(await described()).toEqual([{ key, value: '-1' }])
})

test.each([
  [field('i', 'Int64', { default_value: { string_data: '1' } }), 'its type mismatches Int64'],
  [field('i', 'Int8', { default_value: { int_data: 300 } }), '[300] is out of range for Int8'],
  [
    field('s', 'VarChar', { max_length: 3, default_value: { string_data: 'äö' } }),
    'the length (4) of string exceeds max length (3)',
  ],
])('%o has a default value that it cannot hold', async (odd, why) => {
  const [code, reason] = await milvus.refusal(
    'CreateCollection',
    collectionOf('c', [primaryKey(), vector, odd]),
  )
  expect([code, reason]).toEqual([1100, expect.stringContaining(why)])
  expect(milvus.database.listCollections()).toEqual([])
})
