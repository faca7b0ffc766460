import type { Collection } from '../../../index.ts'
import { collectionsOf } from '../collections/describe-collection.ts'
import {
  checkDatabase,
  databaseOf,
  defaultDatabase,
  getCollection,
  milvusName,
  type Call,
  type MilvusDoor,
} from '../door.ts'
import { segmentId } from './segments.ts'

// Every acknowledged write is on the disk already, in the log. A flush makes segments of it.

interface FlushRequest {
  readonly db_name: string
  readonly collection_names: readonly string[]
}

/** Answers when it is done. Each of the names is a key of the answer's maps. @throws 100, 800 */
export async function flush(door: MilvusDoor, request: FlushRequest, call: Call): Promise<object> {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  const { collection_names: names } = request
  const collections = names.map((name) => getCollection(door, database, name))
  const flushed = door.timestamps.next()
  await door.database.flush()
  const each = <T>(value: (collection: Collection) => T): Record<string, T> =>
    Object.fromEntries(names.map((name, at) => [name, value(collections[at]!)]))
  return {
    db_name: database,
    coll_segIDs: each(() => ({ data: [] })),
    flush_coll_segIDs: each((one) => ({ data: segmentsOf(one) })),
    coll_seal_times: each(() => BigInt(Math.floor(door.clock.now() / 1_000))),
    coll_flush_ts: each(() => flushed),
  }
}

const segmentsOf = (collection: Collection): bigint[] =>
  collection.segmentReports().map(({ id }) => segmentId(id))

interface FlushAllRequest {
  readonly db_name: string
  readonly flush_targets: readonly FlushTarget[]
}

interface FlushTarget {
  readonly db_name: string
  readonly collection_names: readonly string[]
}

/** The whole store, whatever is named. @throws 100, 800 */
export async function flushAll(door: MilvusDoor, request: FlushAllRequest): Promise<object> {
  const targets = targetsOf(door, request)
  const flushed = door.timestamps.next()
  await door.database.flush()
  return {
    flush_all_ts: flushed,
    flush_results: targets.map(({ database, collections }) => ({
      db_name: database,
      collection_results: collections.map((one) => ({
        collection_name: milvusName(door, one.name).name,
        segment_ids: { data: [] },
        flush_segment_ids: { data: segmentsOf(one) },
        seal_time: BigInt(Math.floor(door.clock.now() / 1_000)),
        flush_ts: flushed,
      })),
    })),
  }
}

interface Target {
  readonly database: string
  readonly collections: readonly Collection[]
}

/** @throws 100, 800 */
function targetsOf(door: MilvusDoor, { db_name: name, flush_targets: targets }: FlushAllRequest): Target[] {
  const asked = targets.length > 0 || name === '' ? targets : [{ db_name: name, collection_names: [] }]
  return asked.map((target) => {
    const database = target.db_name === '' ? defaultDatabase : target.db_name
    checkDatabase(door, database)
    const { collection_names: names } = target
    const collections =
      names.length === 0
        ? collectionsOf(door, database)
        : names.map((one) => getCollection(door, database, one))
    return { database, collections }
  })
}

interface FlushStateRequest {
  readonly flush_ts: bigint
  readonly db_name: string
  readonly collection_name: string
}

/** What was acknowledged is durable: only a time that is to come is not flushed. @throws 100, 800 */
export function getFlushState(door: MilvusDoor, request: FlushStateRequest, call: Call): object {
  const { collection_name: name, flush_ts: at } = request
  if (name !== '') getCollection(door, databaseOf(call, request.db_name), name)
  return { flushed: at <= door.timestamps.next() }
}

interface FlushAllStateRequest extends FlushAllRequest {
  readonly flush_all_ts: bigint
}

/** @throws 100, 800 */
export function getFlushAllState(door: MilvusDoor, request: FlushAllStateRequest): object {
  const targets = targetsOf(door, request)
  const flushed = request.flush_all_ts <= door.timestamps.next()
  return {
    flushed,
    flush_states: targets.map(({ database, collections }) => ({
      db_name: database,
      collection_flush_states: Object.fromEntries(
        collections.map((one) => [milvusName(door, one.name).name, flushed]),
      ),
    })),
  }
}
