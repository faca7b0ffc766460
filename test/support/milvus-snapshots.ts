import { openMilvusDoor, type MilvusDoor } from '../../src/api/milvus/door.ts'
import { openSnapshots } from '../../src/api/milvus/snapshots/open-snapshots.ts'
import { open, type Collection, type Database } from '../../src/index.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { openQuietly } from './crash-suite.ts'
import { callsOf, collectionOf, field, primaryKey, type MilvusCalls } from './milvus-door.ts'
import { SimulatedDisk } from './simulated-disk.ts'

/** Turned by hand; the database's and the door's. */
export class HandClock implements Clock {
  time = Date.UTC(2026, 0, 1)
  now(): number {
    return this.time
  }
  monotonic(): number {
    return this.time
  }
  after(): { cancel(): void } {
    return { cancel: () => undefined }
  }
}

/** Milvus' API as a server runs it, jobs and all, on a disk in memory. */
export interface SnapshotsDoor extends MilvusCalls {
  readonly door: MilvusDoor
  readonly database: Database
  readonly clock: HandClock
  /** A restore's or an export's last state. */
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  end(job: bigint, kind?: 'Restore' | 'Export'): Promise<any>
  close(): Promise<void>
}

export interface SnapshotsDoorOptions {
  readonly disk?: Disk
  readonly seed?: number
  readonly clock?: HandClock
}

export async function openSnapshotsDoor(options: SnapshotsDoorOptions = {}): Promise<SnapshotsDoor> {
  const { disk = new SimulatedDisk(), seed = 1, clock = new HandClock() } = options
  const database = await openQuietly(open, disk, seed, { clock })
  const door = openMilvusDoor({
    database,
    clock,
    logger: silentLogger,
    version: 'v3.0.0',
    maxRequestBytes: 2 ** 24,
    apiKeys: [],
    exports: { archives: database.archiveFolder('/data/snapshots'), path: '/data/snapshots' },
  })
  await openSnapshots(door)
  const calls = callsOf(door)
  return {
    door,
    database,
    clock,
    ...calls,
    end: async (job, kind = 'Restore') => {
      await Promise.all(database.jobs.list().map(({ id }) => database.jobs.wait(id)))
      const { info } = (await calls.must(`Get${kind}SnapshotState`, { job_id: job })) as { info: unknown }
      return info
    },
    close: () => database.close(),
  }
}

/** A collection through the door, with rows 1 to `count` put in through the engine. */
export async function collectionWithRows(
  milvus: SnapshotsDoor,
  name: string,
  count: number,
): Promise<Collection> {
  const fields = [primaryKey(), field('vector', 'FloatVector', { dim: 2 })]
  await milvus.must('CreateCollection', collectionOf(name, fields, { consistency_level: 2 }))
  const collection = milvus.database.getCollection(name)
  await addRows(collection, 1, count)
  return collection
}

/** Rows with the keys from `first` to `last`. */
export async function addRows(collection: Collection, first: number, last: number): Promise<void> {
  const ids = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  await collection.upsert(ids.map((id) => ({ id, vectors: { vector: [id, 1] }, payload: { id } })))
}
