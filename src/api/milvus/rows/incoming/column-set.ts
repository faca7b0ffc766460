import { stringifyJson, type VectorInput } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes, isVectorType, typeName } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { invalidParameter, type MilvusError } from '../../status.ts'
import { zoneOf } from '../../time/zone.ts'
import { dynamicColumn, type FieldData } from '../field-data.ts'
import type { PrimaryKey } from '../keys.ts'
import { dynamicMembers, invalid, numberText, scalarTexts } from './scalar-column.ts'
import { readStruct, type StructColumn } from './struct-column.ts'
import { vectorsOf } from './vector-column.ts'

/** Rows as they were sent, checked against the schema. */
export interface ColumnSet {
  readonly rowCount: number
  /** Undefined if the rows come without keys. */
  readonly keys: readonly PrimaryKey[] | undefined
  /** By the name of the field or the array of structs, a JSON text for each row; without the key. */
  readonly scalars: ReadonlyMap<string, readonly string[]>
  /** By field name, full ones for fields of structs; undefined where a row has none. */
  readonly vectors: ReadonlyMap<string, readonly (VectorInput | undefined)[]>
  /** What stands between the braces of the dynamic keys of each row. */
  readonly dynamic: readonly string[] | undefined
}

interface Compact<T> {
  readonly field: FieldDocument
  readonly data: FieldData
  readonly values: readonly T[]
}

/** @throws 1100, 1001, 65535 */
export function readColumns(
  { document, fields, structs, primaryKey }: CollectionModel,
  columns: readonly FieldData[],
  rowCount: number,
): ColumnSet {
  if (rowCount === 0) throw invalid('num_rows should be greater than 0', 'greater than 0', '0')
  const scalars: Compact<string>[] = []
  const vectors: Compact<VectorInput>[] = []
  const read: StructColumn[] = []
  let dynamic: readonly string[] | undefined
  let keys: readonly PrimaryKey[] | undefined
  const seen = new Set<string>()
  for (const data of columns) {
    const name = data.is_dynamic ? dynamicColumn : data.field_name
    if (seen.has(name)) throw invalidParameter(`duplicated field ${name} in the insert data`)
    seen.add(name)
    if (data.is_dynamic) {
      dynamic = readDynamic(
        data,
        new Set([...fields.keys(), ...structs.keys(), dynamicColumn]),
        document.hasDynamicField,
        rowCount,
      )
      continue
    }
    const struct = structs.get(name)
    if (struct !== undefined) {
      read.push(readStruct(struct, data, rowCount))
      continue
    }
    const field = fields.get(name)
    if (field === undefined) throw invalidParameter(`field (${name}) does not exist in the schema`)
    checkType(field, data)
    if (isVectorType(field.type)) vectors.push({ field, data, values: vectorsOf(field, data) })
    else scalars.push({ field, data, values: scalarTexts(field, data, zoneOf(document)) })
    if (field === primaryKey) keys = keysOf(field, data)
  }
  const aligned = <T, N>(one: Compact<T>, absent: N): [string, readonly (T | N)[]] => [
    one.field.name,
    align(one, rowCount, absent),
  ]
  const others = scalars.filter(({ field }) => field !== primaryKey)
  for (const one of scalars) if (one.field === primaryKey) align(one, rowCount, '')
  return {
    rowCount,
    keys,
    scalars: new Map([
      ...others.map((one) => aligned(one, absentText(one.field))),
      ...read.map(({ name, texts }) => [name, texts] as const),
    ]),
    vectors: new Map([
      ...vectors.map((one) => aligned(one, undefined)),
      ...read.flatMap((one) => [...one.vectors]),
    ]),
    dynamic,
  }
}

/** What a row has that says nothing of a field. */
export function absentText({ defaultValue, type }: FieldDocument): string {
  if (defaultValue === undefined) return 'null'
  return type === dataTypes.Float || type === dataTypes.Double
    ? numberText(Number(defaultValue))
    : stringifyJson(defaultValue)
}

function keysOf(field: FieldDocument, { scalars }: FieldData): readonly PrimaryKey[] {
  if (field.type === dataTypes.Int64) return scalars?.long_data?.data ?? []
  return scalars?.string_data?.data ?? []
}

function checkType(field: FieldDocument, { type }: FieldData): void {
  // Some clients leave it out.
  if (type === 0 || type === field.type) return
  throw invalidParameter(
    `the data type (${typeName(type)}) of field (${field.name}) does not match the schema's (${typeName(field.type)})`,
  )
}

/** Puts the values of the rows that have one where they belong. */
function align<T, N>({ field, data, values }: Compact<T>, rowCount: number, absent: N): readonly (T | N)[] {
  const { valid_data: valid } = data
  if (valid.length === 0) {
    if (values.length !== rowCount) throw wrongCount(field.name, values.length, rowCount)
    return values
  }
  if (valid.length !== rowCount) throw wrongCount(field.name, valid.length, rowCount)
  const present = valid.filter(Boolean).length
  if (present < rowCount && field.nullable !== true && field.defaultValue === undefined)
    throw wrongCount(field.name, present, rowCount)
  // Some clients leave a place for each row.
  const isPadded = values.length === rowCount
  if (!isPadded && values.length !== present) throw wrongCount(field.name, values.length, rowCount)
  let next = 0
  return valid.map((isThere, row) => (isThere ? values[isPadded ? row : next++]! : absent))
}

/** As the original words it, whose two numbers are the same one. */
const wrongCount = (field: string, count: number, rows: number): MilvusError =>
  invalid(
    `the num_rows (${count}) of field (${field}) is not equal to passed num_rows (${rows})`,
    String(rows),
    String(rows),
  )

function readDynamic(
  { scalars }: FieldData,
  fields: ReadonlySet<string>,
  isAllowed: boolean,
  rowCount: number,
): readonly string[] {
  if (!isAllowed) throw invalidParameter('dynamic fields are not enabled for this collection')
  const rows = scalars?.json_data?.data ?? []
  if (rows.length !== rowCount) throw wrongCount(dynamicColumn, rows.length, rowCount)
  return rows.map((bytes) => dynamicMembers(bytes, fields))
}
