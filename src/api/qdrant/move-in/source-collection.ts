import {
  DatabaseError,
  partitionOfShardKey,
  stringifyJson,
  type CollectionConfig,
  type JsonObject,
  type JsonValue,
  type PayloadIndexParams,
  type ShardKey,
} from '../../../index.ts'
import { DecodeError, integerOf, isArray, isObject, memberOf } from '../decode.ts'
import { translateCreate } from '../translate/collection.ts'
import { indexRequest, refuseUnsupportedIndex } from '../translate/payload-index.ts'
import { WireError } from '../wire-error.ts'
import { notUnderstood, routeOf, type Source } from './source.ts'

/** A collection of the source as it describes itself. */
export interface SourceCollection {
  readonly name: string
  /** What makes the same one here. */
  readonly config: CollectionConfig
  /** The request that would make it, for telling whether it has changed. */
  readonly request: string
  /** Its shard keys, in the order of their shards; undefined without custom sharding. */
  readonly keys: readonly ShardKey[] | undefined
  /** The most points that one request may ask for; undefined: no limit. */
  readonly limitMax: number | undefined
}

/** Names of all of its collections. */
export async function readNames(source: Source): Promise<readonly string[]> {
  const result = await source.result('/collections')
  const collections = isObject(result) ? result['collections'] : undefined
  if (!isArray(collections)) throw notUnderstood('/collections', 'it has no list of collections')
  return collections.map((one) => {
    const name = isObject(one) ? one['name'] : undefined
    if (typeof name !== 'string') throw notUnderstood('/collections', 'a collection has no name')
    return name
  })
}

/** Collection by alias. */
export async function readAliases(source: Source): Promise<ReadonlyMap<string, string>> {
  const result = await source.result('/aliases')
  const aliases = isObject(result) ? result['aliases'] : undefined
  if (!isArray(aliases)) throw notUnderstood('/aliases', 'it has no list of aliases')
  return new Map(
    aliases.map((one): [string, string] => {
      const { alias_name: alias, collection_name: collection } = isObject(one) ? one : {}
      if (typeof alias !== 'string' || typeof collection !== 'string')
        throw notUnderstood('/aliases', 'an alias has no name or no collection')
      return [alias, collection]
    }),
  )
}

/** Exact. */
export async function countPoints(source: Source, name: string): Promise<number> {
  const path = routeOf`/collections/${name}/points/count`
  const result = await source.result(path, { json: '{"exact":true}', answerTimeoutMs: 600_000 })
  const count = integerOf(isObject(result) ? result['count'] : undefined)
  if (count === undefined || count < 0) throw notUnderstood(path, 'it has no count')
  return Number(count)
}

/** @throws source-invalid for what cannot be here */
export async function readCollection(
  source: Source,
  name: string,
  defaults: JsonObject,
): Promise<SourceCollection> {
  const path = routeOf`/collections/${name}`
  const info = await source.result(path)
  const config = isObject(info) ? info['config'] : undefined
  if (!isObject(info) || !isObject(config)) throw notUnderstood(path, 'it has no config')
  const request = requestOf(config)
  const keys = isCustom(config) ? await readKeys(source, name) : undefined
  return understanding(name, () => {
    const created = translateCreate(request, defaults)
    const payloadIndexes = indexesOf(memberOf(info, 'payload_schema'))
    return {
      name,
      config: {
        ...created,
        ...(keys === undefined || keys.length === 0 ? {} : { partitions: partitionsOfKeys(keys) }),
        payloadIndexes,
        settings: withReadParams(created.settings ?? {}, config),
      },
      request: stringifyJson([
        request,
        memberOf(info, 'payload_schema') === undefined ? null : fieldsOf(info),
        ...(keys === undefined ? [] : [keys]),
      ]),
      keys,
      limitMax: limitOf(memberOf(config, 'strict_mode_config')),
    }
  })
}

function isCustom(config: JsonObject): boolean {
  const params = memberOf(config, 'params')
  return isObject(params) && params['sharding_method'] === 'custom'
}

/** Of all shards, wherever in the source's cluster they are. */
async function readKeys(source: Source, name: string): Promise<readonly ShardKey[]> {
  const path = routeOf`/collections/${name}/cluster`
  const result = await source.result(path)
  const shards = ['local_shards', 'remote_shards'].flatMap((list) => {
    const items = isObject(result) ? memberOf(result, list) : undefined
    return isArray(items) ? items.filter((item) => isObject(item)) : []
  })
  const keys = new Map<ShardKey, number>()
  for (const shard of shards) {
    const given = memberOf(shard, 'shard_key')
    const key = typeof given === 'string' ? given : integerOf(given)
    const id = integerOf(memberOf(shard, 'shard_id'))
    if (key === undefined || id === undefined) throw notUnderstood(path, 'a shard has no key or no number')
    keys.set(key, Math.min(keys.get(key) ?? Infinity, Number(id)))
  }
  return [...keys].sort(([, one], [, other]) => one - other).map(([key]) => key)
}

const partitionsOfKeys = (keys: readonly ShardKey[]): string[] => [
  '_default',
  ...keys.map(partitionOfShardKey),
]

/** How a cluster reads is set by a change only, not by a creation; it is shown here and means nothing. */
function withReadParams(settings: JsonObject, config: JsonObject): JsonObject {
  const [given, own] = [memberOf(config, 'params'), memberOf(settings, 'params')]
  const names = ['read_fan_out_factor', 'read_fan_out_delay_ms']
  const found = names.flatMap((name): [string, JsonValue][] => {
    const value = isObject(given) ? memberOf(given, name) : undefined
    return value === undefined ? [] : [[name, value]]
  })
  if (found.length === 0) return settings
  return { ...settings, params: { ...(isObject(own) ? own : {}), ...Object.fromEntries(found) } }
}

/** The body of the request that makes such a collection. */
function requestOf(config: JsonObject): JsonObject {
  const params = memberOf(config, 'params')
  const kept = isObject(params) ? params : {}
  const parts: [string, JsonValue | undefined][] = [
    ...Object.entries(kept),
    ['hnsw_config', memberOf(config, 'hnsw_config')],
    ['optimizers_config', memberOf(config, 'optimizer_config')],
    ['wal_config', memberOf(config, 'wal_config')],
    ['quantization_config', memberOf(config, 'quantization_config')],
    ['strict_mode_config', memberOf(config, 'strict_mode_config')],
    ['metadata', memberOf(config, 'metadata')],
  ]
  return Object.fromEntries(parts.filter((part): part is [string, JsonValue] => part[1] !== undefined))
}

/** The declarations alone: how many points an index holds changes with every write. */
function fieldsOf(info: JsonObject): JsonValue {
  const schema = memberOf(info, 'payload_schema')
  if (!isObject(schema)) return null
  return Object.fromEntries(
    Object.entries(schema).map(([field, index]) => {
      const { points: _, ...declared } = isObject(index) ? index : {}
      return [field, declared]
    }),
  )
}

function indexesOf(schema: JsonValue | undefined): Readonly<Record<string, PayloadIndexParams>> {
  if (!isObject(schema)) return {}
  return Object.fromEntries(
    Object.entries(schema).map(([field, index]) => {
      const declared = isObject(index)
        ? (memberOf(index, 'params') ?? memberOf(index, 'data_type'))
        : undefined
      const { field_schema: params } = indexRequest({ field_name: field, field_schema: declared ?? null })
      if (params === undefined)
        throw new DatabaseError('source-invalid', `Cannot copy the index of "${field}": it has no type`)
      refuseUnsupportedIndex(params)
      return [field, params]
    }),
  )
}

function limitOf(strict: JsonValue | undefined): number | undefined {
  if (!isObject(strict) || memberOf(strict, 'enabled') !== true) return undefined
  const limit = integerOf(memberOf(strict, 'max_query_limit'))
  return limit === undefined || limit < 1 ? undefined : Number(limit)
}

/** What the door would answer to a client becomes what is wrong with the source. */
export function understanding<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof WireError) && !(error instanceof DecodeError)) throw error
    throw new DatabaseError(
      'source-invalid',
      `Cannot copy collection "${name}": ${error.message}`,
      { collection: name },
      error,
    )
  }
}
