import { databaseOf, getCollection, type Call, type MilvusDoor } from '../../door.ts'
import { modelOf } from '../../schema/collection-model.ts'
import { codes, MilvusError } from '../../status.ts'
import { defaultPartition } from '../partitions.ts'

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
  const { document } = modelOf(collection)
  const name = request.partition_name
  const missing = new MilvusError(codes.partitionNotFound, `partition not found[partition=${name}]`)
  if (document.keyPartitions > 0) {
    const shown = /^_default_(0|[1-9]\d*)$/.exec(name)
    if (shown === null || Number(shown[1]) >= document.keyPartitions) throw missing
    return rowCount(shown[1] === '0' ? await collection.count() : 0)
  }
  const partitions = collection.config().partitions ?? [defaultPartition]
  if (!partitions.includes(name)) throw missing
  return rowCount(await collection.count(undefined, { partitions: [name] }))
}
