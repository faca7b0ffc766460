import type { JsonObject, JsonValue } from '../../../index.ts'
import { isObject, memberOf, numberOf } from '../decode.ts'

// What a collection remembers for this door, in `config.settings`, complete since its creation:
//   hnsw_config, optimizers_config, wal_config   with every default filled in
//   params    replication_factor, write_consistency_factor, on_disk_payload, and what was given of the others
//   quantization_config, strict_mode_config, metadata   only if they were given
//   named     true if the vectors were given by name, even if there is one without a name
//   created_after   number of the last record in the log before the collection was made

const hnswDefaults: JsonObject = {
  m: 16,
  ef_construct: 100,
  full_scan_threshold: 10_000,
  max_indexing_threads: 0,
  on_disk: false,
}
const optimizersDefaults: JsonObject = {
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
const walDefaults: JsonObject = { wal_capacity_mb: 32, wal_segments_ahead: 0, wal_retain_closed: 1 }

/** `given` holds the decoded fields of a creation that are not null. */
export function fullSettings(given: JsonObject, defaults: JsonObject, isSingle: boolean): JsonObject {
  const server = serverDefaults(defaults)
  const params = {
    replication_factor: given['replication_factor'] ?? 1,
    write_consistency_factor: given['write_consistency_factor'] ?? 1,
    on_disk_payload: given['on_disk_payload'] ?? server.onDiskPayload,
    ...pick(given, ['sharding_method', 'payload', 'sparse_vectors']),
  }
  return {
    params,
    hnsw_config: overlay(hnswDefaults, server.hnsw, given['hnsw_config']),
    optimizers_config: overlay(optimizersDefaults, server.optimizers, given['optimizers_config']),
    wal_config: overlay(walDefaults, server.wal, given['wal_config']),
    ...pick(given, ['quantization_config', 'strict_mode_config', 'metadata']),
    ...(isSingle ? {} : { named: true }),
  }
}

/** What the settings are where a collection was not made by this door. */
export function settingsOf(settings: JsonObject | undefined): JsonObject {
  return { ...fullSettings({}, {}, settings?.['named'] !== true), ...settings }
}

export function overlay(...parts: readonly (JsonValue | undefined)[]): JsonObject {
  return Object.assign({}, ...parts.filter((part) => isObject(part))) as JsonObject
}

function pick(given: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(given, name)).map((name) => [name, given[name]!]),
  )
}

/** The sections `storage.hnsw_index`, `optimizers` and `wal` of Qdrant's configuration. */
function serverDefaults(settings: JsonObject): {
  readonly hnsw: JsonObject
  readonly optimizers: JsonObject
  readonly wal: JsonObject
  readonly onDiskPayload: boolean
} {
  const storage = section(settings, 'storage')
  const optimizers = section(storage, 'optimizers')
  const renamed = {
    max_segment_size: memberOf(optimizers, 'max_segment_size_kb') ?? null,
    memmap_threshold: memberOf(optimizers, 'memmap_threshold_kb') ?? null,
    indexing_threshold: memberOf(optimizers, 'indexing_threshold_kb') ?? null,
  }
  return {
    hnsw: known(section(storage, 'hnsw_index'), hnswDefaults),
    optimizers: known({ ...optimizers, ...onlyNumbers(renamed) }, optimizersDefaults),
    wal: known(section(storage, 'wal'), walDefaults),
    onDiskPayload: memberOf(storage, 'on_disk_payload') !== false,
  }
}

function section(holder: JsonObject, name: string): JsonObject {
  const value = memberOf(holder, name)
  return isObject(value) ? value : {}
}

function known(given: JsonObject, defaults: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => name in defaults && value !== null),
  )
}

function onlyNumbers(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => numberOf(value) !== undefined))
}
