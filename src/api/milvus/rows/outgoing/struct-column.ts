import { isMulti, type JsonObject, type JsonValue, type Point, type VectorValue } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { dimensionsOf, type FieldDocument, type StructDocument } from '../../schema/document.ts'
import { ownNameOf } from '../../schema/struct-names.ts'
import { structValues } from './scalar-data.ts'
import { vectorData } from './vector-data.ts'

interface Rows {
  readonly points: readonly Point[]
  readonly payloads: readonly JsonObject[]
}

type Structs = readonly (JsonObject | undefined)[]

/**
 * A `FieldData` message of an array of structs, with a column for each of its fields. Clients look for a row's values by
 * the row's number: null rows have an empty place.
 */
export function structColumn(struct: StructDocument, { points, payloads }: Rows): object {
  const rows = payloads.map((payload) => structsOf(payload[struct.name]))
  const valid = rows.map((row) => row !== undefined)
  const isComplete = struct.nullable !== true && !valid.includes(false)
  const fields = struct.fields.map((field) => ({
    type: field.type,
    field_name: ownNameOf(field),
    field_id: field.id,
    ...(field.type === dataTypes.ArrayOfVector
      ? { vectors: vectorLists(field, points, rows) }
      : { scalars: structValues(field, rows.map(valuesOf(field))) }),
    ...(isComplete ? {} : { valid_data: valid }),
  }))
  return {
    type: dataTypes.ArrayOfStruct,
    field_name: struct.name,
    field_id: struct.id,
    struct_arrays: { fields },
  }
}

/** What another API wrote there, and is no list, counts as null. */
function structsOf(value: JsonValue | undefined): Structs | undefined {
  if (!Array.isArray(value)) return undefined
  return (value as readonly JsonValue[]).map((item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item) ? (item as JsonObject) : undefined,
  )
}

const valuesOf = (
  field: FieldDocument,
): ((row: Structs | undefined) => readonly (JsonValue | undefined)[]) => {
  const name = ownNameOf(field)
  return (row) => (row ?? []).map((struct) => struct?.[name])
}

function vectorLists(
  field: FieldDocument,
  points: readonly Point[],
  rows: readonly (Structs | undefined)[],
): object {
  const { elementType = 0 } = field
  const single = { ...field, type: elementType }
  const dimensions = dimensionsOf(field)
  const data = rows.map((row, at) =>
    vectorData(single, vectorsOf(points[at]!.vectors?.[field.name], row?.length ?? 0, dimensions)),
  )
  return { dim: dimensions, vector_array: { dim: dimensions, data, element_type: elementType } }
}

/** As many as there are structs, whatever another API did to one of the two. */
function vectorsOf(vector: VectorValue | undefined, count: number, dimensions: number): Float32Array[] {
  const values = new Float32Array(count * dimensions)
  if (vector !== undefined && isMulti(vector)) values.set(vector.values.subarray(0, values.length))
  return Array.from({ length: count }, (_, at) => values.subarray(at * dimensions, (at + 1) * dimensions))
}
