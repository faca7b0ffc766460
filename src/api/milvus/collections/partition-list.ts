import type { Collection, CollectionConfig, CollectionReader } from '../../../index.ts'
import { numericId } from '../numeric-id.ts'
import { modelOf } from '../schema/collection-model.ts'
import { codes, MilvusError } from '../status.ts'

export const defaultPartition = '_default'

type PartitionConfig = Pick<CollectionConfig, 'partitions'>

/** As Milvus' users see them. */
export const partitionsOf = (collection: Collection): readonly string[] =>
  shownPartitions(collection.config(), modelOf(collection).document.keyPartitions)

/**
 * Those that a partition key makes are names only: all points are in the default partition, and a filter on the key finds
 * them.
 */
export const shownPartitions = (config: PartitionConfig, keyPartitions: number): readonly string[] =>
  keyPartitions === 0
    ? partitionNames(config)
    : Array.from({ length: keyPartitions }, (_, at) => `${defaultPartition}_${at}`)

/** Of the engine. Where one was dropped there is no name. */
const partitionNames = ({ partitions = [defaultPartition] }: PartitionConfig): readonly string[] =>
  partitions.filter((name) => name !== null)

export const hasPartitionKey = (collection: Collection): boolean =>
  modelOf(collection).document.keyPartitions > 0

/** `prefix` goes before the words of the refusal. */
export const partitionMissing = (name: string, prefix = ''): MilvusError =>
  new MilvusError(codes.partitionNotFound, `${prefix}partition not found[partition=${name}]`)

/** @throws 200 */
export function checkPartitionsExist(collection: Collection, names: readonly string[]): void {
  const all = partitionsOf(collection)
  for (const name of names) if (!all.includes(name)) throw partitionMissing(name)
}

export const partitionId = (collection: Collection, name: string): bigint =>
  numericId('partition', collection.id, name)

/** Those of the engine, where points are. */
export const partitionsWritten = (collection: Pick<CollectionReader, 'config'>): readonly string[] =>
  partitionNames(collection.config())
