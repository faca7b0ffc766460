import { keysOfPath, storageOf, type FieldStorage, type TypedField } from '../field-values.ts'

// The columns of rows.parquet, in this order:
//   id              uint64, null where the id is a UUID
//   id_uuid         utf8, lower case with hyphens, null where the id is a number
//   seq             int64, the number that wrote the row
//   payload         utf8, the text of a JSON object
//   vector          list<float32>, the unnamed vector; null where the row has none
//   vector_<name>   the same for each named vector, in the order of the names. Several vectors in a row are a
//                   list<list<float32>>
//   sparse_indices_<name>, sparse_values_<name>   list<uint32> and list<float32> of a sparse vector, instead
//   field_<path>    a typed value for each declared payload field, in the order of the paths; null where the payload
//                   has not one scalar of the type there
// The reader takes the first four; vectors are read from their own files, or by what these say of this one, fields are an extract of
// the payload.

export const columnId = 'id'
export const columnUuid = 'id_uuid'
export const columnSeq = 'seq'
export const columnPayload = 'payload'

/** `key_value_metadata` of the file. */
export const formatKey = 'stillpoint.rows'
export const rowsFormatVersion = 1

export const vectorColumn = (name: string): string => (name === '' ? 'vector' : `vector_${name}`)

export const sparseIndicesColumn = (name: string): string => `sparse_indices_${name}`
export const sparseValuesColumn = (name: string): string => `sparse_values_${name}`

export interface FieldColumn {
  readonly name: string
  readonly type: TypedField['type']
  readonly storage: FieldStorage
  readonly keys: readonly string[]
}

/** Columns for the declared fields that can have one: a path through an array, or a geo field, has none. */
export function fieldColumns(fields: Readonly<Record<string, TypedField>>): FieldColumn[] {
  const columns: FieldColumn[] = []
  for (const path of Object.keys(fields).sort()) {
    const { type } = fields[path]!
    const storage = storageOf(type)
    const keys = keysOfPath(path)
    if (storage !== undefined && keys !== undefined)
      columns.push({ name: `field_${path}`, type, storage, keys })
  }
  return columns
}
