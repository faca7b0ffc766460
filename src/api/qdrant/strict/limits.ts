import type { CollectionConfig, JsonValue } from '../../../index.ts'
import { isObject, memberOf, numberOf } from '../decode.ts'

/** What strict mode of a collection allows, by the names of its configuration. What is undefined has no limit. */
export interface StrictLimits {
  readonly max_query_limit: number | undefined
  /** Seconds. */
  readonly max_timeout: number | undefined
  readonly unindexed_filtering_retrieve: boolean | undefined
  readonly unindexed_filtering_update: boolean | undefined
  readonly search_max_hnsw_ef: number | undefined
  readonly search_allow_exact: boolean | undefined
  readonly search_max_oversampling: number | undefined
  readonly search_max_batchsize: number | undefined
  readonly upsert_max_batchsize: number | undefined
  readonly max_collection_vector_size_bytes: number | undefined
  readonly max_collection_payload_size_bytes: number | undefined
  readonly max_points_count: number | undefined
  /** Per minute. */
  readonly read_rate_limit: number | undefined
  /** Per minute. */
  readonly write_rate_limit: number | undefined
  readonly filter_max_conditions: number | undefined
  readonly condition_max_size: number | undefined
  readonly max_payload_index_count: number | undefined
  readonly max_resident_memory_percent: number | undefined
  /** Vectors of one point, by name. */
  readonly multivectors: Readonly<Record<string, number>>
  /** Indices of one sparse vector, by name. */
  readonly sparse: Readonly<Record<string, number>>
}

const known = new WeakMap<object, StrictLimits>()

/** Undefined where strict mode is off. */
export function limitsOf({ settings }: CollectionConfig): StrictLimits | undefined {
  const config = settings === undefined ? undefined : memberOf(settings, 'strict_mode_config')
  if (!isObject(config) || memberOf(config, 'enabled') !== true) return undefined
  let limits = known.get(config)
  if (limits === undefined) {
    limits = readLimits((name) => memberOf(config, name))
    known.set(config, limits)
  }
  return limits
}

function readLimits(member: (name: string) => JsonValue | undefined): StrictLimits {
  const number = (name: string): number | undefined => numberOf(member(name))
  const flag = (name: string): boolean | undefined => {
    const value = member(name)
    return typeof value === 'boolean' ? value : undefined
  }
  return {
    max_query_limit: number('max_query_limit'),
    max_timeout: number('max_timeout'),
    unindexed_filtering_retrieve: flag('unindexed_filtering_retrieve'),
    unindexed_filtering_update: flag('unindexed_filtering_update'),
    search_max_hnsw_ef: number('search_max_hnsw_ef'),
    search_allow_exact: flag('search_allow_exact'),
    search_max_oversampling: number('search_max_oversampling'),
    search_max_batchsize: number('search_max_batchsize'),
    upsert_max_batchsize: number('upsert_max_batchsize'),
    max_collection_vector_size_bytes: number('max_collection_vector_size_bytes'),
    max_collection_payload_size_bytes: number('max_collection_payload_size_bytes'),
    max_points_count: number('max_points_count'),
    read_rate_limit: number('read_rate_limit'),
    write_rate_limit: number('write_rate_limit'),
    filter_max_conditions: number('filter_max_conditions'),
    condition_max_size: number('condition_max_size'),
    max_payload_index_count: number('max_payload_index_count'),
    max_resident_memory_percent: number('max_resident_memory_percent'),
    multivectors: byName(member('multivector_config'), 'max_vectors'),
    sparse: byName(member('sparse_config'), 'max_length'),
  }
}

function byName(config: JsonValue | undefined, name: string): Record<string, number> {
  if (!isObject(config)) return {}
  const limits = Object.entries(config).map(([vector, limit]): [string, number | undefined] => [
    vector,
    isObject(limit) ? numberOf(memberOf(limit, name)) : undefined,
  ])
  return Object.fromEntries(limits.filter((entry): entry is [string, number] => entry[1] !== undefined))
}
