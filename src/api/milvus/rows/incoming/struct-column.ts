import type { VectorInput } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import type { FieldDocument, StructDocument } from '../../schema/document.ts'
import { ownNameOf } from '../../schema/struct-names.ts'
import { invalidParameter } from '../../status.ts'
import type { FieldData } from '../field-data.ts'
import { arrayItems, checkCapacity } from './scalar-column.ts'
import { checkFinite, vectorsOf } from './vector-column.ts'

/** An array of structs for each row. */
export interface StructColumn {
  readonly name: string
  /** A list of objects, or null, as JSON: what is no vector. */
  readonly texts: readonly string[]
  /** By the full names of the fields that are vectors; undefined where a row has none. */
  readonly vectors: ReadonlyMap<string, readonly (VectorInput | undefined)[]>
}

/** What one field of a struct has in each row: as many values as the row has structs. Null rows are left out. */
interface SubColumn {
  readonly field: FieldDocument
  readonly lengths: readonly number[]
  readonly texts?: readonly (readonly string[])[]
  readonly vectors?: readonly (readonly VectorInput[])[]
}

/** @throws 1100, 65535 */
export function readStruct(struct: StructDocument, data: FieldData, rowCount: number): StructColumn {
  const { name } = struct
  const given = data.struct_arrays?.fields
  if (given === undefined)
    throw invalidParameter(
      `field convert FieldData_StructArrays fail in fieldData, fieldName: ${name}, no struct arrays`,
    )
  if (given.length !== struct.fields.length)
    throw invalidParameter(
      `length of fields of struct field mismatch length of the fields in schema, fieldName: ${name}, ` +
        `fieldData fields length: ${given.length}, schema fields length: ${struct.fields.length}`,
    )
  const columns = given.map((one) => readSubColumn(struct, one))
  if (new Set(columns.map(({ field }) => field)).size < columns.length)
    throw invalidParameter(`duplicated sub-field in struct '${name}'`)
  const places = placesOf(struct, given, columns, rowCount)
  const scalars = columns.filter(({ texts }) => texts !== undefined)
  return {
    name,
    texts: places.map((at) => (at === undefined ? 'null' : objectsAt(scalars, columns[0]!.lengths[at]!, at))),
    vectors: new Map(
      columns
        .filter(({ vectors }) => vectors !== undefined)
        .map(({ field, vectors }) => [
          field.name,
          places.map((at) => {
            const rows = at === undefined ? [] : vectors![at]!
            // The engine keeps no list of vectors that is empty.
            return rows.length === 0 ? undefined : (rows as VectorInput)
          }),
        ]),
    ),
  }
}

function readSubColumn(struct: StructDocument, data: FieldData): SubColumn {
  const own = ownNameOf({ name: data.field_name })
  const field = struct.fields.find((one) => ownNameOf(one) === own)
  if (field === undefined)
    throw invalidParameter(`sub-field '${data.field_name}' not found in struct schema '${struct.name}'`)
  if (field.type === dataTypes.Array) {
    const rows = data.scalars?.array_data?.data ?? []
    const texts = arrayItems({ ...field, name: own }, rows)
    return { field, lengths: texts.map(({ length }) => length), texts }
  }
  const vectors = (data.vectors?.vector_array?.data ?? []).map((row, at) => {
    const single = { ...field, name: own, type: field.elementType! }
    const found = vectorsOf(single, { ...data, type: single.type, vectors: row, valid_data: [true] })
    for (const vector of found) if (vector instanceof Float32Array) checkFinite(vector)
    checkCapacity(field, found.length, at)
    return found
  })
  return { field, lengths: vectors.map(({ length }) => length), vectors }
}

/** Where the values of each row stand in the columns; undefined for rows that are null. */
function placesOf(
  { name, nullable }: StructDocument,
  given: readonly FieldData[],
  columns: readonly SubColumn[],
  rowCount: number,
): (number | undefined)[] {
  const [{ valid_data: valid }] = given as readonly [FieldData, ...FieldData[]]
  for (const other of given)
    if (String(other.valid_data) !== String(valid))
      throw invalidParameter(
        `sub-field ValidData mismatch in struct '${name}': '${given[0]!.field_name}' and '${other.field_name}'`,
      )
  const [first] = columns as readonly [SubColumn, ...SubColumn[]]
  for (const { field, lengths } of columns) checkSameLengths(name, first, field, lengths)
  const count = first.lengths.length
  if (valid.length === 0 && count === 0 && nullable === true)
    return Array<undefined>(rowCount).fill(undefined)
  const rows = valid.length === 0 ? count : valid.length
  if (rows !== rowCount)
    throw invalidParameter(
      `the num_rows (${rows}) of field (${name}) is not equal to passed num_rows (${rowCount})`,
    )
  if (valid.length === 0) return Array.from({ length: rowCount }, (_, row) => row)
  const present = valid.filter(Boolean).length
  if (present < rowCount && nullable !== true)
    throw invalidParameter(`field ${name} is not nullable, and row ${valid.indexOf(false)} is null`)
  // Some clients leave a place for each row.
  if (count === rowCount) return valid.map((isThere, row) => (isThere ? row : undefined))
  if (count !== present)
    throw invalidParameter(
      `invalid ValidData for struct '${name}': true count ${present} does not match payload row count ${count}`,
    )
  let next = 0
  return valid.map((isThere) => (isThere ? next++ : undefined))
}

function checkSameLengths(
  struct: string,
  first: SubColumn,
  field: FieldDocument,
  lengths: readonly number[],
): void {
  const [expected, own] = [ownNameOf(first.field), ownNameOf(field)]
  if (lengths.length !== first.lengths.length)
    throw invalidParameter(
      `inconsistent array length in struct field '${struct}': ` +
        `expected ${first.lengths.length}, got ${lengths.length} for sub-field '${own}'`,
    )
  const row = lengths.findIndex((length, at) => length !== first.lengths[at])
  if (row < 0) return
  throw invalidParameter(
    `inconsistent struct element count in struct '${struct}' at row ${row}: ` +
      `'${expected}' has ${first.lengths[row]!}, '${own}' has ${lengths[row]!}`,
  )
}

/** Structs of nothing but vectors are empty objects, so that it is known how many there are. */
function objectsAt(columns: readonly SubColumn[], count: number, at: number): string {
  const names = columns.map(({ field }) => `${JSON.stringify(ownNameOf(field))}:`)
  const objects = Array.from({ length: count }, (_, element) => {
    const members = columns.map(({ texts }, column) => names[column]! + texts![at]![element]!)
    return `{${members.join(',')}}`
  })
  return `[${objects.join(',')}]`
}
