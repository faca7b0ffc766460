import type { JsonValue } from '../../../index.ts'
import {
  consistencyLevels,
  type FieldDocument,
  type FunctionDocument,
  type MilvusDocument,
  type StructDocument,
} from './document.ts'
import { ownNameOf } from './struct-names.ts'
import { momentAt, momentOn, momentText } from '../time/moment.ts'
import { utc, zoneOf } from '../time/zone.ts'
import { dataTypes, isVectorType } from './data-types.ts'

// The shapes of Milvus' schema messages, and what they become.

export interface KeyValue {
  readonly key: string
  readonly value: string
}

export interface ValueMessage {
  readonly bool_data?: boolean
  readonly int_data?: number
  readonly long_data?: bigint
  readonly float_data?: number
  readonly double_data?: number
  readonly string_data?: string
  /** Microseconds since the epoch: what the Node client makes of a time. */
  readonly timestamptz_data?: bigint
}

export interface FieldMessage {
  readonly fieldID: bigint
  readonly name: string
  readonly is_primary_key: boolean
  readonly description: string
  readonly data_type: number
  readonly type_params: readonly KeyValue[]
  readonly index_params: readonly KeyValue[]
  readonly autoID: boolean
  readonly element_type: number
  readonly default_value?: ValueMessage | null
  readonly is_dynamic: boolean
  readonly is_partition_key: boolean
  readonly is_clustering_key: boolean
  readonly nullable: boolean
  readonly is_function_output: boolean
}

export interface FunctionMessage {
  readonly name: string
  readonly id: bigint
  readonly description: string
  readonly type: number
  readonly input_field_names: readonly string[]
  readonly output_field_names: readonly string[]
  readonly params: readonly KeyValue[]
}

export interface SchemaMessage {
  readonly name: string
  readonly description: string
  readonly autoID: boolean
  readonly fields: readonly FieldMessage[]
  readonly enable_dynamic_field: boolean
  readonly properties: readonly KeyValue[]
  readonly functions: readonly FunctionMessage[]
  readonly struct_array_fields: readonly StructMessage[]
}

export interface StructMessage {
  readonly name: string
  readonly description: string
  readonly fields: readonly FieldMessage[]
  readonly type_params: readonly KeyValue[]
  readonly nullable: boolean
}

export const mapOf = (pairs: readonly KeyValue[]): Record<string, string> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]))

export const pairsOf = (map: Readonly<Record<string, string>>): KeyValue[] =>
  Object.entries(map).map(([key, value]) => ({ key, value }))

export const firstFieldId = 100

export function fieldsOf(schema: SchemaMessage): FieldDocument[] {
  return schema.fields
    .filter(({ is_dynamic }) => !is_dynamic)
    .map((field, at) => fieldOf(field, firstFieldId + at))
}

export function fieldOf(field: FieldMessage, id: number): FieldDocument {
  const flags = {
    isPrimaryKey: field.is_primary_key,
    autoId: field.autoID,
    isPartitionKey: field.is_partition_key,
    isClusteringKey: field.is_clustering_key,
    nullable: field.nullable,
    isFunctionOutput: field.is_function_output,
  }
  const defaultValue = valueOf(field.default_value)
  return {
    id,
    name: field.name,
    type: field.data_type,
    ...(field.element_type === 0 ? {} : { elementType: field.element_type }),
    ...(field.description === '' ? {} : { description: field.description }),
    ...Object.fromEntries(Object.entries(flags).filter(([, set]) => set)),
    ...(defaultValue === undefined ? {} : { defaultValue }),
    params: paramsOf(field),
  }
}

/** A sparse vector has as many dimensions as it needs, whatever it is given. */
function paramsOf({ data_type: type, type_params: given }: FieldMessage): Record<string, string> {
  const isKept = ({ key }: KeyValue): boolean => type !== dataTypes.SparseFloatVector || key !== 'dim'
  return mapOf(given.filter(isKept))
}

export function functionsOf(schema: SchemaMessage): FunctionDocument[] {
  return schema.functions.map((one, at) => functionOf(one, firstFieldId + at))
}

export function functionOf(one: FunctionMessage, id: number): FunctionDocument {
  return {
    id,
    name: one.name,
    type: one.type,
    description: one.description,
    inputs: one.input_field_names,
    outputs: one.output_field_names,
    params: mapOf(one.params),
  }
}

/** Undefined if nothing was set. */
export function valueOf(message: ValueMessage | null | undefined): JsonValue | undefined {
  if (message === undefined || message === null) return undefined
  const values = ['bool_data', 'int_data', 'long_data', 'float_data', 'double_data', 'string_data'] as const
  const set = values.find((name) => Object.hasOwn(message, name) && message[name] !== null)
  if (set !== undefined) return message[set]
  const { timestamptz_data: moment } = message
  return moment === undefined || moment === null ? undefined : momentText(momentAt(moment, utc))
}

/** A `schemapb.CollectionSchema` as DescribeCollection gives it. */
export function schemaMessage(name: string, database: string, document: MilvusDocument): object {
  const functionIds = new Map(document.fields.map((field) => [field.name, field.id]))
  return {
    name,
    description: document.description,
    autoID: false,
    fields: document.fields.map((field) => fieldMessage(field, zoneOf(document))),
    struct_array_fields: (document.structs ?? []).map(structMessage),
    enable_dynamic_field: document.hasDynamicField,
    properties: pairsOf(document.properties),
    functions: document.functions.map((one) => ({
      name: one.name,
      id: one.id,
      description: one.description,
      type: one.type,
      input_field_names: one.inputs,
      input_field_ids: one.inputs.map((input) => functionIds.get(input) ?? 0),
      output_field_names: one.outputs,
      output_field_ids: one.outputs.map((output) => functionIds.get(output) ?? 0),
      params: pairsOf(one.params),
    })),
    dbName: database,
  }
}

function structMessage({ id, name, description, nullable, fields, params }: StructDocument): object {
  return {
    fieldID: id,
    name,
    description: description ?? '',
    nullable: nullable ?? false,
    fields: fields.map((field) => fieldMessage({ ...field, name: ownNameOf(field) }, utc)),
    type_params: pairsOf(params),
  }
}

/** Times are told on the clocks of the zone. */
export function fieldMessage(field: FieldDocument, zone: string): object {
  return {
    fieldID: field.id,
    name: field.name,
    is_primary_key: field.isPrimaryKey ?? false,
    description: field.description ?? '',
    data_type: field.type,
    type_params: pairsOf(field.params),
    autoID: field.autoId ?? false,
    element_type: field.elementType ?? 0,
    ...(field.defaultValue === undefined ? {} : { default_value: valueMessage(field, zone) }),
    is_partition_key: field.isPartitionKey ?? false,
    is_clustering_key: field.isClusteringKey ?? false,
    nullable: field.nullable ?? false,
    is_function_output: field.isFunctionOutput ?? false,
  }
}

function valueMessage({ type, defaultValue }: FieldDocument, zone: string): object {
  const moment = type === dataTypes.Timestamptz ? momentOn(zone, defaultValue) : undefined
  if (moment !== undefined) return { string_data: momentText(moment) }
  if (typeof defaultValue === 'boolean') return { bool_data: defaultValue }
  if (typeof defaultValue === 'string') return { string_data: defaultValue }
  // Int8 to Int32, Int64, Float, Double, by their numbers.
  if (type < 5) return { int_data: Number(defaultValue) }
  if (type === 5) return { long_data: BigInt(defaultValue as number | bigint) }
  return type === 10 ? { float_data: Number(defaultValue) } : { double_data: Number(defaultValue) }
}

export const hasVector = (document: Pick<MilvusDocument, 'fields'>): boolean =>
  document.fields.some(({ type }) => isVectorType(type))

export const levelNumber = ({ consistency }: MilvusDocument): number => consistencyLevels.indexOf(consistency)
