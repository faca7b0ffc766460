import {
  defaultPartition,
  partitionNames,
  partitionPointCounts,
  viewOfPartitions,
} from '../../../collection/partitions.ts'
import type { View } from '../../../collection/view.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import { shardKeyOfPartition, type ShardKey } from '../shard-key-names.ts'

/** Shards that Qdrant has for itself: those of a key, or of the collection. */
export interface ShardGroup {
  /** A copy, which the caller releases. */
  readonly view: View
  readonly key: ShardKey | undefined
  /** Number of the first of its shards: those of keys are counted from 1. */
  readonly firstShard: number
}

export interface ExpressibleOptions {
  readonly partition: string | undefined
  readonly isKeyed: boolean
}

/** What of a view goes into an archive. @throws request-invalid, partition-not-found */
export function expressibleGroups(
  name: string,
  view: View,
  { partition, isKeyed }: ExpressibleOptions,
): readonly ShardGroup[] {
  checkVectors(name, view)
  if (!isKeyed) return [{ view: withoutPartitions(name, view, partition), key: undefined, firstShard: 0 }]
  const outside = partitionPointCounts(view)[defaultPartition]!
  if (outside > 0 && partition === undefined)
    throw refused(name, `${outside} of its points are under no shard key, but in the partition "_default"`, {
      partitions: [defaultPartition],
    })
  const names = partition === undefined ? partitionNames(view.config).slice(1) : [partition]
  return names.map((one, index) => {
    const key = shardKeyOfPartition(one)
    if (key === undefined)
      throw refused(name, `partition "${one}" is that of no shard key`, { partition: one })
    return { view: viewOfPartitions(view, [one]), key, firstShard: 1 + index * view.config.shardNumber }
  })
}

function checkVectors(name: string, view: View): void {
  for (const [vector, { distance, kind }] of Object.entries(view.config.vectors)) {
    if (distance === 'Jaccard')
      throw refused(name, `vector "${vector}" has the distance Jaccard, which Qdrant does not have`, {
        vector,
      })
    if (kind === 'sparse' && vector === '')
      throw refused(name, 'its unnamed vector is sparse, and those have names in Qdrant', { vector })
  }
}

function withoutPartitions(name: string, view: View, partition: string | undefined): View {
  if (partition !== undefined) return viewOfPartitions(view, [partition])
  const filled = Object.entries(partitionPointCounts(view)).filter(([, points]) => points > 0)
  if (filled.length > 1) {
    const names = filled.map(([one]) => JSON.stringify(one)).join(', ')
    throw refused(
      name,
      `it has points in the partitions ${names}, and Qdrant has no partitions: name the one that is meant`,
      { partitions: filled.map(([one]) => one) },
    )
  }
  return viewOfPartitions(view, partitionNames(view.config))
}

function refused(name: string, why: string, details: Readonly<Record<string, unknown>>): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot write "${name}" as an archive of Qdrant: ${why}`, {
    name,
    ...details,
  })
}
