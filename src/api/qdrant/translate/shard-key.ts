import { DecodeError, integerOf, isArray, isObject, memberOf, type Decoder } from '../decode.ts'
import {
  partitionOfShardKey,
  type CollectionConfig,
  type CollectionReader,
  type JsonValue,
  type PartitionSelection,
  type ReadOptions,
  type ShardKey,
} from '../../../index.ts'
import { wrongInput, badRequest, notFound } from '../failures.ts'
import type { WireError } from '../wire-error.ts'

/** Keys of custom sharding. */
export interface ShardKeys {
  readonly keys: readonly ShardKey[]
  /** In place of the one key, where that is not there. */
  readonly fallback?: ShardKey
}

export const shardKeys: Decoder<ShardKeys> = (value) => {
  if (isArray(value)) return { keys: value.map(oneKey) }
  if (!isObject(value)) return { keys: [oneKey(value)] }
  const target = memberOf(value, 'target')
  const fallback = memberOf(value, 'fallback')
  if (target === undefined || fallback === undefined) throw noKey()
  return { keys: [oneKey(target)], fallback: oneKey(fallback) }
}

function oneKey(value: JsonValue): ShardKey {
  const key = typeof value === 'string' ? value : integerOf(value)
  if (key === undefined || (typeof key !== 'string' && key < 0)) throw noKey()
  return key
}

const noKey = (): DecodeError => new DecodeError('Expected a string or an integer', 'after')

/** As messages show it: a text in quotes. */
export const shownKey = (key: ShardKey): string =>
  typeof key === 'string' ? JSON.stringify(key) : String(key)

/** Whether the collection's points are written under shard keys. */
export function isKeyed({ settings }: CollectionConfig): boolean {
  const params = settings?.['params']
  return isObject(params) && params['sharding_method'] === 'custom'
}

/** Of what is read: the partitions of the keys that were asked for, or all; points show their keys. */
export type KeyScope = Pick<ReadOptions, 'partition'> & Pick<PartitionSelection, 'partitions'>

/** @throws WireError 400, 404 */
export function readScope(reader: CollectionReader, given: ShardKeys | undefined): KeyScope {
  const config = reader.config()
  if (!isKeyed(config)) {
    if (given !== undefined) partitionsOf({}, given, badRequest)
    return {}
  }
  if (given === undefined) return { partition: true }
  // Nothing is under no key.
  return {
    partition: true,
    partitions: given.keys.length === 0 ? [] : partitionsOf(config, given, badRequest),
  }
}

/** Where a write goes. @throws WireError 400, 404 */
export function writeScope(
  reader: CollectionReader,
  given: ShardKeys | undefined,
): { readonly partition?: readonly string[] } {
  const config = reader.config()
  const keyed = isKeyed(config)
  if (given === undefined) {
    if (keyed) throw wrongInput('Shard key not specified')
    return {}
  }
  if (given.keys.length === 0) throw wrongInput('Empty shard keys selection')
  return { partition: partitionsOf(keyed ? config : {}, given, wrongInput) }
}

/** A key that is not there is a bad request of a reader, and wrong input of a writer. */
function partitionsOf(
  { partitions = [] }: Pick<CollectionConfig, 'partitions'>,
  { keys, fallback }: ShardKeys,
  refusal: (text: string) => WireError,
): string[] {
  const [first] = keys
  if (first === undefined) throw wrongInput('Empty shard keys selection')
  const has = (key: ShardKey): boolean => partitions.includes(partitionOfShardKey(key))
  if (fallback !== undefined && !has(first)) {
    if (has(fallback)) return [partitionOfShardKey(fallback)]
    throw notFound(
      `Neither target shard key ${shownKey(first)} nor fallback shard key ${shownKey(fallback)} exist not found`,
    )
  }
  for (const key of keys) if (!has(key)) throw refusal(`Shard key ${shownKey(key)} not found`)
  return keys.map(partitionOfShardKey)
}
