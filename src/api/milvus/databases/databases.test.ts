import { expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const books = collectionOf('books', [primaryKey(), field('v', 'FloatVector', { dim: 2 })])

const names = async (): Promise<string[]> => (await milvus.must('ListDatabases')).db_names as string[]

test('collections of one name are apart in two databases, also after a start', async () => {
  await milvus.must('CreateDatabase', { db_name: 'shop' })
  await milvus.must('CreateCollection', books, 'shop')
  await milvus.must('CreateCollection', books)
  await milvus.restart()
  expect(await names()).toEqual(['default', 'shop'])
  expect((await milvus.must('ShowCollections', {}, 'shop')).collection_names).toEqual(['books'])
  const ids = await Promise.all(
    ['shop', ''].map((database) => milvus.must('DescribeCollection', { collection_name: 'books' }, database)),
  )
  expect(ids[0].collectionID).not.toBe(ids[1].collectionID)
  // The body's database comes before the connection's.
  const body = { db_name: 'default', collection_name: 'books' }
  expect((await milvus.must('DescribeCollection', body, 'shop')).collectionID).toBe(ids[1].collectionID)
})

test('a database is dropped once it is empty', async () => {
  await milvus.must('CreateDatabase', { db_name: 'shop' })
  await milvus.must('CreateCollection', books, 'shop')
  const full = await milvus.call('DropDatabase', { db_name: 'shop' })
  expect(full).toMatchObject({
    code: 65_535,
    reason: 'database:shop not empty, must drop all collections before drop database',
  })
  await milvus.must('DropCollection', { collection_name: 'books' }, 'shop')
  await milvus.must('DropDatabase', { db_name: 'shop' })
  await milvus.must('DropDatabase', { db_name: 'shop' })
  expect((await milvus.call('DropDatabase', { db_name: '1 shop' })).code).toBe(802)
  expect(await names()).toEqual(['default'])
  expect((await milvus.call('ShowCollections', {}, 'shop')).status.code).toBe(800)
})

test('properties are kept and removed', async () => {
  await milvus.must('CreateDatabase', { db_name: 'd', properties: pairs({ a: '1' }) })
  await milvus.must('AlterDatabase', { db_name: 'd', properties: pairs({ 'database.max.collections': '5' }) })
  await milvus.must('AlterDatabase', { db_name: 'd', delete_keys: ['a'] })
  const { properties } = await milvus.must('DescribeDatabase', { db_name: 'd' })
  expect(properties).toEqual([{ key: 'database.max.collections', value: '5' }])
  await milvus.must('AlterDatabase', { properties: pairs({ b: '2' }) })
  expect((await milvus.must('DescribeDatabase')).properties).toEqual([{ key: 'b', value: '2' }])
  expect(await names()).toEqual(['default', 'd'])
})

test('a database has no more collections than its property says, and may have others elsewhere', async () => {
  await milvus.must('CreateDatabase', {
    db_name: 'shop',
    properties: pairs({ 'database.max.collections': '1' }),
  })
  const other = collectionOf('other', [primaryKey(), field('v', 'FloatVector', { dim: 2 })])
  const made = await Promise.all([books, other].map((one) => milvus.refusal('CreateCollection', one, 'shop')))
  expect(made).toEqual([
    [0, ''],
    [102, 'exceeded the limit number of collections[dbName=shop][limit=1]'],
  ])
  // It is there already.
  await milvus.must('CreateCollection', books, 'shop')
  await milvus.must('CreateCollection', books)
  await milvus.must('CreateCollection', other)
  await milvus.must('AlterDatabase', { db_name: 'shop', delete_keys: ['database.max.collections'] })
  await milvus.must('CreateCollection', other, 'shop')
})

test('in a database that is not there nobody connects, and every collection is dropped already', async () => {
  expect(await milvus.refusal('Connect', {}, 'shop')).toEqual([800, 'database not found[database=shop]'])
  await milvus.must('DropCollection', { collection_name: 'books' }, 'shop')
  await milvus.must('CreateDatabase', { db_name: 'shop' })
  await milvus.must('Connect', {}, 'shop')
  await milvus.must('Connect')
})

test.each([
  ['CreateDatabase', '', 802],
  ['CreateDatabase', '1st', 802],
  ['CreateDatabase', 'with-dash', 802],
  ['CreateDatabase', 'a'.repeat(256), 802],
  ['CreateDatabase', 'default', 65_535],
  ['DropDatabase', 'default', 65_535],
  ['DescribeDatabase', 'none', 800],
])('%s of "%s" is refused', async (rpc, name, code) => {
  const answer = await milvus.call(rpc, { db_name: name })
  expect((answer.status ?? answer).code).toBe(code)
  expect(await names()).toEqual(['default'])
})
