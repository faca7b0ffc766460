import { beforeEach, expect, test } from 'vitest'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const fields = [primaryKey(), field('v', 'FloatVector', { dim: 2 })]

beforeEach(async () => {
  for (const name of ['a', 'b']) await milvus.must('CreateCollection', collectionOf(name, fields))
  await milvus.must('CreateDatabase', { db_name: 'shop' })
})

const listed = async (database = ''): Promise<string[]> =>
  (await milvus.must('ShowCollections', {}, database)).collection_names as string[]

const rename = (
  oldName: string,
  newName: string,
  newDBName = '',
): Promise<{ code: number; reason: string }> =>
  milvus.call('RenameCollection', { oldName, newName, newDBName }) as Promise<never>

test('a renamed collection keeps its number, its indexes, and whether it is loaded', async () => {
  await milvus.must('CreateIndex', { collection_name: 'a', field_name: 'v' })
  await milvus.must('LoadCollection', { collection_name: 'a' })
  await milvus.must('CreateAlias', { collection_name: 'a', alias: 'alias' })
  const before = await milvus.must('DescribeCollection', { collection_name: 'a' })
  expect((await rename('a', 'c')).code).toBe(0)
  expect(await listed()).toEqual(['b', 'c'])
  const after = await milvus.must('DescribeCollection', { collection_name: 'alias' })
  expect(after).toMatchObject({ collection_name: 'c', collectionID: before.collectionID, aliases: ['alias'] })
  expect((await milvus.must('GetLoadState', { collection_name: 'c' })).state).toBe(3)
  expect((await milvus.must('DescribeIndex', { collection_name: 'c' })).index_descriptions).toHaveLength(1)
})

test('a collection goes into another database, without aliases', async () => {
  await milvus.must('CreateAlias', { collection_name: 'a', alias: 'alias' })
  expect((await rename('a', 'a', 'shop')).code).toBe(65_535)
  await milvus.must('DropAlias', { alias: 'alias' })
  expect((await rename('a', 'a', 'shop')).code).toBe(0)
  expect([await listed(), await listed('shop')]).toEqual([['b'], ['a']])
  expect((await rename('b', 'b', 'none')).code).toBe(800)
})

test.each([
  ['a', 'b', 65_535, 'duplicated new collection name default:b with other collection name or alias'],
  ['a', 'a', 65_535, 'duplicated new collection name default:a with other collection name or alias'],
  ['none', 'c', 100, 'collection not found[database=default][collection=none]'],
  [
    'a',
    '1bad',
    1_100,
    'Invalid collection name: 1bad. the first character of a collection name must be an underscore or letter: invalid parameter',
  ],
])('%s is not renamed to %s', async (from, to, code, reason) => {
  expect(await rename(from, to)).toMatchObject({ code, reason })
  expect(await listed()).toEqual(['a', 'b'])
})

test('an alias is not renamed', async () => {
  await milvus.must('CreateAlias', { collection_name: 'a', alias: 'alias' })
  const answer = await rename('alias', 'c')
  expect(answer.reason).toBe('unsupported use an alias to rename collection, alias:alias')
})

test("renames to one another's names do not wait for ever", async () => {
  const answers = await Promise.all([rename('a', 'b'), rename('b', 'a'), rename('a', 'c'), rename('c', 'a')])
  expect(answers.map(({ code }) => code)).toEqual([65_535, 65_535, 0, 0])
  expect(await listed()).toEqual(['a', 'b'])
})
