import type { CollectionInfo, JsonObject, JsonValue, PayloadIndexParams } from '../../../index.ts'
import { isObject } from '../decode.ts'

const hnswDefaults = {
  m: 16,
  ef_construct: 100,
  full_scan_threshold: 10_000,
  max_indexing_threads: 0,
  on_disk: false,
}
const optimizerDefaults = {
  deleted_threshold: 0.2,
  vacuum_min_vector_number: 1_000,
  default_segment_number: 0,
  max_segment_size: null,
  memmap_threshold: null,
  indexing_threshold: 10_000,
  flush_interval_sec: 5,
  max_optimization_threads: null,
  prevent_unoptimized: null,
}
const walDefaults = { wal_capacity_mb: 32, wal_segments_ahead: 0, wal_retain_closed: 1 }

/** GET /collections/{name}, in Qdrant's shape: what the engine does not use is shown as it was given. */
export function collectionInfo(info: CollectionInfo): JsonObject {
  const settings = info.config.settings ?? {}
  return {
    status: 'green',
    optimizer_status: 'ok',
    // There is no graph yet: every search is exact.
    indexed_vectors_count: 0,
    points_count: info.pointCount,
    segments_count: Math.max(1, info.segmentCount),
    config: {
      params: params(info, settings),
      hnsw_config: withDefaults(hnswDefaults, settings['hnsw_config']),
      optimizer_config: withDefaults(optimizerDefaults, settings['optimizers_config']),
      wal_config: withDefaults(walDefaults, settings['wal_config']),
      quantization_config: settings['quantization_config'] ?? null,
      ...optional('strict_mode_config', settings['strict_mode_config']),
      ...optional('metadata', settings['metadata']),
    },
    payload_schema: payloadSchema(info),
    update_queue: { length: 0 },
  }
}

function params(info: CollectionInfo, settings: JsonObject): JsonObject {
  return {
    vectors: vectors(info, settings),
    shard_number: info.config.shardNumber,
    replication_factor: settings['replication_factor'] ?? 1,
    write_consistency_factor: settings['write_consistency_factor'] ?? 1,
    on_disk_payload: settings['on_disk_payload'] ?? true,
  }
}

function vectors(info: CollectionInfo, settings: JsonObject): JsonObject {
  const entries = Object.entries(info.config.vectors).map(([name, { size, distance, settings: own }]) => {
    return [name, { size, distance, ...own }] as const
  })
  if (entries.length === 1 && entries[0]![0] === '' && settings['named_vectors'] !== true)
    return entries[0]![1]
  return Object.fromEntries(entries)
}

/** The defaults, overlaid by what was given; fields that are no defaults are shown where they are set. */
function withDefaults(defaults: JsonObject, given: JsonValue | undefined): JsonObject {
  const shown: Record<string, JsonValue> = { ...defaults }
  if (isObject(given))
    for (const [key, value] of Object.entries(given)) if (value !== null) shown[key] = value
  return shown
}

function optional(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}

function payloadSchema(info: CollectionInfo): JsonObject {
  const schema: Record<string, JsonValue> = {}
  for (const [field, index] of Object.entries(info.config.payloadIndexes ?? {})) {
    schema[field] = { data_type: index.type, ...echoedParams(index), points: info.indexedPoints[field] ?? 0 }
  }
  return schema
}

function echoedParams({ settings }: PayloadIndexParams): JsonObject {
  return settings === undefined ? {} : { params: settings }
}
