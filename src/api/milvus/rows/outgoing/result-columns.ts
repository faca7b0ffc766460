import { stringifyJson, type JsonObject, type JsonValue, type Point } from '../../../../index.ts'
import { vectorNameOf, type CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes, isVectorType } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import type { TimeView } from '../../time/time-view.ts'
import { dynamicColumn } from '../field-data.ts'
import { keyOf, type PrimaryKey } from '../keys.ts'
import type { OutputPlan } from './output-plan.ts'
import { scalarData, type ScalarData } from './scalar-data.ts'
import { structColumn } from './struct-column.ts'
import { timeData } from './time-data.ts'
import { vectorData } from './vector-data.ts'

/** Points that were read with a plan's `reads`, and their keys. */
export interface ResultRows {
  readonly points: readonly Point[]
  readonly payloads: readonly JsonObject[]
  readonly keys: readonly PrimaryKey[]
}

export function resultRows(model: CollectionModel, points: readonly Point[]): ResultRows {
  const payloads = points.map(payloadOf)
  return { points, payloads, keys: points.map(({ id }, row) => keyOf(model, id, () => payloads[row]!)) }
}

export const payloadOf = ({ payload }: Point): JsonObject =>
  payload === undefined ? {} : (payload.value() as JsonObject)

/** `FieldData` messages, a column for each field of the plan; without any rows they are there as well. */
export function resultColumns(
  model: CollectionModel,
  reader: Parameters<typeof vectorNameOf>[0],
  plan: OutputPlan,
  rows: ResultRows,
): object[] {
  const columns = plan.fields.map((field): object => {
    const about = { type: field.type, field_name: field.name, field_id: field.id }
    if (field.isPrimaryKey === true) return { ...about, scalars: keyData(field, rows.keys) }
    if (isVectorType(field.type))
      return { ...about, ...vectorColumn(field, vectorNameOf(reader, field.name), rows) }
    if (field.type === dataTypes.Timestamptz) {
      const { parts } = plan.times
      const type = parts.length === 0 ? about.type : dataTypes.Array
      return { ...about, type, ...timeColumn(field, plan.times, rows) }
    }
    return { ...about, ...scalarColumn(field, rows) }
  })
  columns.push(...plan.structs.map((struct) => structColumn(struct, rows)))
  if (plan.dynamic === undefined) return columns
  const data = rows.payloads.map((payload) => Buffer.from(dynamicText(model, plan.dynamic!, payload)))
  const about = { type: dataTypes.JSON, field_name: dynamicColumn, is_dynamic: true }
  return [...columns, { ...about, scalars: { json_data: { data } } }]
}

function keyData({ type }: FieldDocument, keys: readonly PrimaryKey[]): object {
  return type === dataTypes.Int64 ? { long_data: { data: keys } } : { string_data: { data: keys } }
}

function scalarColumn(field: FieldDocument, rows: ResultRows): object {
  return withValid(field, scalarData(field, valuesOf(field, rows)))
}

function timeColumn(field: FieldDocument, times: TimeView, rows: ResultRows): object {
  return withValid(field, timeData(valuesOf(field, rows), times))
}

/** Rows that are older than the field have its default value. */
function valuesOf(field: FieldDocument, { payloads }: ResultRows): (JsonValue | undefined)[] {
  return payloads.map((payload) =>
    Object.hasOwn(payload, field.name) ? payload[field.name] : field.defaultValue,
  )
}

function withValid(field: FieldDocument, { scalars, valid }: ScalarData): object {
  const isComplete = field.nullable !== true && !valid.includes(false)
  return isComplete ? { scalars } : { scalars, valid_data: valid }
}

/** Of rows without a vector there is no place in the data. */
function vectorColumn(field: FieldDocument, name: string, { points }: ResultRows): object {
  const vectors = points.map((point) => point.vectors?.[name])
  const present = vectors.filter((vector) => vector !== undefined)
  const data = { vectors: vectorData(field, present) }
  const isComplete = field.nullable !== true && present.length === vectors.length
  return isComplete ? data : { ...data, valid_data: vectors.map((vector) => vector !== undefined) }
}

function dynamicText(
  { fields, structs }: CollectionModel,
  wanted: 'all' | ReadonlySet<string>,
  payload: JsonObject,
): string {
  const members = Object.entries(payload).filter(
    ([key]) => !fields.has(key) && !structs.has(key) && (wanted === 'all' || wanted.has(key)),
  )
  return stringifyJson(Object.fromEntries(members))
}
