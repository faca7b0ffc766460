import { codes, invalidParameter, MilvusError } from '../status.ts'
import { checkZone, zoneProperty } from '../time/zone.ts'
import {
  dataTypes,
  holdsVectors,
  isDenseType,
  isIntegerType,
  isTextType,
  isVectorType,
  typeName,
} from './data-types.ts'
import type { FieldDocument, MilvusDocument } from './document.ts'
import { checkFieldName } from './names.ts'
import { checkedWkt } from './wkt.ts'

/** All of them may have vectors. */
const fieldsMax = 64
const dimensionsMax = 32_768
const lengthMax = 65_535
const capacityMax = 4_096
const keyPartitionsMax = 1_024
/** A hundred years, in seconds. */
const timeToLiveMax = 3_155_760_000
const systemFields = ['RowID', 'Timestamp', '$meta']
/** The key of Milvus' external collections. */
const virtualKey = '__virtual_pk__'
const scalarTypes: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 10, 11, 21, 22, 23, 24, 25, 26])
export const elementTypes: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 10, 11, 21])

/** What Milvus demands of a schema. `shards` as they were asked for. @throws 1100, 1701 */
export function checkSchema(
  document: Pick<MilvusDocument, 'fields' | 'structs' | 'keyPartitions' | 'properties'>,
  shards: number,
): void {
  const { fields, structs = [] } = document
  const inStructs = structs.flatMap((struct) => struct.fields)
  if (fields.length + structs.length + inStructs.length > fieldsMax)
    throw invalidParameter(`maximum field's number should be limited to ${fieldsMax}`)
  if (shards > 16) throw invalidParameter("maximum shards's number should be limited to 16")
  for (const { name } of fields) checkSystemField(name)
  for (const { name } of fields) checkFieldName(name)
  if (new Set(fields.map(({ name }) => name)).size < fields.length)
    throw invalidParameter('duplicated field name')
  checkPrimaryKey(fields)
  for (const field of fields) checkField(field)
  if (![...fields, ...inStructs].some(({ type }) => holdsVectors(type)))
    throw invalidParameter('schema does not contain vector field')
  checkPartitionKey(fields, document.keyPartitions)
  checkProperties(document.properties)
}

export function checkSystemField(name: string): void {
  if (name === virtualKey)
    throw new MilvusError(
      codes.fieldInvalidName,
      `field name "${name}" is reserved for internal use and cannot be used in user schemas: field name invalid[field=${name}]`,
    )
  if (!systemFields.slice(0, 2).includes(name)) return
  throw invalidParameter(
    `schema contains system field: ${systemFields.join(', ')}`,
    "[expected=schema don't contains system field][actual=contains]",
  )
}

function checkPrimaryKey(fields: readonly FieldDocument[]): void {
  const keys = fields.filter(({ isPrimaryKey }) => isPrimaryKey)
  if (keys.length === 0) throw invalidParameter('primary key is not specified')
  if (keys.length > 1) throw invalidParameter('there are more than one primary key')
  const [key] = keys
  if (key!.type !== dataTypes.Int64 && key!.type !== dataTypes.VarChar)
    throw invalidParameter('the data type of primary key should be Int64 or VarChar')
  if (key!.nullable) throw invalidParameter('primary field not support null')
  if (key!.defaultValue !== undefined) throw invalidParameter('primary field not support default_value')
  if (fields.some((field) => field.autoId && !field.isPrimaryKey))
    throw invalidParameter('only primary field can speficy AutoID with true')
}

/** @throws 1100 */
export function checkField(field: FieldDocument): void {
  const { name, type } = field
  if (isVectorType(type)) checkVector(field)
  else if (!scalarTypes.has(type))
    throw invalidParameter(`data type ${typeName(type)} of field ${name} is not supported`)
  if (isTextType(type) && type !== dataTypes.Text) checkLength(field)
  if (type === dataTypes.Array) checkArray(field)
  if (field.defaultValue !== undefined) checkDefault(field)
}

function checkVector(field: FieldDocument): void {
  const { name, type } = field
  if (field.defaultValue !== undefined)
    throw invalidParameter(`type not support default_value, field ${name}`)
  if (type !== dataTypes.SparseFloatVector) checkDimensions(field)
}

/** Of a dense vector. @throws 1100 */
export function checkDimensions({ name, type, params }: FieldDocument): void {
  const { dim } = params
  if (dim === undefined)
    throw invalidParameter(
      'dimension is not defined in field type params, check type param `dim` for vector field',
    )
  if (!/^-?\d+$/.test(dim)) throw invalidParameter(`strconv.ParseInt: parsing "${dim}": invalid syntax`)
  const isBinary = type === dataTypes.BinaryVector
  const most = isBinary ? dimensionsMax * 8 : dimensionsMax
  const dimensions = Number(dim)
  if (dimensions < 2 || dimensions > most) {
    const kind = isBinary ? 'binary' : 'float'
    throw invalidParameter(
      `invalid dimension: ${dim} of field ${name}. ${kind} vector dimension should be in range 2 ~ ${most}`,
    )
  }
  if (isBinary && dimensions % 8 !== 0)
    throw invalidParameter(
      `invalid dimension: ${dim} of field ${name}. binary vector dimension should be multiple of 8`,
    )
}

function checkLength({ name, params }: FieldDocument): void {
  const { max_length: given } = params
  if (given === undefined)
    throw invalidParameter(
      `type param(max_length) should be specified for the field(${name}) of VarChar type`,
    )
  const length = Number(given)
  if (!Number.isInteger(length) || length <= 0 || length > lengthMax)
    throw invalidParameter(
      `the maximum length specified for the field(${name}) should be in (0, ${lengthMax}], but got ${given} instead`,
    )
}

/** Of scalars, or of vectors that have been looked at. @throws 1100 */
export function checkArray(field: FieldDocument): void {
  const { name, elementType = 0, params, type } = field
  if (type === dataTypes.Array && !elementTypes.has(elementType))
    throw invalidParameter(`element data type ${typeName(elementType)} is not valid`)
  const { max_capacity: given } = params
  const capacity = Number(given)
  if (given === undefined)
    throw invalidParameter(`type param(max_capacity) should be specified for array field ${name}`)
  if (!Number.isInteger(capacity) || capacity <= 0 || capacity > capacityMax)
    throw invalidParameter(`the maximum capacity specified for a Array should be in (0, ${capacityMax}]`)
  if (elementType === dataTypes.VarChar) checkLength(field)
}

function checkDefault({ name, type, defaultValue, params }: FieldDocument): void {
  const fail = (why: string): MilvusError => invalidParameter(`default value of field ${name}: ${why}`)
  if (type === dataTypes.Array || type === dataTypes.JSON || isDenseType(type))
    throw invalidParameter(`type not support default_value, type:${typeName(type)}, name:${name}`)
  const mismatch = fail(`its type mismatches ${typeName(type)}`)
  if (type === dataTypes.Timestamptz) {
    // It was read before.
    if (typeof defaultValue === 'string') return
    const given = `DataType_${typeof defaultValue === 'boolean' ? 'Bool' : 'Int64'}`
    throw invalidParameter(
      `type (Timestamptz) of field (${name}) is not equal to the type(${given}) of default_value`,
    )
  }
  switch (typeof defaultValue) {
    case 'boolean':
      if (type !== dataTypes.Bool) throw mismatch
      return
    case 'string': {
      if (type === dataTypes.Geometry) {
        checkedWkt(defaultValue)
        return
      }
      if (!isTextType(type)) throw mismatch
      const bytes = Buffer.byteLength(defaultValue)
      const most = Number(params['max_length'] ?? lengthMax)
      if (bytes > most) throw fail(`the length (${bytes}) of string exceeds max length (${most})`)
      return
    }
    case 'number':
    case 'bigint':
      if (type === dataTypes.Bool || isTextType(type)) throw mismatch
      if (isIntegerType(type) && !isInRange(type, BigInt(defaultValue)))
        throw fail(`[${defaultValue}] is out of range for ${typeName(type)}`)
      return
    default:
      throw mismatch
  }
}

/** True if an integer type holds the value. */
export function isInRange(type: number, value: bigint): boolean {
  const bits = { [dataTypes.Int8]: 8n, [dataTypes.Int16]: 16n, [dataTypes.Int32]: 32n }[type] ?? 64n
  const half = 1n << (bits - 1n)
  return value >= -half && value < half
}

function checkPartitionKey(fields: readonly FieldDocument[], partitions: number): void {
  const keys = fields.filter(({ isPartitionKey }) => isPartitionKey)
  if (keys.length > 1)
    throw invalidParameter(
      `there are more than one partition key, field name = ${keys[0]!.name}, ${keys[1]!.name}`,
    )
  const [key] = keys
  if (key === undefined) return
  if (key.isPrimaryKey) throw invalidParameter('the partition key field must not be primary field')
  if (key.type !== dataTypes.Int64 && key.type !== dataTypes.VarChar)
    throw invalidParameter('the data type of partition key should be Int64 or VarChar')
  if (partitions > keyPartitionsMax)
    throw invalidParameter(`partition number (${partitions}) exceeds max configuration (${keyPartitionsMax})`)
}

/** Of a new collection: its time to live is kept as it is given. @throws 1100 */
export function checkProperties(properties: Readonly<Record<string, string>>): void {
  if (properties[zoneProperty] !== undefined) checkZone(properties[zoneProperty])
}

/** Of those that are to be changed. @throws 1100 */
export function checkChanges(properties: Readonly<Record<string, string>>): void {
  checkProperties(properties)
  const ttl = properties['collection.ttl.seconds']
  if (ttl === undefined) return
  if (!/^[+-]?\d+$/.test(ttl)) throw invalidParameter('collection TTL is not a valid positive integer')
  const seconds = Number(ttl)
  if (seconds < -1 || seconds > timeToLiveMax)
    throw invalidParameter(`collection TTL is out of range, expect [-1, ${timeToLiveMax}], got ${seconds}`)
}
