import type {
  CollectionConfig,
  CollectionInfo,
  JsonObject,
  JsonValue,
  PayloadIndexParams,
} from '../../../index.ts'
import { isObject, memberOf } from '../decode.ts'
import { settingsOf } from '../translate/settings.ts'
import { isKeyed } from '../translate/shard-key.ts'
import { shownDistance } from './shown-distance.ts'

/** GET /collections/{name}: what the engine does without is shown as it was given. */
export function collectionInfo(info: CollectionInfo): JsonObject {
  const settings = settingsOf(info.config.settings)
  const optimizers = settings['optimizers_config']
  const isPreventing = isObject(optimizers) && optimizers['prevent_unoptimized'] === true
  const warnings = warningsOf(info, settings)
  const { length: partitions } = Object.keys(info.partitions)
  return {
    status: info.isOptimizing ? 'yellow' : 'green',
    optimizer_status: 'ok',
    // Sparse vectors have an inverted index.
    indexed_vectors_count: Object.entries(info.config.vectors).reduce(
      (sum, [name, { kind }]) =>
        sum + (kind === 'sparse' ? info.vectorCounts[name]! : (info.indexedVectorCounts[name] ?? 0)),
      0,
    ),
    points_count: info.pointCount,
    // A shard has one at least; where there is no key there is no shard.
    segments_count: Math.max(isKeyed(info.config) && partitions === 1 ? 0 : 1, info.segmentCount),
    config: collectionConfig(info.config),
    payload_schema: payloadSchema(info),
    update_queue: isPreventing ? { length: 0, deferred_points: 0 } : { length: 0 },
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

/** `config` of that answer. */
export function collectionConfig(config: CollectionConfig): JsonObject {
  const settings = settingsOf(config.settings)
  return {
    params: {
      vectors: vectors(config, settings),
      shard_number: config.shardNumber ?? 1,
      ...members(settings['params']),
      ...sparseVectors(config),
    },
    hnsw_config: settings['hnsw_config']!,
    optimizer_config: settings['optimizers_config'] ?? {},
    wal_config: settings['wal_config']!,
    quantization_config: settings['quantization_config'] ?? null,
    ...ifGiven('strict_mode_config', settings['strict_mode_config']),
    ...ifGiven('metadata', settings['metadata']),
  }
}

function members(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}

function ifGiven(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}

function vectors(config: CollectionConfig, settings: JsonObject): JsonObject {
  const entries = Object.entries(config.vectors)
    .filter(([, { kind }]) => kind !== 'sparse')
    .map(([name, { size, distance, settings: own }]) => {
      return [name, { size, distance: shownDistance(distance), ...own }] as const
    })
  if (entries.length === 1 && entries[0]![0] === '' && settings['named'] !== true) return entries[0]![1]
  return Object.fromEntries(entries)
}

function sparseVectors(config: CollectionConfig): JsonObject {
  const sparse = Object.entries(config.vectors).filter(([, { kind }]) => kind === 'sparse')
  if (sparse.length === 0) return {}
  return { sparse_vectors: Object.fromEntries(sparse.map(([name, { settings }]) => [name, settings ?? {}])) }
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

function warningsOf({ config }: CollectionInfo, settings: JsonObject): JsonObject[] {
  const isInline = (holder: JsonValue | undefined): boolean =>
    isObject(holder) && memberOf(holder, 'inline_storage') === true
  return Object.entries(config.vectors)
    .filter(([, { settings: own = {} }]) => {
      const quantization = own['quantization_config'] ?? settings['quantization_config']
      return quantization === undefined && (isInline(own['hnsw_config']) || isInline(settings['hnsw_config']))
    })
    .map(([name]) => ({
      message: `The \`hnsw_config.inline_storage\` option for vector '${name}' requires quantization to be enabled. This option will be ignored.`,
    }))
}
