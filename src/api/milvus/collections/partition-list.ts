import type { Collection } from '../../../index.ts'
import { numericId } from '../numeric-id.ts'
import { modelOf } from '../schema/collection-model.ts'
import { codes, MilvusError } from '../status.ts'

export const defaultPartition = '_default'

/**
 * As Milvus' users see them. Those that a partition key makes are names only: all points are in the default partition,
 * and a filter on the key finds them.
 */
export function partitionsOf(collection: Collection): readonly string[] {
  const { keyPartitions } = modelOf(collection).document
  if (keyPartitions === 0) return Object.keys(collection.info().partitions)
  return Array.from({ length: keyPartitions }, (_, at) => `${defaultPartition}_${at}`)
}

export const hasPartitionKey = (collection: Collection): boolean =>
  modelOf(collection).document.keyPartitions > 0

export const partitionMissing = (name: string): MilvusError =>
  new MilvusError(codes.partitionNotFound, `partition not found[partition=${name}]`)

/** @throws 200 */
export function checkPartitionsExist(collection: Collection, names: readonly string[]): void {
  const all = partitionsOf(collection)
  for (const name of names) if (!all.includes(name)) throw partitionMissing(name)
}

export const partitionId = (collection: Collection, name: string): bigint =>
  numericId('partition', collection.id, name)

/** Those of the engine, where points are. */
export const partitionsWritten = (collection: Collection): readonly string[] =>
  Object.keys(collection.info().partitions)
