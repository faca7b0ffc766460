import { beforeEach, expect, test } from 'vitest'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const fields = [primaryKey(), field('v', 'FloatVector', { dim: 2 })]

beforeEach(async () => {
  for (const name of ['c', 'd']) await milvus.must('CreateCollection', collectionOf(name, fields))
  await milvus.must('CreateAlias', { collection_name: 'c', alias: 'a' })
})

const listed = async (name: string): Promise<string[]> =>
  (await milvus.must('ListAliases', { collection_name: name })).aliases as string[]

test('an alias stands for its collection, and can be given to another one', async () => {
  await milvus.must('CreateAlias', { collection_name: 'c', alias: 'a' })
  expect(await listed('c')).toEqual(['a'])
  expect(await milvus.must('DescribeAlias', { alias: 'a' })).toMatchObject({ alias: 'a', collection: 'c' })
  const described = await milvus.must('DescribeCollection', { collection_name: 'a' })
  expect(described).toMatchObject({ collection_name: 'c', aliases: ['a'] })
  await milvus.must('AlterAlias', { collection_name: 'd', alias: 'a' })
  expect([await listed('c'), await listed('d')]).toEqual([[], ['a']])
  await milvus.must('DropAlias', { alias: 'a' })
  await milvus.must('DropAlias', { alias: 'a' })
  expect(await listed('')).toEqual([])
})

test.each([
  ['CreateAlias', { collection_name: 'd', alias: 'a' }, 1_602],
  ['CreateAlias', { collection_name: 'c', alias: 'd' }, 1_601],
  ['CreateAlias', { collection_name: 'a', alias: 'x' }, 100],
  ['CreateAlias', { collection_name: 'none', alias: 'x' }, 100],
  ['CreateAlias', { collection_name: 'c', alias: '1bad' }, 1_100],
  ['AlterAlias', { collection_name: 'd', alias: 'none' }, 1_600],
  ['AlterAlias', { collection_name: 'd', alias: 'c' }, 1_601],
  ['ListAliases', { collection_name: 'none' }, 100],
  ['DescribeAlias', { alias: 'c' }, 1_600],
  ['DropCollection', { collection_name: 'a' }, 65_535],
  ['CreateCollection', collectionOf('a', fields), 1_601],
  ['RenameCollection', { oldName: 'd', newName: 'a' }, 1_601],
  ['CreateAlias', { collection_name: '1bad', alias: 'x' }, 1_100],
  ['AlterAlias', { collection_name: 'd', alias: '1bad' }, 1_100],
  ['AlterAlias', { collection_name: '1bad', alias: 'a' }, 1_100],
])('%s of %j is refused', async (rpc, request, code) => {
  const answer = await milvus.call(rpc, request)
  expect((answer.status ?? answer).code).toBe(code)
  expect(await listed('c')).toEqual(['a'])
})

test('a database has aliases of its own', async () => {
  await milvus.must('CreateDatabase', { db_name: 'shop' })
  await milvus.must('CreateCollection', collectionOf('c', fields), 'shop')
  await milvus.must('CreateAlias', { collection_name: 'c', alias: 'a' }, 'shop')
  expect((await milvus.must('ListAliases', {}, 'shop')).aliases).toEqual(['a'])
  await milvus.must('DropAlias', { alias: 'a' }, 'shop')
  expect(await listed('c')).toEqual(['a'])
})
