import { beforeEach, expect, test } from 'vitest'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }
const vector = field('v', 'FloatVector', { dim: 2 })

beforeEach(async () => {
  await milvus.must('CreateCollection', collectionOf('c', [primaryKey(), vector]))
})

const names = async (collection = 'c'): Promise<string[]> =>
  (await milvus.must('ShowPartitions', { collection_name: collection })).partition_names as string[]

test('partitions are those of the engine; making or dropping one twice is fine', async () => {
  await milvus.must('CreatePartition', { ...c, partition_name: 'p' })
  await milvus.must('CreatePartition', { ...c, partition_name: 'p' })
  await milvus.must('CreatePartition', { ...c, partition_name: '1-digit' })
  expect(await names()).toEqual(['_default', 'p', '1-digit'])
  expect(milvus.database.getCollection('c').info().partitions).toEqual({ _default: 0, p: 0, '1-digit': 0 })
  expect((await milvus.must('HasPartition', { ...c, partition_name: 'p' })).value).toBe(true)
  await milvus.must('DropPartition', { ...c, partition_name: 'p' })
  await milvus.must('DropPartition', { ...c, partition_name: 'p' })
  expect((await milvus.must('HasPartition', { ...c, partition_name: 'p' })).value).toBe(false)
  expect(await names()).toEqual(['_default', '1-digit'])
})

test('a collection has no more than 1,024 partitions, the default one among them', async () => {
  const create = (at: number) => milvus.refusal('CreatePartition', { ...c, partition_name: `p${at}` })
  const collection = milvus.database.getCollection('c')
  await Promise.all(Array.from({ length: 1_022 }, (_, at) => collection.createPartition(`p${at + 1}`)))
  expect(await create(1_023)).toEqual([0, ''])
  expect(await create(1_024)).toEqual([
    1100,
    'partition number (1024) exceeds max configuration (1024), collection: c: invalid parameter',
  ])
  expect(await create(1)).toEqual([0, ''])
})

test('a loaded partition is not dropped, nor the default one', async () => {
  await milvus.must('CreatePartition', { ...c, partition_name: 'p' })
  await milvus.must('CreateIndex', { ...c, field_name: 'v' })
  await milvus.must('LoadCollection', c)
  const loaded = await milvus.call('DropPartition', { ...c, partition_name: 'p' })
  expect(loaded).toMatchObject({
    code: 65_535,
    reason: 'partition cannot be dropped, partition is loaded, please release it first',
  })
  await milvus.must('ReleasePartitions', { ...c, partition_names: ['p'] })
  await milvus.must('DropPartition', { ...c, partition_name: 'p' })
  // One that gets the name later is a new one, and loaded with the collection.
  await milvus.must('CreatePartition', { ...c, partition_name: 'p' })
  expect((await milvus.must('GetLoadState', { ...c, partition_names: ['p'] })).state).toBe(3)
  await milvus.must('ReleaseCollection', c)
  const all = await milvus.call('DropPartition', { ...c, partition_name: '_default' })
  expect(all.reason).toBe('default partition cannot be deleted')
})

test('a partition key has partitions of its own, which nobody makes or drops', async () => {
  const key = field('p', 'VarChar', { max_length: 20, is_partition_key: true })
  const request = collectionOf('keyed', [primaryKey(), vector, key], { num_partitions: 3n })
  await milvus.must('CreateCollection', request)
  expect(await names('keyed')).toEqual(['_default_0', '_default_1', '_default_2'])
  const named = { collection_name: 'keyed', partition_name: 'x' }
  const refused = await milvus.call('CreatePartition', named)
  expect(refused.reason).toBe('disable create partition if partition key mode is used')
  expect((await milvus.call('DropPartition', named)).code).toBe(65_535)
  expect(await names('keyed')).toHaveLength(3)
})

test.each(['', ' ', 'with space', 'with.dot', 'ü', 'x'.repeat(256)])(
  '"%s" names no partition',
  async (name) => {
    const answer = await milvus.call('CreatePartition', { ...c, partition_name: name })
    expect(answer.code).toBe(65_535)
    expect(answer.reason).toMatch(/^Invalid partition name: /)
    expect(await names()).toEqual(['_default'])
  },
)
