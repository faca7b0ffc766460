import type { Collection } from '../../../index.ts'
import { isLoaded, isPartitionLoaded, notLoaded } from '../collections/load-state.ts'
import { checkPartitionsExist } from '../collections/partition-list.ts'
import { checkDatabase, databaseOf, engineName, getCollection, type Call, type MilvusDoor } from '../door.ts'

interface LoadRequest {
  readonly db_name: string
  readonly collection_name: string
  readonly partition_names: readonly string[]
}

const states = { notExist: 0, notLoad: 1, loaded: 3 } as const

/** @throws 200, 800 */
export function getLoadState(door: MilvusDoor, request: LoadRequest, call: Call): object {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  const collection = door.database.findCollection(engineName(database, request.collection_name))
  if (collection === undefined) return { state: states.notExist }
  checkPartitionsExist(collection, request.partition_names)
  return { state: isAllLoaded(door, collection, request.partition_names) ? states.loaded : states.notLoad }
}

/** Loading takes no time: it is 100 or refused. @throws 100, 101, 200, 800 */
export function getLoadingProgress(door: MilvusDoor, request: LoadRequest, call: Call): object {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  checkPartitionsExist(collection, request.partition_names)
  if (!isAllLoaded(door, collection, request.partition_names)) throw notLoaded(collection)
  return { progress: 100n, refresh_progress: 100n }
}

function isAllLoaded(door: MilvusDoor, collection: Collection, partitions: readonly string[]): boolean {
  if (partitions.length === 0) return isLoaded(door, collection)
  return partitions.every((name) => isPartitionLoaded(door, collection, name))
}
