import type { Collection, CollectionShard } from '../../index.ts'
import { getCollection, type Door } from './door.ts'
import { shardMissing } from './failures.ts'
import { SnapshotShelf } from './snapshot-shelf.ts'
import { isKeyed } from './translate/shard-key.ts'

export interface FoundShard {
  readonly collection: Collection
  readonly shard: CollectionShard
}

/** By the collection's name or alias. @throws WireError 404 */
export function getShard(door: Door, name: string, index: number): FoundShard {
  const collection = getCollection(door, name)
  const { config, shardPointCounts } = collection.info()
  // The first ones of a collection with keys are of none.
  if (index >= shardPointCounts.length || (isKeyed(config) && index < config.shardNumber))
    throw shardMissing(index)
  return { collection, shard: collection.shard(index) }
}

/** The snapshots of a shard. @throws WireError 404 */
export function shelfOfShard(door: Door, name: string, index: number): SnapshotShelf {
  const { collection } = getShard(door, name, index)
  return new SnapshotShelf(door, { collection: collection.name, shard: index })
}
