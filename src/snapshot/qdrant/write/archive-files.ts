import { stringifyJson, type JsonObject, type JsonValue } from '../../../encoding/json.ts'
import type { ShardKey } from '../shard-key-names.ts'

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

/** Qdrant's own number of the format, which it compares; it is none of its releases. */
const formatVersion = '0.4.2'
/** Any number: Qdrant puts its own in its place. */
const peer = 1

export function filesOfShard(shard: number): readonly SmallFile[] {
  const state = { is_local: true, this_peer_id: peer, peers: { [peer]: 'Active' } }
  return [
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
    { name: 'version.info', content: Buffer.from(formatVersion) },
    jsonFile('config.json', config),
    jsonFile(
      'shard_key_mapping.json',
      keys.map((one) => ({ ...one })),
    ),
    jsonFile('payload_index.json', { schema: payloadIndexes }),
  ]
}

function jsonFile(name: string, value: JsonValue): SmallFile {
  return { name, content: Buffer.from(stringifyJson(value)) }
}
