import { stringifyJson, type JsonObject, type JsonValue } from '../../../encoding/json.ts'
import type { ShardKey } from '../shard-key-names.ts'
import { collectionVersion, segmentVersion } from '../version-info.ts'

/** What an archive says of its collection, in Qdrant's own form. */
export interface QdrantSettings {
  /** `config.json`. */
  readonly config: JsonObject
  /** `payload_index.json`: schema by field. */
  readonly payloadIndexes: JsonObject
}

export interface SmallFile {
  readonly name: string
  readonly content: Uint8Array
}

/** Any number: Qdrant puts its own in its place. */
const peer = 1

/** `params`: those of `config.json`. */
export function filesOfShard(shard: number, params: JsonObject): readonly SmallFile[] {
  const state = { is_local: true, this_peer_id: peer, peers: { [peer]: 'Active' } }
  // Before 1.19 a shard without a segment that takes points is a panic, even where all points are in its log.
  const segment = `${shard}/segments/00000000-0000-4000-8000-${shard.toString(16).padStart(12, '0')}/files`
  return [
    jsonFile(`${segment}/segment.json`, emptySegment(params)),
    { name: `${segment}/version.info`, content: Buffer.from(segmentVersion) },
    jsonFile(`${shard}/replica_state.json`, state),
    jsonFile(`${shard}/shard_config.json`, { type: 'ReplicaSet' }),
  ]
}

export interface ShardsOfKey {
  readonly key: ShardKey
  readonly shard_ids: readonly number[]
}

export function filesOfCollection(
  { config, payloadIndexes }: QdrantSettings,
  keys: readonly ShardsOfKey[],
): readonly SmallFile[] {
  return [
    { name: 'version.info', content: Buffer.from(collectionVersion) },
    jsonFile('config.json', config),
    jsonFile(
      'shard_key_mapping.json',
      keys.map((one) => ({ ...one })),
    ),
    jsonFile('payload_index.json', { schema: payloadIndexes }),
  ]
}

/** What Qdrant says of a segment that it has just begun: it makes the other files when it opens it. */
function emptySegment(params: JsonObject): JsonObject {
  const sparse = Object.entries((params['sparse_vectors'] ?? {}) as Readonly<Record<string, JsonObject>>)
  return {
    initial_version: null,
    version: null,
    config: {
      vector_data: Object.fromEntries(
        denseVectors(params).map(([name, vector]) => [name, denseVector(vector)]),
      ),
      ...(sparse.length === 0
        ? {}
        : {
            sparse_vector_data: Object.fromEntries(
              sparse.map(([name, vector]) => [name, sparseVector(vector)]),
            ),
          }),
      payload_storage_type: { type: 'mmap' },
    },
  }
}

function denseVectors(params: JsonObject): readonly (readonly [name: string, vector: JsonObject])[] {
  const vectors = (params['vectors'] ?? {}) as JsonObject
  const isOne = vectors['size'] !== undefined && typeof vectors['size'] !== 'object'
  return isOne ? [['', vectors]] : (Object.entries(vectors) as [string, JsonObject][])
}

function denseVector(vector: JsonObject): JsonObject {
  return {
    size: vector['size']!,
    distance: vector['distance']!,
    storage_type: vector['on_disk'] === true ? 'ChunkedMmap' : 'InRamChunkedMmap',
    index: { type: 'plain', options: {} },
    quantization_config: null,
    ...given(vector, ['multivector_config', 'datatype']),
  }
}

function sparseVector(vector: JsonObject): JsonObject {
  const index = (vector['index'] ?? {}) as JsonObject
  return {
    index: { full_scan_threshold: null, index_type: 'MutableRam', ...given(index, ['datatype']) },
    storage_type: 'mmap',
    ...given(vector, ['modifier']),
  }
}

/** Those members that say something. */
function given(object: JsonObject, names: readonly string[]): JsonObject {
  const members = names.map((name): [string, JsonValue] => [name, object[name] ?? null])
  return Object.fromEntries(members.filter(([, value]) => value !== null))
}

function jsonFile(name: string, value: JsonValue): SmallFile {
  return { name, content: Buffer.from(stringifyJson(value)) }
}
