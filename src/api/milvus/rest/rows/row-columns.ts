import { stringifyJson, type JsonValue } from '../../../../index.ts'
import { dynamicColumn } from '../../rows/field-data.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes, isVectorType, typeName } from '../../schema/data-types.ts'
import { dimensionsOf, type FieldDocument, type StructDocument } from '../../schema/document.ts'
import { ownNameOf } from '../../schema/struct-names.ts'
import { integerOf, isObject } from '../body.ts'
import { RestError, wrongRows } from '../rest-error.ts'
import { bytesOf, floatsOf, sparseBytes } from './vectors.ts'

type Row = Readonly<Record<string, JsonValue>>

/**
 * The columns, `FieldData` messages, of rows that are JSON objects. Of a partial row only what stands in it counts.
 * @throws RestError 1804
 */
export function columnsOf(
  { document, fields, structs }: CollectionModel,
  rows: readonly JsonValue[],
  isPartial: boolean,
): object[] {
  const objects = rows.map((row) => {
    if (!isObject(row)) throw wrongRows('a row is no object')
    return row
  })
  const columns = document.fields
    .filter((field) => isSent(field, objects, isPartial))
    .map((field) => columnOf(field, objects))
  for (const struct of structs.values())
    if (objects.some((row) => Object.hasOwn(row, struct.name))) columns.push(structColumn(struct, objects))
  const names = new Set([...fields.keys(), ...structs.keys()])
  return document.hasDynamicField ? [...columns, dynamicOf(objects, names)] : checked(columns, objects, names)
}

/** A column for each field of the structs; rows without any are null. */
function structColumn({ name, nullable, fields }: StructDocument, rows: readonly Row[]): object {
  const lists = rows.map((row) => (Object.hasOwn(row, name) ? row[name]! : null))
  const present = lists.filter((list) => list !== null).map((list) => structsOf(name, list))
  if (present.length < lists.length && nullable !== true)
    throw wrongRows(`the field ${name} is missing in a row`)
  const valid = nullable === true ? { valid_data: lists.map((list) => list !== null) } : {}
  const subColumns = fields.map((field) => {
    const own = ownNameOf(field)
    const about = { field_name: own, type: field.type, ...valid }
    const values = present.map((list) =>
      list.map((struct) => {
        if (Object.hasOwn(struct, own)) return struct[own]!
        throw wrongRows(`the field ${own} is missing in a struct of ${name}`)
      }),
    )
    const element = { ...field, name: own, type: field.elementType! }
    if (field.type === dataTypes.Array) {
      const data = values.map((list) => scalarsOf(element.type, element, list))
      return { ...about, scalars: { array_data: { data, element_type: element.type } } }
    }
    const dim = dimensionsOf(field)
    const data = values.map((list) => vectorsOf(element, list))
    return { ...about, vectors: { dim, vector_array: { dim, data, element_type: element.type } } }
  })
  return { field_name: name, type: dataTypes.ArrayOfStruct, struct_arrays: { fields: subColumns } }
}

function structsOf(name: string, value: JsonValue): readonly Row[] {
  if (Array.isArray(value) && (value as readonly JsonValue[]).every(isObject))
    return value as readonly unknown[] as readonly Row[]
  throw wrongRows(`the field ${name} is no list of objects`)
}

/** What is made here may be left out of all rows. */
function isSent(
  { name, autoId, isFunctionOutput }: FieldDocument,
  rows: readonly Row[],
  isPartial: boolean,
): boolean {
  const isOptional = isPartial || autoId === true || isFunctionOutput === true
  return !isOptional || rows.some((row) => Object.hasOwn(row, name))
}

function checked(columns: object[], rows: readonly Row[], fields: ReadonlySet<string>): object[] {
  const other = rows.flatMap((row) => Object.keys(row)).find((name) => !fields.has(name))
  if (other === undefined) return columns
  throw wrongRows(`${other} is no field of the collection, which has no dynamic ones`)
}

/** The column of the dynamic keys. */
function dynamicOf(rows: readonly Row[], fields: ReadonlySet<string>): object {
  const data = rows.map((row) => {
    const others = Object.entries(row).filter(([name]) => !fields.has(name))
    if (others.some(([name]) => name === dynamicColumn))
      throw wrongRows(`use of the invalid field name ${dynamicColumn}`)
    return Buffer.from(stringifyJson(Object.fromEntries(others)))
  })
  return {
    field_name: dynamicColumn,
    type: dataTypes.JSON,
    is_dynamic: true,
    scalars: { json_data: { data } },
  }
}

/** The rows that have no value have no place in the data. */
function columnOf(field: FieldDocument, rows: readonly Row[]): object {
  const values = rows.map((row) => (Object.hasOwn(row, field.name) ? row[field.name]! : null))
  const mayLack = field.nullable === true || field.defaultValue !== undefined
  const present = values.filter((value) => value !== null)
  if (present.length < values.length && !mayLack)
    throw wrongRows(`the field ${field.name} is missing in a row`)
  const about = { field_name: field.name, type: field.type }
  const valid = mayLack ? { valid_data: values.map((value) => value !== null) } : {}
  const data = isVectorType(field.type)
    ? { vectors: vectorsOf(field, present) }
    : { scalars: scalarsOf(field.type, field, present) }
  return { ...about, ...data, ...valid }
}

function vectorsOf(field: FieldDocument, values: readonly JsonValue[]): object {
  const { name, type } = field
  const dim = dimensionsOf(field)
  if (type === dataTypes.SparseFloatVector) {
    const contents = values.map((value) => sparseBytes(value, name))
    return { dim, sparse_float_vector: { contents, dim } }
  }
  if (type === dataTypes.BinaryVector) return { dim, binary_vector: joined(values, field, 0, dim / 8) }
  if (type === dataTypes.Int8Vector) return { dim, int8_vector: joined(values, field, -128, dim) }
  const data = new Float32Array(values.length * dim)
  values.forEach((value, row) => {
    const floats = floatsOf(value, name)
    checkLength(field, floats.length, dim)
    data.set(floats, row * dim)
  })
  return { dim, float_vector: { data } }
}

function joined(values: readonly JsonValue[], field: FieldDocument, low: number, length: number): Buffer {
  const parts = values.map((value) => bytesOf(value, field.name, low))
  for (const part of parts) checkLength(field, part.length, length)
  return Buffer.concat(parts)
}

function checkLength({ name }: FieldDocument, length: number, expected: number): void {
  if (length === expected) return
  throw wrongRows(`the length of a vector of ${name} is ${length}, but should be ${expected}`)
}

/** A `ScalarField`. `type` is that of the elements within arrays. */
function scalarsOf(type: number, field: FieldDocument, values: readonly JsonValue[]): object {
  const wrong = (): RestError => wrongRows(`a value of ${field.name} is no ${typeName(type)}`)
  const read = <T>(one: (value: JsonValue) => T | undefined): T[] =>
    values.map((value) => {
      const found = one(value)
      if (found === undefined) throw wrong()
      return found
    })
  switch (type) {
    case dataTypes.Bool:
      return { bool_data: { data: read((value) => (typeof value === 'boolean' ? value : undefined)) } }
    case dataTypes.Int8:
    case dataTypes.Int16:
    case dataTypes.Int32:
      return { int_data: { data: read((value) => smallInteger(integer(value))) } }
    case dataTypes.Int64:
      return { long_data: { data: read((value) => longInteger(integer(value))) } }
    case dataTypes.Float:
      return { float_data: { data: Float32Array.from(read(numberOf)) } }
    case dataTypes.Double:
      return { double_data: { data: read(numberOf) } }
    case dataTypes.JSON:
      return { json_data: { data: values.map(jsonBytes) } }
    case dataTypes.Array:
      return arraysOf(field, values, wrong)
    case dataTypes.Geometry:
      return { geometry_wkt_data: { data: read(textOf) } }
    default:
      return { string_data: { data: read(textOf) } }
  }
}

function arraysOf(field: FieldDocument, values: readonly JsonValue[], wrong: () => RestError): object {
  const element = field.elementType ?? 0
  const data = values.map((value) => {
    if (!Array.isArray(value)) throw wrong()
    return scalarsOf(element, field, value as readonly JsonValue[])
  })
  return { array_data: { data, element_type: element } }
}

const textOf = (value: JsonValue): string | undefined => (typeof value === 'string' ? value : undefined)

/** Integers may be texts of digits: JavaScript has none of 64 bits. */
function integer(value: JsonValue): bigint | undefined {
  try {
    return integerOf(value, '')
  } catch (error) {
    if (error instanceof RestError) return undefined
    throw error
  }
}

const smallInteger = (value: bigint | undefined): number | undefined =>
  value !== undefined && BigInt.asIntN(32, value) === value ? Number(value) : undefined

const longInteger = (value: bigint | undefined): bigint | undefined =>
  value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined

function numberOf(value: JsonValue): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  const isText = typeof value === 'string' && value.trim() !== ''
  const number = isText ? Number(value) : Number.NaN
  return Number.isNaN(number) ? undefined : number
}

/** A text is JSON that somebody wrote out. */
const jsonBytes = (value: JsonValue): Buffer =>
  Buffer.from(typeof value === 'string' ? value : stringifyJson(value))
