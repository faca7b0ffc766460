import { expect, test } from 'vitest'
import { addRows, collectionWithRows, openSnapshotsDoor } from '../support/milvus-snapshots.ts'
import { SimulatedDisk, type CrashVariant } from '../support/simulated-disk.ts'

// Goal: whatever the moment of a crash, a restore through Milvus' API that was acknowledged comes to its end, its target is
//   there whole or not at all and never comes back once it was dropped, and a dropped collection takes its snapshots along.
// Method: crash before every mutation of such a history, in three ways, start again, and let all jobs end.

interface Marks {
  /** Lengths of the journal: when it was sent, and when it was acknowledged. */
  [step: string]: readonly [sent: number, acknowledged: number]
}

const rows = [1, 2, 4, 5, 6]

const requests = {
  RestoreSnapshot: { name: 's', collection_name: 'c', target_collection_name: 'd' },
  RestoreExternalSnapshot: { target_collection_name: 'd', snapshot_metadata_uri: 'x.snapshot' },
} as const

async function history(
  rpc: keyof typeof requests,
): Promise<{ disk: SimulatedDisk; first: number; marks: Marks; job: bigint }> {
  const disk = new SimulatedDisk()
  const milvus = await openSnapshotsDoor({ disk })
  const collection = await collectionWithRows(milvus, 'c', 5)
  await milvus.database.flush()
  await collection.delete({ ids: [3] })
  await addRows(collection, 6, 6)
  await milvus.must('CreateSnapshot', { name: 's', collection_name: 'c' })
  await addRows(collection, 7, 7)
  const exported = { name: 's', collection_name: 'c', target_s3_path: 'x.snapshot' }
  const { job_id: exporting } = await milvus.must('ExportSnapshot', exported)
  await milvus.end(exporting as bigint, 'Export')
  const first = disk.journal.length
  const marks: Marks = {}
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const sent = disk.journal.length
    const result = await work()
    marks[name] = [sent, disk.journal.length]
    return result
  }
  const { job_id: job } = await step('restore', () => milvus.must(rpc, requests[rpc]))
  await step('end', () => milvus.end(job as bigint))
  await step('drop target', () => milvus.must('DropCollection', { collection_name: 'd' }))
  await step('drop source', () => milvus.must('DropCollection', { collection_name: 'c' }))
  await milvus.close()
  return { disk, first, marks, job: job as bigint }
}

test.each(['RestoreSnapshot', 'RestoreExternalSnapshot'] as const)(
  'milvus-io/milvus#51641: %s publishes whole, once, wherever a crash comes',
  async (rpc) => {
    const { disk, first, marks, job } = await history(rpc)
    expect(disk.journal.length - first).toBeGreaterThan(20)
    for (let at = first; at <= disk.journal.length; at++) {
      const isSent = (step: string): boolean => marks[step]![0] < at
      const isDone = (step: string): boolean => marks[step]![1] <= at
      for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
        const where = `mutation ${at} of ${first} to ${disk.journal.length}, ${JSON.stringify(variant)}, ${JSON.stringify(marks)}`
        const crashed = disk.stateAt(at, variant)
        for (const start of [1, 2]) {
          const milvus = await openSnapshotsDoor({ disk: crashed, seed: at * 10 + start })
          const { database } = milvus
          await Promise.all(database.jobs.list().map(({ id }) => database.jobs.wait(id)))
          // Behind whatever tidies up by now.
          await database.documents.put('test/barrier', start)
          const { status, info } = await milvus.call('GetRestoreSnapshotState', { job_id: job })
          const isKnown = status.code === 0
          if (isDone('restore')) expect(isKnown, where).toBe(true)
          if (isKnown) expect(info.state, where).toBe(3)
          const target = database.findCollection('d')
          if (!isSent('drop target')) expect(target !== undefined, where).toBe(isKnown)
          if (isDone('drop target')) expect(target, where).toBeUndefined()
          if (target !== undefined) {
            const { points } = await target.scroll({ limit: 100 })
            expect(
              points.map(({ id }) => Number(id)),
              where,
            ).toEqual(rows)
          }
          const isSourceThere = database.findCollection('c') !== undefined
          if (!isSent('drop source')) expect(isSourceThere, where).toBe(true)
          if (isDone('drop source')) expect(isSourceThere, where).toBe(false)
          const snapshots = database.listAllSnapshots()
          expect(snapshots.length, where).toBe(isSourceThere ? 1 : 0)
          for (const one of snapshots) expect(one.info().holds, where).toEqual([])
          expect(database.documents.list('milvus/restored/'), where).toEqual([])
          expect(database.documents.list('milvus/dropped/'), where).toEqual([])
          await milvus.close()
        }
      }
    }
  },
  600_000,
)

test('an export that was acknowledged is a whole file in the end, wherever a crash comes', async () => {
  const disk = new SimulatedDisk()
  const before = await openSnapshotsDoor({ disk })
  await collectionWithRows(before, 'c', 5)
  await before.must('CreateSnapshot', { name: 's', collection_name: 'c' })
  const first = disk.journal.length
  const request = { name: 's', collection_name: 'c', target_s3_path: 'x.snapshot' }
  const { job_id: job, snapshot_metadata_uri: uri } = await before.must('ExportSnapshot', request)
  const acknowledged = disk.journal.length
  await before.end(job as bigint, 'Export')
  await before.close()
  for (let at = first; at <= disk.journal.length; at++) {
    for (const variant of ['all', 'synced', { torn: at }] satisfies CrashVariant[]) {
      const where = `mutation ${at} of ${first} to ${disk.journal.length}, ${JSON.stringify(variant)}`
      const crashed = disk.stateAt(at, variant)
      const milvus = await openSnapshotsDoor({ disk: crashed, seed: at })
      const { database } = milvus
      await Promise.all(database.jobs.list().map(({ id }) => database.jobs.wait(id)))
      const { status, info } = await milvus.call('GetExportSnapshotState', { job_id: job })
      const isKnown = status.code === 0
      if (acknowledged <= at) expect(isKnown, where).toBe(true)
      expect(crashed.paths().includes('/data/snapshots/x.snapshot'), where).toBe(isKnown)
      expect(database.listAllSnapshots()[0]!.info().holds, where).toEqual([])
      if (isKnown) {
        expect(info, where).toMatchObject({ state: 3, snapshot_metadata_uri: uri })
        const restore = { target_collection_name: 'd', snapshot_metadata_uri: uri }
        const { job_id: restoring } = await milvus.must('RestoreExternalSnapshot', restore)
        expect(await milvus.end(restoring as bigint), where).toMatchObject({ state: 3 })
        expect(await database.getCollection('d').count(), where).toBe(5)
      }
      await milvus.close()
    }
  }
}, 600_000)
