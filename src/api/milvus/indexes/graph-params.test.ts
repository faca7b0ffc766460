import { beforeEach, expect, test } from 'vitest'
import {
  collectionOf,
  field,
  milvusForEachTest,
  pairs,
  primaryKey,
} from '../../../../test/support/milvus-door.ts'
import { graphParamsOf } from './graph-params.ts'

const milvus = milvusForEachTest()

beforeEach(async () => {
  const fields = [
    primaryKey(),
    field('v', 'FloatVector', { type_params: pairs({ dim: '4', 'mmap.enabled': 'true' }) }),
    field('w', 'FloatVector', { dim: 4 }),
  ]
  await milvus.must('CreateCollection', collectionOf('c', fields))
})

test('vectors are on disk where the index says so, or the field without it, or the collection', async () => {
  const onDisk = (vector: string): unknown =>
    graphParamsOf(milvus.database.listCollections()[0]!.config(), vector)?.onDisk
  expect([onDisk('v'), onDisk('w')]).toEqual([true, undefined])
  const index = (name: string, params: Record<string, string>): object => ({
    ...{ collection_name: 'c', field_name: name, index_name: name },
    extra_params: pairs({ index_type: 'HNSW', metric_type: 'L2', ...params }),
  })
  await milvus.must('CreateIndex', index('v', { 'mmap.enabled': 'false' }))
  await milvus.must('CreateIndex', index('w', { 'mmap.enabled': 'true' }))
  expect([onDisk('v'), onDisk('w')]).toEqual([undefined, true])
})
