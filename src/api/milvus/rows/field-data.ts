// The shapes of columns on the wire, as they are decoded.

interface List<T> {
  readonly data: readonly T[]
}

export interface ScalarField {
  readonly bool_data: List<boolean> | null
  readonly int_data: List<number> | null
  readonly long_data: List<bigint> | null
  readonly float_data: { readonly data: Float32Array } | null
  readonly double_data: List<number> | null
  readonly string_data: List<string> | null
  readonly array_data: List<ScalarField> | null
  readonly json_data: List<Uint8Array> | null
  readonly geometry_wkt_data: List<string> | null
}

export interface VectorField {
  readonly dim: bigint
  readonly float_vector: { readonly data: Float32Array } | null
  readonly binary_vector: Uint8Array | null
  readonly float16_vector: Uint8Array | null
  readonly bfloat16_vector: Uint8Array | null
  readonly sparse_float_vector: { readonly contents: readonly Uint8Array[] } | null
  readonly int8_vector: Uint8Array | null
  readonly vector_array?: List<VectorField> | null
}

/** A column. Rows that are null have no place in the data of one that is written: `valid_data` says which have. */
export interface FieldData {
  readonly type: number
  readonly field_name: string
  readonly scalars: ScalarField | null
  readonly vectors: VectorField | null
  /** A column for each field of an array of structs. */
  readonly struct_arrays?: { readonly fields: readonly FieldData[] } | null
  readonly is_dynamic: boolean
  readonly valid_data: readonly boolean[]
}

/** The column of the dynamic keys: a JSON object per row. */
export const dynamicColumn = '$meta'

/** An `IDs` message. */
export type IdsMessage =
  | { readonly int_id: { readonly data: readonly bigint[] } }
  | { readonly str_id: { readonly data: readonly string[] } }
