import { hasPartitionKey, partitionMissing, partitionsOf } from '../../collections/partition-list.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../../door.ts'

interface CollectionRequest {
  readonly db_name: string
  readonly collection_name: string
}

interface PartitionRequest extends CollectionRequest {
  readonly partition_name: string
}

const rowCount = (count: number): object => ({ stats: [{ key: 'row_count', value: String(count) }] })

export async function collectionStatistics(
  door: MilvusDoor,
  request: CollectionRequest,
  call: Call,
): Promise<object> {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  return rowCount(await collection.count())
}

/** The partitions of a key are names only: all rows are counted in the first one. @throws 100, 200 */
export async function partitionStatistics(
  door: MilvusDoor,
  request: PartitionRequest,
  call: Call,
): Promise<object> {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  const name = request.partition_name
  const place = partitionsOf(collection).indexOf(name)
  if (place < 0) throw partitionMissing(name)
  if (hasPartitionKey(collection)) return rowCount(place === 0 ? await collection.count() : 0)
  return rowCount(await collection.count(undefined, { partitions: [name] }))
}
