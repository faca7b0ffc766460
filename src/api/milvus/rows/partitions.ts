import type { Collection } from '../../../index.ts'
import { defaultPartition, partitionMissing, partitionsWritten } from '../collections/partition-list.ts'
import { checkPartitionName } from '../partitions/partition-names.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { codes, MilvusError } from '../status.ts'

/** The partition to write to; '' is the default one. `prefix` goes before the words of the refusal. @throws 200, 65535 */
export function partitionOf(
  collection: Collection,
  model: CollectionModel,
  name: string,
  prefix = '',
): string {
  if (name === '') return defaultPartition
  checkNoKey(model)
  if (partitionsWritten(collection).includes(name)) return name
  checkPartitionName(name)
  throw partitionMissing(name, prefix)
}

/** The partitions to read; undefined is all of them. @throws 65535 */
export function partitionsOf(
  collection: Collection,
  model: CollectionModel,
  names: readonly string[],
): readonly string[] | undefined {
  if (names.length === 0) return undefined
  checkNoKey(model)
  const written = partitionsWritten(collection)
  const missing = names.find((name) => !written.includes(name))
  if (missing === undefined) return [...new Set(names)]
  throw new MilvusError(codes.unexpected, `partition name ${missing} not found`)
}

function checkNoKey({ document }: CollectionModel): void {
  if (document.keyPartitions === 0) return
  const text = 'not support manually specifying the partition names if partition key mode is used'
  throw new MilvusError(codes.unexpected, text)
}
