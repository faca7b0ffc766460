import { beforeEach, expect, test } from 'vitest'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }

beforeEach(async () => {
  const fields = [primaryKey(), field('v', 'FloatVector', { dim: 2 }), field('w', 'FloatVector', { dim: 2 })]
  await milvus.must('CreateCollection', collectionOf('c', fields))
  await milvus.database.getCollection('c').createPartition('p')
})

async function indexBoth(): Promise<void> {
  for (const name of ['v', 'w']) await milvus.must('CreateIndex', { ...c, field_name: name })
}

const stateOf = async (...partitions: string[]): Promise<number> =>
  (await milvus.must('GetLoadState', { ...c, partition_names: partitions })).state as number

test('a collection is loaded once each of its vectors has an index', async () => {
  expect(await milvus.call('LoadCollection', c)).toMatchObject({
    code: 700,
    error_code: 25,
    reason: 'index not found[collection=c]',
  })
  await milvus.must('CreateIndex', { ...c, field_name: 'v' })
  expect((await milvus.call('LoadCollection', c)).code).toBe(700)
  await milvus.must('CreateIndex', { ...c, field_name: 'w' })
  expect(await stateOf()).toBe(1)
  await milvus.must('LoadCollection', c)
  await milvus.must('LoadCollection', { ...c, replica_number: 1 })
  expect(await stateOf()).toBe(3)
  expect((await milvus.must('GetLoadingProgress', c)).progress).toBe(100n)
  const drop = await milvus.call('DropIndex', { ...c, index_name: 'v' })
  expect(drop.reason).toBe('index cannot be dropped, collection is loaded, please release it first')
  await milvus.must('ReleaseCollection', c)
  await milvus.must('ReleaseCollection', c)
  expect(await stateOf()).toBe(1)
  expect((await milvus.call('GetLoadingProgress', c)).status.code).toBe(101)
})

test('what is loaded is so after a start', async () => {
  await indexBoth()
  await milvus.must('LoadCollection', c)
  await milvus.restart()
  expect(await stateOf()).toBe(3)
})

test('partitions are loaded and released one by one; with the last one the collection is', async () => {
  await indexBoth()
  await milvus.must('LoadPartitions', { ...c, partition_names: ['p'] })
  expect([await stateOf(), await stateOf('p'), await stateOf('_default')]).toEqual([3, 3, 1])
  await milvus.must('ReleasePartitions', { ...c, partition_names: ['p'] })
  expect(await stateOf()).toBe(1)
  await milvus.must('LoadCollection', c)
  await milvus.must('ReleasePartitions', { ...c, partition_names: ['p'] })
  expect([await stateOf('p'), await stateOf('_default')]).toEqual([1, 3])
  await milvus.must('LoadPartitions', { ...c, partition_names: ['p'] })
  expect(await stateOf('p', '_default')).toBe(3)
  const unknown = await milvus.call('LoadPartitions', { ...c, partition_names: ['none'] })
  expect(unknown).toMatchObject({ code: 200, reason: 'partition not found[partition=none]' })
  expect((await milvus.call('LoadPartitions', c)).code).toBe(65_535)
})

test('another number of replicas is refused', async () => {
  await indexBoth()
  expect((await milvus.call('LoadCollection', { ...c, replica_number: 2 })).code).toBe(12)
  await milvus.must('LoadCollection', c)
  const other = await milvus.call('LoadCollection', { ...c, replica_number: 50 })
  expect(other.reason).toBe(
    "can't change the replica number for loaded collection: invalid parameter[expected=1][actual=50]",
  )
})

test('a collection made elsewhere is loaded; one that is not there has a state as well', async () => {
  await milvus.database.createCollection('other', { vectors: { '': { size: 2, distance: 'Dot' } } })
  expect((await milvus.must('GetLoadState', { collection_name: 'other' })).state).toBe(3)
  expect((await milvus.must('GetLoadState', { collection_name: 'none' })).state).toBe(0)
  expect((await milvus.call('LoadCollection', { collection_name: 'none' })).code).toBe(100)
})
