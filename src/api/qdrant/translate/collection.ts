import type { CollectionConfig, Distance, JsonObject, JsonValue, VectorParams } from '../../../index.ts'
import { isObject, object, optional, unsigned } from '../decode.ts'
import { formatError, validationError } from '../failures.ts'
import { WireError } from '../wire-error.ts'

const distances: readonly string[] = ['Cosine', 'Euclid', 'Dot', 'Manhattan']
const vectorsUnknown = 'data did not match any variant of untagged enum VectorsConfig'
const dimensionsMax = 65_536
/** Of a vector's parameters, those that Qdrant echoes. */
const vectorSettings = [
  'hnsw_config',
  'quantization_config',
  'on_disk',
  'datatype',
  'multivector_config',
  'memory',
]

/** The body of PUT /collections/{name}. What the engine does not use is remembered in `settings`, to be echoed. */
export function translateCreate(body: JsonValue): CollectionConfig {
  const given = object(body, 'struct CreateCollection')
  const vectors = translateVectors(given['vectors'])
  refuse(given['sparse_vectors'], 'sparse vectors')
  const shardNumber = optional(given['shard_number'], (value) => positive(value, 'shard_number'))
  for (const field of ['replication_factor', 'write_consistency_factor'])
    optional(given[field], (value) => positive(value, field))
  if (given['sharding_method'] === 'custom') refuse(given['sharding_method'], 'custom sharding')
  const settings: Record<string, JsonValue> = {}
  for (const field of [
    'hnsw_config',
    'optimizers_config',
    'wal_config',
    'quantization_config',
    'strict_mode_config',
    'metadata',
    'on_disk_payload',
    'replication_factor',
    'write_consistency_factor',
  ]) {
    const value = given[field] ?? (field === 'optimizers_config' ? given['optimizer_config'] : undefined)
    if (value !== undefined && value !== null) settings[field] = value
  }
  if (isObject(given['vectors']) && !isSingle(given['vectors'])) settings['named_vectors'] = true
  return { vectors, ...(shardNumber === undefined ? {} : { shardNumber }), settings }
}

function positive(value: JsonValue, field: string): number {
  const number = unsigned(value, 'nonzero u32')
  if (number === 0) throw formatError('invalid value: integer `0`, expected a nonzero u32')
  if (field === 'shard_number' && number > 1_024)
    throw validationError('shard_number: at most 1024 shards are supported')
  return number
}

function refuse(value: JsonValue | undefined, what: string): void {
  if (value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0)) return
  throw new WireError(400, `Bad request: ${what} are not supported by this server yet`)
}

function isSingle(value: JsonObject): boolean {
  return !isObject(value['size']) && value['size'] !== undefined
}

function translateVectors(value: JsonValue | undefined): Record<string, VectorParams> {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw formatError(vectorsUnknown)
  if (isSingle(value)) return { '': translateVector(value, 'vectors') }
  const vectors: Record<string, VectorParams> = {}
  for (const name of Object.keys(value)) {
    const params = value[name]
    if (!isObject(params)) throw formatError(vectorsUnknown)
    if (name.includes('/') || Buffer.byteLength(name) > 200) {
      throw validationError(`vectors: vector name "${name}" must not contain "/" and have at most 200 bytes`)
    }
    vectors[name] = translateVector(params, `vectors.${name}`)
  }
  return vectors
}

function translateVector(value: JsonObject, place: string): VectorParams {
  const { size, distance } = value
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1) throw formatError(vectorsUnknown)
  if (typeof distance !== 'string' || !distances.includes(distance)) throw formatError(vectorsUnknown)
  if (size > dimensionsMax)
    throw validationError(`${place}.size: value ${size} invalid, must be from 1 to ${dimensionsMax}`)
  refuse(value['multivector_config'], 'multivectors')
  const { datatype } = value
  if (datatype !== undefined && datatype !== null && datatype !== 'float32')
    refuse(datatype, 'data types other than float32')
  const settings: Record<string, JsonValue> = {}
  for (const field of vectorSettings) {
    const given = value[field]
    if (given !== undefined && given !== null) settings[field] = given
  }
  return { size, distance: distance as Distance, ...(Object.keys(settings).length === 0 ? {} : { settings }) }
}

/** PATCH /collections/{name}: the settings after it. */
export function translateUpdate(body: JsonValue, before: JsonObject): JsonObject {
  const given = object(body, 'struct UpdateCollection')
  const settings: Record<string, JsonValue> = { ...before }
  for (const field of ['hnsw_config', 'optimizers_config', 'strict_mode_config', 'metadata']) {
    const diff = given[field] ?? (field === 'optimizers_config' ? given['optimizer_config'] : undefined)
    if (diff === undefined || diff === null) continue
    const merged: Record<string, JsonValue> = { ...(isObject(settings[field]) ? settings[field] : {}) }
    for (const [key, value] of Object.entries(object(diff))) {
      if (value === null) delete merged[key]
      else merged[key] = value
    }
    settings[field] = merged
  }
  const params = given['params']
  if (isObject(params)) {
    for (const field of ['replication_factor', 'write_consistency_factor', 'on_disk_payload']) {
      const value = params[field]
      if (value !== undefined && value !== null) settings[field] = value
    }
  }
  const quantization = given['quantization_config']
  if (quantization === 'Disabled') delete settings['quantization_config']
  else if (quantization !== undefined && quantization !== null) settings['quantization_config'] = quantization
  return settings
}
