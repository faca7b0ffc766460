import protobuf, { type Field, type Type } from 'protobufjs'
import type { JsonObject, JsonValue } from '../../../../index.ts'
import { floatText } from '../../present/json-text.ts'
import { malformed } from '../status.ts'
import { exactInteger, Fields } from '../translate/fields.ts'
import { jsonOf } from '../translate/values.ts'
import { messageType, type Message } from '../wire/messages.ts'
import { enumWord } from './enum-words.ts'

// Settings have the same names in messages and in JSON, so they are read by their definition. What is shaped otherwise
// stands in `shapes`.

/** Settings as the REST API spells them. @throws StatusError */
export function readSettings(typeName: string, settings: Fields): JsonObject {
  return readMembers(messageType(typeName), settings.message)
}

function readMembers(type: Type, message: Message): JsonObject {
  const members: [string, JsonValue][] = []
  for (const field of type.fieldsArray) {
    const value = readMember(field, message)
    if (value !== undefined) members.push([field.name, value])
  }
  return Object.fromEntries(members)
}

function readMember(field: Field, message: Message): JsonValue | undefined {
  const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined
  if (field.map) return value === undefined ? undefined : readMap(field, value as Message)
  if (field.repeated) return ((value ?? []) as readonly unknown[]).map((one) => readOne(field, one)!)
  if (value !== undefined && value !== null) return readOne(field, value)
  // A scalar that cannot say that it was left out: zero is a value.
  const isImplicit = !field.hasPresence && !(field.resolvedType instanceof protobuf.Type)
  return isImplicit ? readOne(field, field.defaultValue ?? 0) : undefined
}

function readMap(field: Field, map: Message): JsonObject | undefined {
  const names = Object.keys(map)
  if (names.length === 0) return undefined
  return Object.fromEntries(names.map((name) => [name, readOne(field, map[name])!]))
}

function readOne(field: Field, value: unknown): JsonValue | undefined {
  const { resolvedType: type } = field
  if (type instanceof protobuf.Enum) return enumWord(type, value as number)
  if (type instanceof protobuf.Type) {
    const shape = shapes[type.name]
    return shape === undefined ? readMembers(type, value as Message) : shape(new Fields(value as Message))
  }
  if (field.long) return exactInteger(value)
  // The decimal that was meant: 0.99 is sent as the nearest float32.
  return field.type === 'float' ? Number(floatText(value as number)) : (value as JsonValue)
}

const shapes: Readonly<Record<string, (settings: Fields) => JsonValue | undefined>> = {
  Value: jsonOf,
  VectorsConfig: (config) => {
    const single = config.sub('params')
    if (single !== undefined) return readSettings('VectorParams', single)
    return mapOf(config.sub('params_map'), 'map', 'VectorParams')
  },
  VectorsConfigDiff: (config) => {
    const single = config.sub('params')
    if (single !== undefined) return { '': readSettings('VectorParamsDiff', single) }
    return mapOf(config.sub('params_map'), 'map', 'VectorParamsDiff')
  },
  SparseVectorConfig: (config) => mapOf(config, 'map', 'SparseVectorParams'),
  StrictModeSparseConfig: (config) => mapOf(config, 'sparse_config', 'StrictModeSparse'),
  StrictModeMultivectorConfig: (config) => mapOf(config, 'multivector_config', 'StrictModeMultivector'),
  MaxOptimizationThreads: (threads) => {
    const value = threads.integer('value')
    if (value === undefined && !threads.has('setting')) throw malformed('Malformed MaxOptimizationThreads')
    return value ?? 'auto'
  },
  OptimizersConfigDiff: (config) => {
    const { deprecated_max_optimization_threads: old, ...members } = readMembers(
      messageType('OptimizersConfigDiff'),
      config.message,
    )
    return old === undefined ? members : { max_optimization_threads: old, ...members }
  },
  BinaryQuantizationQueryEncoding: (encoding) => {
    const setting = readMembers(messageType('BinaryQuantizationQueryEncoding'), encoding.message)['setting']
    if (setting === undefined) throw malformed('Malformed `BinaryQuantizationQueryEncoding`')
    return setting
  },
  QuantizationConfig: (config) => quantizationOf('QuantizationConfig', config),
  QuantizationConfigDiff: (config) =>
    config.has('disabled') ? 'Disabled' : quantizationOf('QuantizationConfigDiff', config),
  KeywordPrefixParams: () => true,
  StopwordsSet: (set) => ({
    languages: set.texts('languages').map((one) => one.toLowerCase()),
    custom: set.texts('custom'),
  }),
  StemmingAlgorithm: (algorithm) => {
    const snowball = algorithm.sub('snowball')
    if (snowball !== undefined)
      return { type: 'snowball', language: snowball.words('language').toLowerCase() }
    return algorithm.has('disabled') ? { type: 'none' } : undefined
  },
}

function mapOf(holder: Fields | undefined, name: string, typeName: string): JsonObject | undefined {
  if (holder === undefined) return undefined
  return Object.fromEntries(
    holder.entries(name).map(([key, value]) => [key, readSettings(typeName, value)] as const),
  )
}

function quantizationOf(typeName: string, config: Fields): JsonObject {
  const { turboquant: turbo, ...others } = readMembers(messageType(typeName), config.message)
  if (turbo === undefined && Object.keys(others).length === 0) {
    throw malformed('Unable to convert quantization config')
  }
  return turbo === undefined ? others : { turbo }
}
