import { openMilvusDoor, type MilvusDoor } from '../../src/api/milvus/door.ts'
import { answer } from '../../src/api/milvus/milvus-server.ts'
import { openSnapshots } from '../../src/api/milvus/snapshots/open-snapshots.ts'
import { decodeMessage, encodeMessage } from '../../src/api/milvus/wire/messages.ts'
import { rpcs } from '../../src/api/milvus/wire/rpcs.ts'
import { open, type Collection, type Database } from '../../src/index.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { Disk } from '../../src/storage/disk.ts'
import { openQuietly } from './crash-suite.ts'
import { collectionOf, field, primaryKey } from './milvus-door.ts'
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
export interface SnapshotsDoor {
  readonly door: MilvusDoor
  readonly database: Database
  readonly clock: HandClock
  /** The answer of an RPC, decoded, whatever its status. */
  // Answers are looked into as they come.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(rpc: string, request?: object, database?: string): Promise<any>
  /** Of one that succeeds. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  must(rpc: string, request?: object, database?: string): Promise<any>
  /** Code and reason of one that does not. */
  refusal(rpc: string, request?: object, database?: string): Promise<readonly [number, string]>
  /** A restore's or an export's last state. */
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
  const call: SnapshotsDoor['call'] = async (rpc, request = {}, inDatabase = '') => {
    const { request: type, response } = rpcs[rpc]!
    const who = { database: inDatabase, user: undefined, metadata: {} }
    const bytes = await answer(door, rpc, encodeMessage(type, request), who, (error) => {
      throw error
    })
    return decodeMessage(response, bytes)
  }
  const statusOf = async (
    rpc: string,
    request?: object,
    inDatabase?: string,
  ): Promise<{ message: Record<string, unknown>; code: number; reason: string }> => {
    const message = (await call(rpc, request, inDatabase)) as Record<string, unknown>
    const { code, reason } = (message['status'] ?? message) as { code: number; reason: string }
    return { message, code, reason }
  }
  const must: SnapshotsDoor['must'] = async (rpc, request, inDatabase) => {
    const { message, code, reason } = await statusOf(rpc, request, inDatabase)
    if (code !== 0) throw new Error(`${rpc} was answered with ${code}: ${reason}`)
    return message
  }
  return {
    door,
    database,
    clock,
    call,
    must,
    refusal: async (rpc, request, inDatabase) => {
      const { code, reason } = await statusOf(rpc, request, inDatabase)
      return [code, reason]
    },
    end: async (job, kind = 'Restore') => {
      await Promise.all(database.jobs.list().map(({ id }) => database.jobs.wait(id)))
      const { info } = (await must(`Get${kind}SnapshotState`, { job_id: job })) as { info: unknown }
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
