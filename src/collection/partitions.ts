import { DatabaseError } from '../errors/database-error.ts'
import { hashWords, type IdWords } from '../ids/point-id.ts'
import type { RowSet } from '../segment/row-set.ts'
import { isPathPart } from '../storage/path-part.ts'
import type { CollectionConfig } from './types.ts'
import { View, type FullConfig } from './view.ts'

// A collection has one flat list of shards: with n of them to each partition, those of partition p are p * n to
// p * n + n - 1. So that no shard gets another number when a partition is dropped, its place stays, without a name, until
// the next one that is created takes it; only places at the end are given up.

/** The partition that every collection has. */
export const defaultPartition = '_default'
const nameBytesMax = 255
const partitionsMax = 1_024
const shardsMax = 65_536

interface PartitionConfig {
  partitions?: CollectionConfig['partitions']
}

/** By place; null where none is any more. The first is the default one. */
export function partitionPlaces({ partitions }: PartitionConfig): readonly (string | null)[] {
  return partitions ?? [defaultPartition]
}

/** In the order of their places, the default one first. */
export function partitionNames(config: PartitionConfig): string[] {
  return partitionPlaces(config).filter((name) => name !== null)
}

export function hasPartition(config: PartitionConfig, name: string): boolean {
  return partitionPlaces(config).includes(name)
}

/** Its place. @throws partition-not-found */
export function placeOfPartition(config: PartitionConfig, name: string): number {
  const place = partitionPlaces(config).indexOf(name)
  if (place >= 0) return place
  const text = `Cannot use partition ${JSON.stringify(name)}: the collection has no such partition`
  throw new DatabaseError('partition-not-found', text, { partition: name })
}

/** The partition that a shard belongs to; null for one of none. */
export function partitionOfShard(config: FullConfig, shard: number): string | null {
  return partitionPlaces(config)[Math.floor(shard / config.shardNumber)] ?? null
}

/** Of all partitions. */
export function shardCountOf(config: FullConfig): number {
  return config.shardNumber * partitionPlaces(config).length
}

/** @throws partition-not-found */
export function placesOfPartitions(config: PartitionConfig, names: string | readonly string[]): number[] {
  return listed(names).map((name) => placeOfPartition(config, name))
}

/** One or several. */
export function listed(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : names
}

/** The shard of the partition at `place` that a point belongs to. */
export function homeShard(
  { shardNumber }: Pick<FullConfig, 'shardNumber'>,
  place: number,
  id: IdWords,
): number {
  return place * shardNumber + homeOfHash(hashWords(id), shardNumber)
}

/** Among the shards of a partition: that of an id with this hash. */
export function homeOfHash(hash: number, shardNumber: number): number {
  return hash % shardNumber
}

/** The member is there only where there is more than the default partition. */
export function withPartitions<T extends PartitionConfig>(config: T, places: readonly (string | null)[]): T {
  let count = places.length
  while (count > 1 && places[count - 1] === null) count -= 1
  if (count > 1) return { ...config, partitions: places.slice(0, count) }
  const whole = { ...config }
  delete whole.partitions
  return whole
}

/** @throws partition-exists, request-invalid */
export function addPartition(config: FullConfig, name: string): FullConfig {
  if (hasPartition(config, name)) {
    const text = `Cannot create partition ${JSON.stringify(name)}: it exists`
    throw new DatabaseError('partition-exists', text, { partition: name })
  }
  const places = [...partitionPlaces(config)]
  const free = places.indexOf(null)
  places[free < 0 ? places.length : free] = name
  checkPartitions(places, config.shardNumber)
  return withPartitions(config, places)
}

/** @throws partition-not-found, request-invalid for the default one */
export function removePartition(config: FullConfig, name: string): FullConfig {
  if (name === defaultPartition)
    throw new DatabaseError('request-invalid', `Cannot drop partition "${name}": every collection has it`)
  const place = placeOfPartition(config, name)
  return withPartitions(
    config,
    partitionPlaces(config).map((other, index) => (index === place ? null : other)),
  )
}

/** @throws request-invalid */
export function checkPartitionName(name: unknown): void {
  if (typeof name === 'string' && isPathPart(name, nameBytesMax)) return
  const rule = `it must have 1 to ${nameBytesMax} bytes, without slashes and control characters, and not be "." or ".."`
  throw new DatabaseError('request-invalid', `Cannot use partition name ${JSON.stringify(name)}: ${rule}`)
}

/** @throws request-invalid */
export function checkPartitions(places: readonly (string | null)[], shardNumber: number): void {
  const names = places.filter((name) => name !== null)
  for (const name of names) checkPartitionName(name)
  if (places[0] !== defaultPartition || new Set(names).size < names.length)
    throw invalid(`the partitions must differ, and the first must be "${defaultPartition}"`)
  if (places.length > partitionsMax)
    throw invalid(`${places.length} partitions are more than ${partitionsMax}`)
  const shards = shardNumber * places.length
  if (shards > shardsMax)
    throw invalid(`${places.length} partitions of ${shardNumber} shards are more than ${shardsMax} shards`)
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('request-invalid', `Cannot have these partitions: ${why}`)
}

/** The same moment with these partitions only: the shards of the others are empty. It has a retention of its own. @throws partition-not-found */
export function viewOfPartitions(view: View, names: readonly string[]): View {
  const places = new Set(names.map((name) => placeOfPartition(view.config, name)))
  const { shardNumber } = view.config
  const shards = view.shards.map((entries, shard) =>
    places.has(Math.floor(shard / shardNumber)) ? entries : [],
  )
  return new View(view.seq, view.config, shards)
}

/** The partition of each row set that a view sees; a row set belongs to one shard. */
export function partitionsOfRows(view: View): ReadonlyMap<RowSet, string> {
  const partitions = new Map<RowSet, string>()
  for (const [shard, entries] of view.shards.entries()) {
    const name = partitionOfShard(view.config, shard)
    if (name !== null) for (const { handle } of entries) partitions.set(handle.rows, name)
  }
  return partitions
}

/** Points that a view sees in each partition. */
export function partitionPointCounts(view: View): Record<string, number> {
  const { shardNumber } = view.config
  const counts = view.shardPointCounts()
  return Object.fromEntries(
    partitionNames(view.config).map((name) => {
      const first = placeOfPartition(view.config, name) * shardNumber
      return [name, counts.slice(first, first + shardNumber).reduce((sum, count) => sum + count, 0)]
    }),
  )
}
