import type { CollectionConfig, Distance, VectorParams } from '../../collection/types.ts'
import { JsonNumber, type JsonObject, type JsonValue } from '../../encoding/json.ts'
import {
  payloadIndexTypes,
  type PayloadIndexParams,
  type PayloadIndexType,
} from '../../query/payload-index.ts'

export interface ArchivedConfig {
  /** `config.json` of a collection. */
  readonly config: JsonObject
  /** `schema` of `payload_index.json`. */
  readonly payloadIndexes: JsonObject
}

/** Gives the configuration that a collection gets. What it throws refuses the archive. */
export type QdrantConfig = (archived: ArchivedConfig) => CollectionConfig

/**
 * Vectors, shards and the types of indexes as the engine has them. All else is kept as settings, in the form in which the front
 * door for Qdrant's clients keeps it. For a database that no door has opened: a door knows its parameters better.
 */
export const plainConfig: QdrantConfig = ({ config, payloadIndexes }) => {
  const params = object(config['params'])
  const { vectors: given, shard_number: shards, sparse_vectors: sparse, ...others } = params
  const dense = object(given)
  const isSingle = typeof dense['size'] === 'number'
  const vectors = Object.entries(isSingle ? { '': dense } : dense).map(
    ([name, vector]) => [name, denseParams(object(vector))] as const,
  )
  const sparseVectors = Object.entries(object(sparse)).map(
    ([name, vector]) => [name, sparseParams(object(vector))] as const,
  )
  const { hnsw_config, optimizer_config: optimizers_config, wal_config, ...rest } = config
  const kept = pick(rest, ['quantization_config', 'strict_mode_config', 'metadata'])
  const sections = pick({ hnsw_config, optimizers_config, wal_config }, [
    'hnsw_config',
    'optimizers_config',
    'wal_config',
  ])
  return {
    vectors: Object.fromEntries([...vectors, ...sparseVectors]),
    ...(typeof shards === 'number' ? { shardNumber: shards } : {}),
    payloadIndexes: Object.fromEntries(
      Object.entries(payloadIndexes).map(([field, schema]) => [field, indexParams(field, schema)]),
    ),
    settings: {
      params: pick(others, [
        'replication_factor',
        'write_consistency_factor',
        'on_disk_payload',
        'sharding_method',
      ]),
      ...sections,
      ...kept,
      ...(isSingle ? {} : { named: true }),
    },
  }
}

function denseParams({ size, distance, ...settings }: JsonObject): VectorParams {
  const datatype = settings['datatype']
  const isMulti = isObject(settings['multivector_config'])
  return {
    ...(isMulti ? { kind: 'multi' as const } : {}),
    size: size as number,
    distance: distance as Distance,
    ...(datatype === 'float16' || datatype === 'uint8' ? { datatype } : {}),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
}

function sparseParams(settings: JsonObject): VectorParams {
  return {
    kind: 'sparse',
    size: 0,
    distance: 'Dot',
    ...(settings['modifier'] === 'idf' ? { modifier: 'idf' as const } : {}),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
}

const indexTypes: readonly string[] = payloadIndexTypes

function indexParams(field: string, schema: JsonValue): PayloadIndexParams {
  const settings = isObject(schema) ? schema : undefined
  const type = settings === undefined ? schema : settings['type']
  if (typeof type !== 'string' || !indexTypes.includes(type))
    throw new Error(`the index of field ${JSON.stringify(field)} is of an unknown type`)
  const known = {
    tokenizer: settings?.['tokenizer'],
    lowercase: settings?.['lowercase'],
    minTokenLength: settings?.['min_token_len'],
    maxTokenLength: settings?.['max_token_len'],
    phraseMatching: settings?.['phrase_matching'],
    asciiFolding: settings?.['ascii_folding'],
    lookup: settings?.['lookup'],
    range: settings?.['range'],
  }
  return {
    type: type as PayloadIndexType,
    ...present(known),
    ...(settings === undefined ? {} : { settings }),
  }
}

function pick(from: Readonly<Record<string, JsonValue | undefined>>, names: readonly string[]): JsonObject {
  return present(Object.fromEntries(names.map((name) => [name, from[name]])))
}

/** Without what is null or not there. */
function present(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter(
      (member): member is [string, JsonValue] => member[1] !== undefined && member[1] !== null,
    ),
  )
}

function object(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}
