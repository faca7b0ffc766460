import protobuf, { type Field } from 'protobufjs'
import type { JsonObject, JsonValue } from '../../../../index.ts'
import { isArray, isObject, memberOf, numberOf } from '../../decode.ts'
import { messageOfJson } from '../present/values.ts'
import { messageType, type Message } from '../wire/messages.ts'
import { enumNumber } from './enum-words.ts'

/** The inverse of readSettings: members that the message does not have are left out. */
export function writeSettings(typeName: string, json: JsonValue): Message {
  const shape = shapes[typeName]
  if (shape !== undefined) return shape(json)
  return isObject(json) ? writeMembers(typeName, json) : {}
}

function writeMembers(typeName: string, json: JsonObject): Message {
  const members: [string, unknown][] = []
  for (const field of messageType(typeName).fieldsArray) {
    const value = memberOf(json, field.name)
    const written = value === undefined ? undefined : writeMember(field, value)
    if (written !== undefined) members.push([field.name, written])
  }
  return Object.fromEntries(members)
}

function writeMember(field: Field, json: JsonValue): unknown {
  if (field.map) return isObject(json) ? mapOf(json, (value) => writeOne(field, value)) : undefined
  if (field.repeated) return isArray(json) ? json.map((one) => writeOne(field, one)) : undefined
  return writeOne(field, json)
}

function writeOne(field: Field, json: JsonValue): unknown {
  const { resolvedType: type } = field
  if (type instanceof protobuf.Enum) return typeof json === 'string' ? enumNumber(type, json) : undefined
  if (type instanceof protobuf.Type) return writeSettings(type.name, json)
  if (field.type === 'string' || field.type === 'bool') return json
  return typeof json === 'bigint' ? String(json) : numberOf(json)
}

function mapOf(json: JsonValue, write: (value: JsonValue) => unknown): Message {
  if (!isObject(json)) return {}
  return Object.fromEntries(Object.keys(json).map((name) => [name, write(json[name]!)] as const))
}

const shapes: Readonly<Record<string, (json: JsonValue) => Message>> = {
  Value: messageOfJson,
  VectorsConfig: (json) => {
    const isSingle = isObject(json) && numberOf(json['size']) !== undefined
    if (isSingle) return { params: writeSettings('VectorParams', json) }
    return { params_map: { map: mapOf(json, (params) => writeSettings('VectorParams', params)) } }
  },
  SparseVectorConfig: (json) => ({
    map: mapOf(json, (params) => writeSettings('SparseVectorParams', params)),
  }),
  StrictModeSparseConfig: (json) => ({
    sparse_config: mapOf(json, (limits) => writeSettings('StrictModeSparse', limits)),
  }),
  StrictModeMultivectorConfig: (json) => ({
    multivector_config: mapOf(json, (limits) => writeSettings('StrictModeMultivector', limits)),
  }),
  MaxOptimizationThreads: (json) => (json === 'auto' ? { setting: 0 } : { value: numberOf(json) ?? 0 }),
  BinaryQuantizationQueryEncoding: (json) => {
    const setting = messageType('BinaryQuantizationQueryEncoding').fields['setting']!
    return { setting: writeOne(setting, json) }
  },
  QuantizationConfig: (json) => {
    if (!isObject(json)) return {}
    const turbo = memberOf(json, 'turbo')
    return turbo === undefined
      ? writeMembers('QuantizationConfig', json)
      : { turboquant: writeSettings('TurboQuantization', turbo) }
  },
  StopwordsSet: (json) =>
    typeof json === 'string'
      ? { languages: [json] }
      : isObject(json)
        ? writeMembers('StopwordsSet', json)
        : {},
  StemmingAlgorithm: (json) => {
    const language = isObject(json) ? memberOf(json, 'language') : undefined
    return language === undefined ? { disabled: {} } : { snowball: { language } }
  },
}
