import type { PayloadIndexParams } from '../../../index.ts'
import { dataTypes, isIntegerType, isTextType, typeName } from '../schema/data-types.ts'
import type { FieldDocument } from '../schema/document.ts'
import { codes, invalidParameter, MilvusError } from '../status.ts'
import { isInStruct } from '../schema/struct-names.ts'
import type { IndexParams } from './index-params.ts'
import { jsonIndexParams } from './json-index.ts'

const isNumber = (type: number): boolean =>
  isIntegerType(type) || type === dataTypes.Float || type === dataTypes.Double

const isPlain = (type: number): boolean => isNumber(type) || isTextType(type) || type === dataTypes.Bool

/** What an index type is good for, of a field's type or, for arrays, that of its elements. */
const fits: Readonly<Record<string, (type: number, field: FieldDocument) => boolean>> = {
  AUTOINDEX: isKnown,
  INVERTED: isKnown,
  HYBRID: isKnown,
  BITMAP: (type, { isPrimaryKey }) =>
    isPrimaryKey !== true && (isIntegerType(type) || isTextType(type) || type === dataTypes.Bool),
  STL_SORT: (type, field) =>
    (field.type !== dataTypes.Array || isInStruct(field)) &&
    ((isInStruct(field) && isTextType(type)) || isNumber(type) || type === dataTypes.Timestamptz),
  Trie: isTextField,
  TRIE: isTextField,
  NGRAM: (type, { type: own }) => own !== dataTypes.Array && (isTextType(type) || type === dataTypes.JSON),
  RTREE: (type) => type === dataTypes.Geometry,
}

function isTextField(type: number, { type: own }: FieldDocument): boolean {
  return own !== dataTypes.Array && isTextType(type)
}

function isKnown(type: number): boolean {
  return (
    isPlain(type) || type === dataTypes.JSON || type === dataTypes.Geometry || type === dataTypes.Timestamptz
  )
}

/** The parameters as the collection keeps them. @throws 1100, 1101, 65535 */
export function scalarIndexParams(field: FieldDocument, given: IndexParams): IndexParams {
  const type = (given['index_type'] ?? '') || 'AUTOINDEX'
  const valueType = field.type === dataTypes.Array ? (field.elementType ?? 0) : field.type
  if (type === 'INVERTED' && (field.type === dataTypes.Timestamptz || field.type === dataTypes.Geometry))
    throw invalidParameter(`INVERTED are not supported on ${typeName(field.type)} field`)
  if (type === 'RTREE' && field.type !== dataTypes.Geometry)
    throw invalidParameter('RTREE index can only be built on geometry field')
  if (fits[type]?.(valueType, field) !== true) {
    const expected = isTextType(valueType) ? 'Trie' : isNumber(valueType) ? 'STL_SORT' : 'INVERTED'
    throw new MilvusError(
      codes.invalidParameter,
      `index type not match: invalid parameter[expected=${expected}][actual=${type}]`,
    )
  }
  if (type === 'NGRAM') checkGrams(given)
  const { metric_type: metric, ...rest } =
    field.type === dataTypes.JSON ? jsonIndexParams(field, given) : given
  return {
    ...rest,
    index_type: type,
    ...(metric === undefined || metric === '' ? {} : { metric_type: metric }),
  }
}

function checkGrams({ min_gram: min, max_gram: max }: IndexParams): void {
  if (min === undefined || max === undefined)
    throw invalidParameter('Ngram index must specify both min_gram and max_gram')
  const [least, most] = [Number(min), Number(max)]
  if (!Number.isInteger(least) || !Number.isInteger(most) || least < 1 || least > most)
    throw invalidParameter(
      `invalid min_gram or max_gram value for Ngram index, min_gram: ${min}, max_gram: ${max}`,
    )
}

/** The engine's index that answers filters on the field faster; undefined where it has none that fits. */
export function payloadIndexOf(field: FieldDocument): PayloadIndexParams | undefined {
  if (isInStruct(field)) return undefined
  const type = field.type === dataTypes.Array ? (field.elementType ?? 0) : field.type
  if (isIntegerType(type)) return { type: 'integer' }
  if (type === dataTypes.VarChar) return { type: 'keyword' }
  if (type === dataTypes.Bool) return { type: 'bool' }
  if (type === dataTypes.Timestamptz) return { type: 'datetime' }
  return type === dataTypes.Float || type === dataTypes.Double ? { type: 'float' } : undefined
}
