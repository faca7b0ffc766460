import type { JsonObject, JsonValue } from '../../../../index.ts'
import { isArray, isObject, memberOf } from '../../decode.ts'
import { enumNumber } from '../settings/enum-words.ts'
import { writeSettings } from '../settings/write.ts'
import { messageType, type Message } from '../wire/messages.ts'
import { shardKeyMessage } from './points.ts'
import { integerMessage } from './values.ts'

type Present = (result: JsonValue) => Message

const membersOf = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {})
const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] => (isArray(value) ? value : [])

const wordOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '')

export const collectionInfo: Present = (result) => {
  const info = membersOf(result)
  const { config, payload_schema: schema, optimizer_status: optimizer } = info
  return {
    status: numberOfWord('CollectionStatus', info['status']),
    optimizer_status: isObject(optimizer)
      ? { ok: false, error: wordOf(optimizer['error']) }
      : { ok: optimizer === 'ok' },
    segments_count: integerMessage(info['segments_count']),
    config: configMessage(membersOf(config)),
    payload_schema: mapOf(schema, schemaMessage),
    points_count: integerMessage(info['points_count']),
    indexed_vectors_count: integerMessage(info['indexed_vectors_count']),
    warnings: itemsOf(info['warnings']).map((warning) => writeSettings('CollectionWarning', warning)),
    update_queue: writeSettings('UpdateQueueInfo', info['update_queue'] ?? {}),
  }
}

function configMessage(config: JsonObject): Message {
  const { vectors, sparse_vectors: sparse, ...params } = membersOf(config['params'])
  return {
    ...writeSettings('CollectionConfig', { ...config, params: null }),
    params: writeSettings('CollectionParams', {
      ...params,
      vectors_config: vectors ?? {},
      sparse_vectors_config: sparse ?? null,
    }),
  }
}

function schemaMessage(schema: JsonValue): Message {
  const { data_type: type, params, points } = membersOf(schema)
  const kind = wordOf(type)
  const name = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}IndexParams`
  return {
    data_type: numberOfWord('PayloadSchemaType', type),
    points: integerMessage(points),
    ...(isObject(params) ? { params: { [`${kind}_index_params`]: writeSettings(name, params) } } : {}),
  }
}

function numberOfWord(enumName: string, word: JsonValue | undefined): number {
  const enumeration = messageType('CollectionInfo').root.lookupEnum(enumName)
  return enumNumber(enumeration, wordOf(word)) ?? 0
}

function mapOf(value: JsonValue | undefined, present: Present): Message {
  const members = membersOf(value)
  return Object.fromEntries(Object.keys(members).map((key) => [key, present(members[key]!)] as const))
}

export const clusterInfo: Present = (result) => {
  const { peer_id: peer, shard_count: count, local_shards: shards } = membersOf(result)
  return {
    peer_id: integerMessage(peer),
    shard_count: integerMessage(count),
    local_shards: itemsOf(shards).map((shard) => {
      const members = membersOf(shard)
      const key = memberOf(members, 'shard_key')
      return {
        shard_id: integerMessage(members['shard_id']),
        points_count: integerMessage(members['points_count']),
        // The only state there is on one node is the first.
        state: 0,
        ...(key === undefined ? {} : { shard_key: shardKeyMessage(key) }),
      }
    }),
  }
}

/** The members of the list `name`, as messages of one type. */
export function listOf(typeName: string, name: string): (result: JsonValue) => readonly Message[] {
  return (result) => itemsOf(membersOf(result)[name]).map((item) => writeSettings(typeName, item))
}

export const shardKeys = (result: JsonValue): readonly Message[] =>
  itemsOf(membersOf(result)['shard_keys']).map((item) => ({ key: shardKeyMessage(membersOf(item)['key']!) }))

export const snapshotDescription: Present = (result) => {
  const { name, creation_time: time, size, checksum } = membersOf(result)
  // Without a zone, as the REST API shows it: UTC.
  const at = typeof time === 'string' ? Date.parse(`${time}Z`) : Number.NaN
  return {
    name: wordOf(name),
    size: integerMessage(size),
    ...(typeof checksum === 'string' ? { checksum } : {}),
    ...(Number.isNaN(at) ? {} : { creation_time: { seconds: Math.floor(at / 1_000), nanos: 0 } }),
  }
}

export const snapshotDescriptions = (result: JsonValue): readonly Message[] =>
  itemsOf(result).map(snapshotDescription)
