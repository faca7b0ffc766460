import { expect, test } from 'vitest'
import { encodeMessage } from '../../src/api/milvus/wire/messages.ts'
import { collectionOf, field, primaryKey } from '../support/milvus-door.ts'
import { openSnapshotsDoor, type SnapshotsDoor } from '../support/milvus-snapshots.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: a field of a collection comes with its default value in every row, and goes with its values, or not at all, wherever
//   a crash comes.
// Method: crash before every mutation of AddCollectionField and AlterCollectionSchema, in three ways, start again, and hold
//   the described fields against what the payloads have.

const partitions = ['_default', 'a'] as const
const c = { collection_name: 'c' }
const added = { ...field('more', 'Int64'), nullable: true, default_value: { long_data: 7n } }

async function fill({ must, database }: SnapshotsDoor): Promise<void> {
  const fields = [
    primaryKey(),
    field('v', 'FloatVector', { dim: 2 }),
    field('n', 'Int64', { nullable: true }),
  ]
  await must('CreateCollection', collectionOf('c', fields))
  await must('CreatePartition', { ...c, partition_name: 'a' })
  for (const partition of partitions) {
    const rows = [1, 2, 3].map((id) => ({ id, vectors: { v: [id, 1] }, payload: { id, n: id } }))
    await database.getCollection('c').upsert(rows, { partition })
  }
}

/** Whether a field is described, and in how many rows there is something under its name. */
async function stateOf({ must, database }: SnapshotsDoor, name: string): Promise<[boolean, number]> {
  const { schema } = (await must('DescribeCollection', c)) as { schema: { fields: { name: string }[] } }
  const having = await database.getCollection('c').count({ mustNot: [{ kind: 'is-empty', path: name }] })
  return [schema.fields.some((one) => one.name === name), having]
}

test('a field is added with its default value, and dropped with its values, or not at all', async () => {
  const disk = new SimulatedDisk()
  const milvus = await openSnapshotsDoor({ disk })
  await fill(milvus)
  await milvus.database.flush()
  const first = disk.journal.length
  await milvus.must('AddCollectionField', { ...c, schema: encodeMessage('FieldSchema', added) })
  expect(await stateOf(milvus, 'more')).toEqual([true, 6])
  const answer = await milvus.call('AlterCollectionSchema', {
    ...c,
    action: { drop_request: { field_name: 'n' } },
  })
  expect(answer).toMatchObject({ alter_status: { code: 0 } })
  expect(await stateOf(milvus, 'n')).toEqual([false, 0])
  await milvus.close()

  const seen = new Set<string>()
  for (let at = first; at <= disk.journal.length; at++) {
    for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
      const where = `mutation ${at} of ${first} to ${disk.journal.length}, ${JSON.stringify(variant)}`
      const after = await openSnapshotsDoor({ disk: disk.stateAt(at, variant), seed: at })
      const found = [await stateOf(after, 'more'), await stateOf(after, 'n')]
      for (const one of found)
        expect(
          [
            [true, 6],
            [false, 0],
          ],
          where,
        ).toContainEqual(one)
      seen.add(JSON.stringify(found))
      await after.close()
    }
  }
  expect([...seen]).toHaveLength(3)
})
