import { expect, test } from 'vitest'
import { collectionOf, field, primaryKey } from '../support/milvus-door.ts'
import { openSnapshotsDoor, type SnapshotsDoor } from '../support/milvus-snapshots.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: what one call of Milvus' API deletes from several partitions is gone from all of them or from none, wherever a
//   crash comes, and so it is in a snapshot that is taken meanwhile.
// Method: crash before every mutation of such calls, in three ways, start again, and count each partition.

const partitions = ['_default', 'a', 'b'] as const
const each = (count: number) => Object.fromEntries(partitions.map((name) => [name, count]))

/** Rows 1 to 4 in each partition, loaded. */
async function fill(milvus: SnapshotsDoor): Promise<void> {
  const { must, database } = milvus
  await must('CreateCollection', collectionOf('c', [primaryKey(), field('v', 'FloatVector', { dim: 2 })]))
  for (const name of partitions.slice(1))
    await must('CreatePartition', { collection_name: 'c', partition_name: name })
  for (const partition of partitions) {
    const rows = [1, 2, 3, 4].map((id) => ({ id, vectors: { v: [id, 1] }, payload: { id } }))
    await database.getCollection('c').upsert(rows, { partition })
  }
  const index = [
    { key: 'index_type', value: 'FLAT' },
    { key: 'metric_type', value: 'L2' },
  ]
  await must('CreateIndex', { collection_name: 'c', field_name: 'v', extra_params: index })
  await must('LoadCollection', { collection_name: 'c' })
}

test('a deletion and a truncation reach all partitions at once', async () => {
  const disk = new SimulatedDisk()
  const milvus = await openSnapshotsDoor({ disk })
  const { must, database } = milvus
  await fill(milvus)
  const first = disk.journal.length
  const counts = () => database.getCollection('c').info().partitions
  const [deleted] = await Promise.all([
    must('Delete', { collection_name: 'c', expr: 'id > 2' }),
    database.getCollection('c').createSnapshot({ name: 'meanwhile' }),
  ])
  expect(deleted.delete_cnt).toBe(6n)
  expect(counts()).toEqual(each(2))
  await must('Delete', { collection_name: 'c', expr: 'id in [1]' })
  expect(counts()).toEqual(each(1))
  await database.flush()
  await must('TruncateCollection', { collection_name: 'c' })
  expect(counts()).toEqual(each(0))
  await milvus.close()

  const seen = new Set<string>()
  for (let at = first; at <= disk.journal.length; at++) {
    for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
      const where = `mutation ${at} of ${first} to ${disk.journal.length}, ${JSON.stringify(variant)}`
      const after = await openSnapshotsDoor({ disk: disk.stateAt(at, variant), seed: at })
      const collection = after.database.getCollection('c')
      const found = collection.info().partitions
      expect([4, 2, 1, 0].map(each), where).toContainEqual(found)
      seen.add(JSON.stringify(found))
      for (const snapshot of after.database.listAllSnapshots()) {
        await using reader = await snapshot.collection()
        expect([4, 2].map(each), where).toContainEqual(reader.info().partitions)
      }
      await after.close()
    }
  }
  expect(seen.size).toBe(4)
})
