import { expect, test } from 'vitest'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

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
