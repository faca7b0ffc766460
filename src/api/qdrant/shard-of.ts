import type { Collection, CollectionShard } from '../../index.ts'
import { getCollection, type Door } from './door.ts'
import { shardMissing } from './failures.ts'
import { SnapshotShelf } from './snapshot-shelf.ts'

export interface FoundShard {
  readonly collection: Collection
  readonly shard: CollectionShard
}

/** By the collection's name or alias. @throws WireError 404 */
export function getShard(door: Door, name: string, index: number): FoundShard {
  const collection = getCollection(door, name)
  if (index >= collection.info().shardPointCounts.length) throw shardMissing(index)
  return { collection, shard: collection.shard(index) }
}

/** The snapshots of a shard. @throws WireError 404 */
export function shelfOfShard(door: Door, name: string, index: number): SnapshotShelf {
  const { collection } = getShard(door, name, index)
  return new SnapshotShelf(door, { collection: collection.name, shard: index })
}
