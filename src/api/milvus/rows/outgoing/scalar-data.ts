import { JsonNumber, stringifyJson, type JsonValue } from '../../../../index.ts'
import { isInRange } from '../../schema/check-schema.ts'
import { dataTypes } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'

/** The values of a column as a `ScalarField`, and which of them are there; null rows hold a zero. */
export interface ScalarData {
  readonly scalars: object
  readonly valid: readonly boolean[]
}

/** A value that another API wrote, and that is not of the field's type, counts as null. */
export function scalarData(field: FieldDocument, values: readonly (JsonValue | undefined)[]): ScalarData {
  if (field.type === dataTypes.Array) return arrayData(field, values)
  const { list, read, zero } = kindOf(field.type)
  const found = values.map((value) => (value === undefined || value === null ? undefined : read(value)))
  const data = found.map((value) => value ?? zero)
  return { scalars: { [list]: { data } }, valid: found.map((value) => value !== undefined) }
}

interface Kind {
  readonly list: string
  /** Undefined if the value is none of this kind. */
  readonly read: (value: JsonValue) => unknown
  readonly zero: unknown
}

const kinds: Readonly<Record<number, Kind>> = {
  [dataTypes.Bool]: {
    list: 'bool_data',
    read: (value) => (typeof value === 'boolean' ? value : undefined),
    zero: false,
  },
  [dataTypes.Int64]: { list: 'long_data', read: (value) => integerOf(value, dataTypes.Int64), zero: 0n },
  [dataTypes.Float]: { list: 'float_data', read: numberOf, zero: 0 },
  [dataTypes.Double]: { list: 'double_data', read: numberOf, zero: 0 },
  [dataTypes.JSON]: {
    list: 'json_data',
    read: (value) => Buffer.from(stringifyJson(value)),
    zero: Buffer.alloc(0),
  },
  [dataTypes.Geometry]: { list: 'geometry_wkt_data', read: textOf, zero: '' },
}

const smallIntegers = (type: number): Kind => ({
  list: 'int_data',
  read: (value) => {
    const integer = integerOf(value, type)
    return integer === undefined ? undefined : Number(integer)
  },
  zero: 0,
})

const texts: Kind = { list: 'string_data', read: textOf, zero: '' }

function kindOf(type: number): Kind {
  return kinds[type] ?? (type >= dataTypes.Int8 && type <= dataTypes.Int32 ? smallIntegers(type) : texts)
}

function textOf(value: JsonValue): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The texts are those that stand for what JSON has no number for. */
function numberOf(value: JsonValue): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (value instanceof JsonNumber) return Number(value.text)
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined
}

function integerOf(value: JsonValue, type: number): bigint | undefined {
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
  if (!isInteger) return undefined
  const integer = BigInt(value)
  return isInRange(type, integer) ? integer : undefined
}

function arrayData(
  { elementType = 0 }: FieldDocument,
  values: readonly (JsonValue | undefined)[],
): ScalarData {
  const { list, read } = kindOf(elementType)
  const rows = values.map((value) => {
    if (!Array.isArray(value)) return undefined
    const items = (value as readonly JsonValue[]).map(read)
    return items.includes(undefined) ? undefined : items
  })
  const data = rows.map((row) => ({ [list]: { data: row ?? [] } }))
  return {
    scalars: { array_data: { data, element_type: elementType } },
    valid: rows.map((row) => row !== undefined),
  }
}

/** The values of a struct's field, which are all there: what is not of its type is a zero. */
export function structValues(
  { elementType = 0 }: FieldDocument,
  rows: readonly (readonly (JsonValue | undefined)[])[],
): object {
  const { list, read, zero } = kindOf(elementType)
  const data = rows.map((values) => ({
    [list]: { data: values.map((value) => (value === undefined ? undefined : read(value)) ?? zero) },
  }))
  return { array_data: { data, element_type: elementType } }
}
