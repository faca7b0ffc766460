import { beforeEach, expect, test } from 'vitest'
import { collectionOf, field, milvusForEachTest, primaryKey } from '../../../../test/support/milvus-door.ts'

const milvus = milvusForEachTest()
const c = { collection_name: 'c' }
const segments = { collectionName: 'c' }

beforeEach(async () => {
  await milvus.must(
    'CreateCollection',
    collectionOf('c', [primaryKey(), field('v', 'FloatVector', { dim: 2 })]),
  )
  await milvus.database.getCollection('c').upsert([
    { id: 1, vectors: { v: [1, 0] }, payload: { id: 1 } },
    { id: 2, vectors: { v: [0, 1] }, payload: { id: 2 } },
  ])
})

test('a flush makes segments, and names them', async () => {
  const before = await milvus.must('GetPersistentSegmentInfo', segments)
  expect(before.infos).toMatchObject([{ num_rows: 2n, state: 2 }])
  const flushed = await milvus.must('Flush', { collection_names: ['c'] })
  const { infos } = await milvus.must('GetPersistentSegmentInfo', segments)
  expect(infos).toMatchObject([{ num_rows: 2n, state: 4 }])
  expect(flushed.flush_coll_segIDs.c.data).toEqual([infos[0].segmentID])
  const state = { collection_name: 'c', flush_ts: flushed.coll_flush_ts.c }
  expect((await milvus.must('GetFlushState', state)).flushed).toBe(true)
  expect((await milvus.must('GetFlushState', { flush_ts: 2n ** 62n })).flushed).toBe(false)
  expect((await milvus.call('Flush', { collection_names: ['none'] })).status.code).toBe(100)
  const growing = await milvus.must('GetPersistentSegmentInfo', { ...segments, states: [2] })
  expect(growing.infos).toEqual([])
})

test('segments cannot be moved, whatever collection they are of', async () => {
  expect((await milvus.refusal('LoadBalance', { src_nodeID: 1 }))[0]).toBe(100)
  expect((await milvus.refusal('LoadBalance', { src_nodeID: 1, collectionName: 'c' }))[0]).toBe(10)
})

test('a compaction into segments that are smaller than Milvus allows is refused', async () => {
  expect(await milvus.refusal('ManualCompaction', { ...c, target_size: 1 })).toEqual([
    1_100,
    'targetSize 1 MB should be greater than or equal to configMaxSize 1024 MB: invalid parameter',
  ])
  await milvus.must('ManualCompaction', { ...c, target_size: 1_024 })
})

test('everything is flushed, and told of what was asked', async () => {
  const target = { flush_targets: [{ db_name: 'default', collection_names: ['c'] }] }
  const all = await milvus.must('FlushAll', target)
  const [{ collection_results: results }] = all.flush_results
  expect(results).toMatchObject([{ collection_name: 'c' }])
  expect(results[0].flush_segment_ids.data).toHaveLength(1)
  const state = await milvus.must('GetFlushAllState', { ...target, flush_all_ts: all.flush_all_ts })
  expect(state).toMatchObject({ flushed: true, flush_states: [{ collection_flush_states: { c: true } }] })
})

test('a compaction merges what is worth it, behind the answer', async () => {
  const collection = milvus.database.getCollection('c')
  for (let id = 3; id < 8; id++) {
    await milvus.database.flush()
    await collection.upsert([{ id, vectors: { v: [id, 1] }, payload: { id } }])
  }
  await milvus.database.flush()
  const before = collection.segmentReports().length
  const { compactionID } = await milvus.must('ManualCompaction', c)
  expect((await milvus.must('GetCompactionState', { compactionID })).state).toBe(1)
  const [job] = milvus.database.jobs.list({ kind: 'compaction' })
  await milvus.database.jobs.wait(job!.id)
  const state = await milvus.must('GetCompactionState', { compactionID })
  expect(state).toMatchObject({ state: 2, completedPlanNo: 1n, executingPlanNo: 0n })
  expect((await milvus.must('GetCompactionStateWithPlans', { compactionID })).state).toBe(2)
  expect(collection.segmentReports().length).toBeLessThan(before)
  expect(collection.info().pointCount).toBe(7)
  expect((await milvus.must('GetCompactionState', { compactionID: 12_345n })).state).toBe(2)
  expect((await milvus.call('ManualCompaction', { collection_name: 'none' })).status.code).toBe(100)
})

test('what is read from is told of loaded collections', async () => {
  expect((await milvus.call('GetQuerySegmentInfo', segments)).status.code).toBe(101)
  await milvus.must('CreateIndex', { ...c, field_name: 'v' })
  await milvus.must('LoadCollection', c)
  const { infos } = await milvus.must('GetQuerySegmentInfo', segments)
  expect(infos).toMatchObject([{ num_rows: 2n, index_name: 'v' }])
  expect(infos[0].mem_size > 0n).toBe(true)
  const { replicas } = await milvus.must('GetReplicas', { ...c, with_shard_nodes: true })
  expect(replicas).toHaveLength(1)
  expect(replicas[0].shard_replicas[0].node_ids).toEqual([1n])
  expect((await milvus.must('GetComponentStates')).state.state_code).toBe(1)
})
