import { parseJson, type JsonValue } from '../../../../index.ts'
import { bfloatToFloat, halfToFloat, shortestFloat } from '../../rows/small-floats.ts'
import { dataTypes, isVectorType } from '../../schema/data-types.ts'

// Columns of answers, as the handlers make them: members that are empty may be left out.

interface List<T> {
  readonly data: ArrayLike<T>
}

interface Scalars {
  readonly bool_data?: List<boolean>
  readonly int_data?: List<number>
  readonly long_data?: List<bigint | number>
  readonly float_data?: List<number>
  readonly double_data?: List<number>
  readonly string_data?: List<string>
  readonly json_data?: List<Uint8Array>
  readonly array_data?: List<Scalars>
  readonly geometry_wkt_data?: List<string>
}

interface Vectors {
  readonly dim?: number | bigint
  readonly float_vector?: List<number>
  readonly binary_vector?: Uint8Array
  readonly float16_vector?: Uint8Array
  readonly bfloat16_vector?: Uint8Array
  readonly int8_vector?: Uint8Array
  readonly sparse_float_vector?: { readonly contents: readonly Uint8Array[] }
  readonly vector_array?: List<Vectors>
}

export interface Column {
  readonly type: number
  readonly field_name: string
  readonly is_dynamic?: boolean
  readonly valid_data?: readonly boolean[]
  readonly scalars?: Scalars
  readonly vectors?: Vectors
  readonly struct_arrays?: { readonly fields: readonly Column[] }
}

export type Row = Record<string, JsonValue>

/** The rows of columns, all of the same length. `integer` is how those of 64 bits are given. */
export function rowsOf(
  columns: readonly Column[],
  count: number,
  integer: (value: bigint | number) => JsonValue,
): Row[] {
  const rows: Row[] = Array.from({ length: count }, () => ({}))
  for (const column of columns) {
    if (column.is_dynamic === true) {
      jsonValues(column).forEach((value, row) => Object.assign(rows[row]!, value))
      continue
    }
    const values = valuesOf(column, count, integer)
    values.forEach((value, row) => (rows[row]![column.field_name] = value))
  }
  return rows
}

function valuesOf(
  column: Column,
  count: number,
  integer: (value: bigint | number) => JsonValue,
): JsonValue[] {
  if (column.struct_arrays !== undefined) return structValues(column.struct_arrays.fields, count, integer)
  return isVectorType(column.type) ? vectorValues(column, count) : scalarValues(column, integer)
}

/** Null rows have a place in each of the fields' columns. */
function structValues(
  fields: readonly Column[],
  count: number,
  integer: (value: bigint | number) => JsonValue,
): JsonValue[] {
  const columns = fields.map(({ field_name: name, scalars, vectors }) => {
    const rows = (scalars?.array_data ?? vectors?.vector_array)?.data ?? []
    const values = (row: number): JsonValue[] =>
      vectors === undefined
        ? plainValues(rows[row] as Scalars, integer)
        : presentVectors(rows[row] as Vectors)
    return { name, values }
  })
  const isNull = (row: number): boolean => fields[0]?.valid_data?.[row] === false
  return Array.from({ length: count }, (_, row) => {
    if (isNull(row)) return null
    const members = columns.map(({ name, values }) => [name, values(row)] as const)
    return Array.from({ length: members[0]?.[1].length ?? 0 }, (_one, at) =>
      Object.fromEntries(members.map(([name, values]) => [name, values[at]!])),
    )
  })
}

/** How many rows a column has. */
export function countOf({
  type,
  scalars,
  vectors,
  valid_data: valid,
  struct_arrays: structs,
}: Column): number {
  const [part] = structs?.fields ?? []
  if (part !== undefined) return (part.scalars?.array_data ?? part.vectors?.vector_array)?.data.length ?? 0
  if (valid !== undefined && valid.length > 0) return valid.length
  if (!isVectorType(type)) {
    const [list] = Object.values(scalars ?? {}) as readonly List<unknown>[]
    return list?.data.length ?? 0
  }
  if (vectors === undefined) return 0
  if (vectors.sparse_float_vector !== undefined) return vectors.sparse_float_vector.contents.length
  return presentVectors(vectors).length
}

function jsonValues({ scalars, valid_data: valid }: Column): JsonValue[] {
  return Array.from(scalars?.json_data?.data ?? [], (bytes, row) =>
    valid?.[row] === false || bytes.length === 0 ? null : parseJson(bytes),
  )
}

/** Null rows hold a zero. */
function scalarValues(column: Column, integer: (value: bigint | number) => JsonValue): JsonValue[] {
  const { type, scalars = {}, valid_data: valid } = column
  if (type === dataTypes.JSON) return jsonValues(column)
  const values =
    type === dataTypes.Array
      ? Array.from(scalars.array_data?.data ?? [], (row) => plainValues(row, integer))
      : plainValues(scalars, integer)
  return valid === undefined || valid.length === 0
    ? values
    : values.map((value, row) => (valid[row] === true ? value : null))
}

function plainValues(scalars: Scalars, integer: (value: bigint | number) => JsonValue): JsonValue[] {
  if (scalars.long_data !== undefined) return Array.from(scalars.long_data.data, integer)
  if (scalars.float_data !== undefined) return Array.from(scalars.float_data.data, floatValue)
  if (scalars.double_data !== undefined) return Array.from(scalars.double_data.data, finite)
  const list = scalars.bool_data ?? scalars.int_data ?? scalars.string_data ?? scalars.geometry_wkt_data
  return list === undefined ? [] : Array.from(list.data as ArrayLike<JsonValue>)
}

/** JSON has no others. */
const finite = (value: number): JsonValue => (Number.isFinite(value) ? value : String(value))

const floatValue = (value: number): JsonValue => finite(shortestFloat(Math.fround(value)))

/** Of rows without a vector there is no place in the data. */
function vectorValues({ vectors = {}, valid_data: valid }: Column, count: number): JsonValue[] {
  const present = presentVectors(vectors)
  if (valid === undefined || valid.length === 0) return present
  let next = 0
  return Array.from({ length: count }, (_, row) => (valid[row] === true ? present[next++]! : null))
}

function presentVectors(vectors: Vectors): JsonValue[] {
  if (vectors.sparse_float_vector !== undefined) return vectors.sparse_float_vector.contents.map(sparseValue)
  const values = denseValues(vectors)
  const dim = Number(vectors.dim ?? 0)
  // Eight bits of a binary vector are one byte.
  const length = vectors.binary_vector === undefined ? dim : dim / 8
  if (length === 0) return []
  return Array.from({ length: values.length / length }, (_, row) =>
    Array.from({ length }, (_one, at) => values[row * length + at]!),
  )
}

function denseValues(vectors: Vectors): ArrayLike<number> {
  if (vectors.binary_vector !== undefined) return vectors.binary_vector
  if (vectors.int8_vector !== undefined) return Int8Array.from(vectors.int8_vector)
  if (vectors.float16_vector !== undefined) return shorts(vectors.float16_vector, halfToFloat)
  if (vectors.bfloat16_vector !== undefined) return shorts(vectors.bfloat16_vector, bfloatToFloat)
  return Array.from(vectors.float_vector?.data ?? [], shortestFloat)
}

function shorts(bytes: Uint8Array, read: (short: number) => number): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 2 }, (_, at) => read(view.getUint16(at * 2, true)))
}

/** Indexes as keys, as they may be given. */
function sparseValue(bytes: Uint8Array): JsonValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pairs = Array.from({ length: bytes.length / 8 }, (_, at) => [
    String(view.getUint32(at * 8, true)),
    shortestFloat(view.getFloat32(at * 8 + 4, true)),
  ])
  return Object.fromEntries(pairs) as JsonValue
}
