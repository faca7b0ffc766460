import type { Collection } from '../../../index.ts'
import { checkLoaded, loadStateOf } from '../collections/load-state.ts'
import { partitionId, partitionsWritten } from '../collections/partition-list.ts'
import type { MilvusDoor } from '../door.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { codes, MilvusError } from '../status.ts'
import { partitionsOf } from './partitions.ts'

/**
 * Those of the named partitions (all, if none is named) that can be read; undefined is all of them.
 * @throws 101, 65535 for a named one that is not loaded or not there
 */
export function readablePartitions(
  door: MilvusDoor,
  collection: Collection,
  model: CollectionModel,
  names: readonly string[],
  prefix = '',
): readonly string[] | undefined {
  const named = partitionsOf(collection, model, names)
  checkLoaded(door, collection, prefix)
  const { partitions, released = [] } = loadStateOf(door, collection)!
  const isReadable = (name: string): boolean => partitions?.includes(name) ?? !released.includes(name)
  if (model.document.keyPartitions > 0) return undefined
  if (named !== undefined) {
    const missing = named.filter((name) => !isReadable(name))
    if (missing.length === 0) return named
    const ids = missing.map((name) => partitionId(collection, name)).join(' ')
    throw new MilvusError(codes.unexpected, `${prefix}partition not loaded[partition=[${ids}]]`)
  }
  const all = partitionsWritten(collection)
  return all.every(isReadable) ? undefined : all.filter(isReadable)
}
