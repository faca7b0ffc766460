import {
  isDatabaseError,
  partitionOfShardKey,
  shardKeyOfPartition,
  type Collection,
  type CollectionReader,
  type JsonObject,
  type ShardKey,
} from '../../index.ts'
import { badRequest, wrongInput } from './failures.ts'
import { isKeyed, shownKey } from './translate/shard-key.ts'

/** Of a name that the engine takes. */
const keyBytesMax = 255

/** The keys of a collection, in the order of their shards; undefined without custom sharding. */
export function shardKeysOf(reader: CollectionReader): readonly ShardKey[] | undefined {
  const config = reader.config()
  if (!isKeyed(config)) return undefined
  const names = (config.partitions ?? []).filter((name) => name !== null)
  return names.map(shardKeyOfPartition).filter((key) => key !== undefined)
}

/** @throws WireError 400 */
export async function createShardKey(collection: Collection, key: ShardKey): Promise<void> {
  checkKeyed(collection)
  const partition = partitionOfShardKey(key)
  if (Buffer.byteLength(partition) > keyBytesMax)
    throw wrongInput(`Shard keys take at most ${keyBytesMax} bytes here`)
  try {
    await collection.createPartition(partition)
  } catch (error) {
    if (!isDatabaseError(error, 'partition-exists')) throw error
    throw badRequest(`Sharding key ${shownKey(key)} already exists for collection ${collection.name}`)
  }
}

/** Its points go with it. @throws WireError 400 */
export async function dropShardKey(collection: Collection, key: ShardKey): Promise<void> {
  checkKeyed(collection)
  try {
    await collection.dropPartition(partitionOfShardKey(key))
  } catch (error) {
    if (!isDatabaseError(error, 'partition-not-found')) throw error
    throw badRequest(`Sharding key ${shownKey(key)} does not exist for collection ${collection.name}`)
  }
}

function checkKeyed(collection: Collection): void {
  if (isKeyed(collection.config())) return
  throw badRequest('Shard Key cannot be created with Auto sharding method')
}

/** The shards as a node tells of them; the empty ones of no key are not told of. */
export function shardsOf(collection: Collection): JsonObject[] {
  const { config, shardPointCounts } = collection.info()
  const keyed = isKeyed(config)
  const shards: JsonObject[] = []
  for (const [shard, points] of shardPointCounts.entries()) {
    const partition = config.partitions?.[Math.floor(shard / config.shardNumber)]
    const key = keyed && typeof partition === 'string' ? shardKeyOfPartition(partition) : undefined
    if (keyed && key === undefined) continue
    shards.push({
      shard_id: shard,
      ...(key === undefined ? {} : { shard_key: key }),
      points_count: points,
      state: 'Active',
    })
  }
  return shards
}
