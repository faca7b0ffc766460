import type { Reference, ScalarType } from '../../../../index.ts'
import { dataTypes, isIntegerType, isTextType, isVectorType } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import { nameOfType } from './constants.ts'
import type { Column, FilterField, Scope } from './meaning.ts'
import { structColumn } from './structs.ts'

const meta = '$meta'

/** A field, or a dynamic key. @throws ExpressionError if there is neither */
export function columnOf(name: string, scope: Scope): Column {
  const found = scope.schema.fields.find((field) => field.name === name)
  const struct = scope.schema.structs?.find((one) => one.name === name)
  if (found === undefined && struct !== undefined) return structColumn(struct)
  return found === undefined ? dynamicColumn(name === meta ? [] : [name], scope) : fieldColumn(found)
}

function fieldColumn(field: FilterField): Column {
  const { dataType, elementType = 0, name } = field
  const type = referenceType(dataType)
  const element = dataType === dataTypes.Array ? scalarType(elementType) : undefined
  const reference: Reference = { kind: 'reference', path: [name], type, ...(element && { element }) }
  return { kind: 'column', dataType, elementType, isWhole: true, reference, field }
}

function dynamicColumn(path: Reference['path'], scope: Scope): Column {
  const [name] = path
  if (!scope.schema.hasDynamicField) {
    throw new ExpressionError(`field ${name ?? meta} not exist`, ends.number)
  }
  const reference: Reference = { kind: 'reference', path, type: 'json', columnSteps: 0 }
  return {
    kind: 'column',
    dataType: dataTypes.JSON,
    elementType: 0,
    isWhole: path.length === 0,
    reference,
    field: undefined,
  }
}

const step = /\[(?:([uUL]|u8)?(["'])((?:[^\\]|\\.)*?)\2|(\d+))\]/gsu

/** `name["key"][0]`. @throws ExpressionError */
export function pathColumn(text: string, scope: Scope): Column {
  const name = text.slice(0, text.indexOf('['))
  const field = scope.schema.fields.find((one) => one.name === name)
  if (field !== undefined && field.dataType !== dataTypes.JSON && field.dataType !== dataTypes.Array) {
    throw new ExpressionError(
      `${nameOfType(field.dataType)} data type not supported accessed with []`,
      ends.input,
    )
  }
  const steps: (string | number)[] = []
  for (const [, , quote, key, index] of text.slice(name.length).matchAll(step)) {
    if (quote !== undefined && key === '')
      throw new ExpressionError(`invalid identifier: ${text}`, ends.input)
    if (quote !== undefined && field?.dataType === dataTypes.Array) {
      throw new ExpressionError('can only access array field with integer index')
    }
    steps.push(index === undefined ? stepOf(decodeUnicode(key!)) : Number(index))
  }
  if (field === undefined) return dynamicPath(name, steps, scope)
  return { ...elementColumn(field, steps), isWhole: false, field }
}

/** A key of digits is an index where a list stands, as in the pointers that the original makes of these paths. */
function stepOf(key: string): string | number {
  return /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : key
}

/** `\u65e5` as its character. */
function decodeUnicode(key: string): string {
  return key.replace(/\\u([\da-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

function dynamicPath(name: string, steps: readonly (string | number)[], scope: Scope): Column {
  const path = name === meta ? steps : [name, ...steps]
  const found = dynamicColumn(path, scope)
  if (name !== meta || !scope.schema.fields.some((field) => field.name === String(path[0]))) return found
  // A field lies beside the dynamic keys and is none of them: nothing is under such a name.
  return { ...found, reference: { ...found.reference, path: [meta, ...path] } }
}

function elementColumn(
  field: FilterField,
  steps: readonly (string | number)[],
): Omit<Column, 'isWhole' | 'field'> {
  const { name, dataType, elementType = 0 } = field
  if (dataType === dataTypes.JSON) {
    const reference: Reference = { kind: 'reference', path: [name, ...steps], type: 'json' }
    return { kind: 'column', dataType, elementType, reference }
  }
  // Of several indexes behind an array the original takes the first.
  const reference: Reference = {
    kind: 'reference',
    path: [name, steps[0]!],
    type: scalarType(elementType) ?? 'json',
  }
  return { kind: 'column', dataType, elementType, reference }
}

/** What the values of a column are compared as: its own type, or that of an array's element. */
export function comparedType({ dataType, elementType, isWhole }: Column): number {
  return dataType === dataTypes.Array && !isWhole ? elementType : dataType
}

function referenceType(dataType: number): Reference['type'] {
  if (dataType === dataTypes.Timestamptz) return 'moment'
  if (dataType === dataTypes.Geometry) return 'text'
  return dataType === dataTypes.Array ? 'list' : (scalarType(dataType) ?? 'json')
}

export function scalarType(dataType: number): ScalarType | undefined {
  if (dataType === dataTypes.Bool) return 'bool'
  if (isIntegerType(dataType)) return 'int'
  if (dataType === dataTypes.Float) return 'float'
  if (dataType === dataTypes.Double) return 'double'
  return isTextType(dataType) ? 'text' : undefined
}

export function isVectorColumn({ dataType }: Column): boolean {
  return isVectorType(dataType) || dataType === dataTypes.ArrayOfVector
}
