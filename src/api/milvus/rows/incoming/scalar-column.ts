import { JsonSyntaxError, parseJson, stringifyJson, type JsonValue } from '../../../../index.ts'
import { dataTypes, isTextType, typeName } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { checkedWkt } from '../../schema/wkt.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import { MomentError, storedMoment } from '../../time/moment.ts'
import type { FieldData, ScalarField } from '../field-data.ts'
import { shortestFloat } from '../small-floats.ts'

/** Bytes of one JSON value. */
const jsonMax = 65_536
const ioFailed = 1_001

/** Ranges of the integers that come in 32 bits and are smaller. */
const ranges: Readonly<Record<number, readonly [low: number, high: number]>> = {
  [dataTypes.Int8]: [-128, 127],
  [dataTypes.Int16]: [-32_768, 32_767],
}

export const invalid = (what: string, expected: string, actual: string): MilvusError =>
  new MilvusError(
    codes.invalidParameter,
    `${what}: invalid parameter[expected=${expected}][actual=${actual}]`,
  )

/** The values of a column as JSON, those of null rows left out; times without a zone are of this one. @throws 1100 */
export function scalarTexts(field: FieldDocument, data: FieldData, timeZone: string): string[] {
  const { scalars } = data
  const { type, name } = field
  const isLeftOut = data.valid_data.length > 0
  switch (type) {
    case dataTypes.VarChar:
    case dataTypes.Text:
    case dataTypes.String: {
      const texts = scalars?.string_data?.data ?? []
      if (texts.length === 0 && !isLeftOut) throw mismatch('varchar', name, 'need string array')
      checkLengths(field, texts)
      return texts.map((text) => JSON.stringify(text))
    }
    case dataTypes.JSON: {
      const values = scalars?.json_data?.data ?? []
      if (values.length === 0 && !isLeftOut) throw mismatch('json', name, 'need json array')
      return values.map((bytes) => (isNull(field, bytes) ? 'null' : jsonText(field, bytes)))
    }
    case dataTypes.Timestamptz:
      return (scalars?.string_data?.data ?? []).map((text) => JSON.stringify(momentOf(text, timeZone)))
    case dataTypes.Array:
      return arrayTexts(field, scalars?.array_data?.data ?? [])
    default:
      return plainTexts(type, scalars)
  }
}

const mismatch = (kind: string, field: string, expected: string): MilvusError =>
  invalid(`${kind} field '${field}' is illegal, array type mismatch`, expected, 'got nil')

export { mismatch as columnMismatch }

/** Of numbers, booleans and texts without a rule of their own. */
function plainTexts(type: number, scalars: ScalarField | null): string[] {
  switch (type) {
    case dataTypes.Bool:
      return (scalars?.bool_data?.data ?? []).map(String)
    case dataTypes.Int8:
    case dataTypes.Int16:
    case dataTypes.Int32: {
      const values = scalars?.int_data?.data ?? []
      checkRange(type, values)
      return values.map(String)
    }
    case dataTypes.Int64:
      return (scalars?.long_data?.data ?? []).map(String)
    case dataTypes.Float:
      return Array.from(scalars?.float_data?.data ?? [], (value) => numberText(shortestFloat(value)))
    case dataTypes.Double:
      return (scalars?.double_data?.data ?? []).map(numberText)
    case dataTypes.Geometry:
      return (scalars?.geometry_wkt_data?.data ?? []).map((text) => JSON.stringify(checkedWkt(text)))
    default:
      return (scalars?.string_data?.data ?? []).map((text) => JSON.stringify(text))
  }
}

/** JSON has no names for NaN and the infinities: they are kept as texts. */
export const numberText = (value: number): string =>
  Number.isFinite(value) ? stringifyJson(value) : `"${value}"`

function checkRange(type: number, values: readonly number[]): void {
  const range = ranges[type]
  if (range === undefined) return
  const [low, high] = range
  values.forEach((value, at) => {
    if (value >= low && value <= high) return
    const what = `the ${at}th element (${value}) out of range: [${low}, ${high}]`
    throw invalid(what, "integer doesn't overflow", 'out of range')
  })
}

function checkLengths({ params, type }: FieldDocument, texts: readonly string[]): void {
  if (type !== dataTypes.VarChar) return
  const most = Number(params['max_length'] ?? 65_535)
  texts.forEach((text, at) => {
    // A character has at most three bytes to a unit.
    if (text.length * 3 <= most) return
    const bytes = Buffer.byteLength(text)
    if (bytes <= most) return
    const what = `the length (${bytes}) of ${at}th string exceeds max length (${most})`
    throw invalid(what, 'valid length string', 'string length exceeds max length')
  })
}

function momentOf(text: string, timeZone: string): string {
  try {
    return storedMoment(text, timeZone)
  } catch (error) {
    if (!(error instanceof MomentError)) throw error
    const why = `must be a valid IANA Time Zone ID (e.g., 'Asia/Shanghai' or 'UTC')`
    throw invalidParameter(`got invalid timestamptz string '${text}': invalid timezone name; ${why}`)
  }
}

/** The Node client sends null as no bytes at all, in a row that it calls valid. */
const isNull = ({ nullable }: FieldDocument, bytes: Uint8Array): boolean =>
  nullable === true && bytes.length === 0

function jsonText({ name }: FieldDocument, bytes: Uint8Array): string {
  if (bytes.length > jsonMax) {
    const what = `the length (${bytes.length}) of json field (${name}) exceeds max length (${jsonMax})`
    throw invalid(what, 'valid length json string', 'length exceeds max length')
  }
  parsed(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

/** @throws 1001 */
function parsed(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new MilvusError(ioFailed, `IO failed: json: ${error.message}`, { cause: error })
  }
}

function notAnObject(value: JsonValue): MilvusError {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  const go = 'Go value of type map[string]interface {}'
  return new MilvusError(
    ioFailed,
    `IO failed: json: cannot unmarshal ${kind === 'bigint' ? 'number' : kind} into ${go}`,
  )
}

/** What stands between the braces of a row's dynamic keys. @throws 1100, 1001 */
export function dynamicMembers(bytes: Uint8Array, fields: ReadonlySet<string>): string {
  if (bytes.length > jsonMax) {
    const what = `the length (${bytes.length}) of dynamic field exceeds max length (${jsonMax})`
    throw invalid(what, 'valid length dynamic field', 'length exceeds max length')
  }
  const value = parsed(bytes)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw notAnObject(value)
  for (const key of Object.keys(value)) {
    if (!fields.has(key)) continue
    const what = `dynamic field name cannot include the static field name: ${key}`
    throw invalid(what, 'a name of its own', key)
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().trim()
  return text.slice(1, -1).trim()
}

function arrayTexts(field: FieldDocument, rows: readonly ScalarField[]): string[] {
  return arrayItems(field, rows).map((items) => `[${items.join(',')}]`)
}

/** The elements of each array as JSON. @throws 1100 */
export function arrayItems(field: FieldDocument, rows: readonly ScalarField[]): string[][] {
  const { elementType = 0, name } = field
  return rows.map((row, at) => {
    checkElements(name, elementType, row)
    checkLengths({ ...field, type: elementType }, row.string_data?.data ?? [])
    const items = plainTexts(elementType, row)
    checkCapacity(field, items.length, at)
    return items
  })
}

/** @throws 1100 */
export function checkCapacity({ params }: FieldDocument, length: number, row: number): void {
  const most = Number(params['max_capacity'] ?? 4_096)
  if (length <= most) return
  const what = `the length (${length}) of ${row}th array exceeds max capacity (${most})`
  throw invalid(what, 'valid length array', 'array length exceeds max capacity')
}

const listsOf: readonly (readonly [keyof ScalarField, (type: number) => boolean])[] = [
  ['bool_data', (type) => type === dataTypes.Bool],
  ['int_data', (type) => type >= dataTypes.Int8 && type <= dataTypes.Int32],
  ['long_data', (type) => type === dataTypes.Int64],
  ['float_data', (type) => type === dataTypes.Float],
  ['double_data', (type) => type === dataTypes.Double],
  ['string_data', isTextType],
]

/** An empty list may come as one of any type, or of none. */
function checkElements(field: string, type: number, row: ScalarField): void {
  for (const [list, fits] of listsOf) {
    const found = row[list]
    if (found === null || found.data.length === 0 || fits(type)) continue
    const expected = `need ${typeName(type)} array`
    throw invalid(`insert data does not match: array field '${field}'`, expected, `got ${list}`)
  }
}
