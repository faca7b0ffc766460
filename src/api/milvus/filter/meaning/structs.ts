import type { Reference, RowExpression } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import type { Node } from '../grammar/syntax.ts'
import { scalarType } from './columns.ts'
import type { BuildScope, Column, FilterField, FilterStruct, Predicate, Scope } from './meaning.ts'

type Elements = Extract<Node, { kind: 'elements' }>

/** An array of structs as a whole: whether it is null, and how long it is, can be asked. */
export function structColumn({ name }: FilterStruct): Column {
  const reference: Reference = { kind: 'reference', path: [name], type: 'list' }
  return { ...arrayOf(dataTypes.Struct), isWhole: true, reference, field: undefined }
}

const arrayOf = (elementType: number): Pick<Column, 'kind' | 'dataType' | 'elementType'> => ({
  kind: 'column',
  dataType: dataTypes.Array,
  elementType,
})

const form = /^(\$|\w+)(?:\[(\d+)\])?\[(\w+)\]$/

/** `$[field]`, `struct[field]`, `struct[0][field]`. @throws ExpressionError */
export function structFieldColumn(text: string, scope: Scope): Column {
  const [, name = '', index, own = ''] = form.exec(text) ?? []
  if (name === '$') return elementColumn(own, scope)
  if (scope.struct !== undefined)
    throw new ExpressionError(`a test of structs has only fields of theirs, as $[…]: ${text}`, ends.input)
  const struct = scope.schema.structs?.find((one) => one.name === name)
  const field = struct?.fields.find((one) => one.name === own)
  if (field === undefined) throw missing(text)
  const { elementType = 0, dataType } = field
  const element = scalarType(elementType)
  if (index !== undefined) {
    const reference: Reference = {
      kind: 'reference',
      path: [name, Number(index), own],
      type: element ?? 'json',
    }
    return { ...arrayOf(elementType), dataType, isWhole: false, reference, field }
  }
  const reference: Reference = {
    kind: 'reference',
    path: [name],
    type: 'list',
    each: own,
    ...(element && { element }),
  }
  return { ...arrayOf(elementType), dataType, isWhole: true, reference, field }
}

/** A field of the struct that is tested, which is what a payload is elsewhere. */
function elementColumn(own: string, { struct }: Scope): Column {
  if (struct === undefined)
    throw new ExpressionError(`$[${own}] syntax can only be used inside ElementFilter or MATCH_*`, ends.input)
  const field = struct.fields.find(({ name }) => name === own)
  if (field === undefined) throw missing(`${struct.name}[${own}]`)
  const { elementType = 0 } = field
  const reference: Reference = {
    kind: 'reference',
    path: [own],
    type: scalarType(elementType) ?? 'json',
  }
  return { kind: 'column', dataType: elementType, elementType, isWhole: true, reference, field: plain(field) }
}

/** What is asked of the field as such is not asked of the elements. */
const plain = ({ name, elementType = 0 }: FilterField): FilterField => ({ name, dataType: elementType })

function missing(text: string): ExpressionError {
  const why = `failed to get field schema by name: fieldName(${text}) not found`
  return new ExpressionError(`struct field not found: ${text}, error: ${why}`, ends.struct)
}

/** @throws ExpressionError if there is no such array of structs, or the test is within another one */
export function testedStruct({ struct: name, quantity, threshold }: Elements, scope: Scope): FilterStruct {
  const word = quantity === 'filter' ? 'ElementFilter' : `MATCH_${quantity.toUpperCase()}`
  if (scope.struct !== undefined)
    throw new ExpressionError(
      `nested ${word} is not supported, already inside match expression for field: ${scope.struct.name}`,
      ends.input,
    )
  if (quantity === 'least' && Number(threshold) <= 0)
    throw new ExpressionError(`count in ${word} must be positive, got: ${String(threshold)}`, ends.input)
  const struct = scope.schema.structs?.find((one) => one.name === name)
  if (struct !== undefined) return struct
  throw new ExpressionError(`struct array field not found: ${name}`, ends.input)
}

export function elementsPredicate(
  quantity: Elements['quantity'],
  struct: FilterStruct,
  test: Predicate,
  threshold: number,
): Predicate {
  const of: Reference = { kind: 'reference', path: [struct.name], type: 'list' }
  const build = (scope: BuildScope): RowExpression => {
    const own = test.build(scope)
    switch (quantity) {
      case 'filter':
      case 'any':
        return { kind: 'elements', of, test: own, least: 1 }
      case 'all':
        return { kind: 'elements', of, test: { kind: 'not', operand: own }, most: 0 }
      case 'least':
        return { kind: 'elements', of, test: own, least: threshold }
      case 'most':
        return { kind: 'elements', of, test: own, most: threshold }
      case 'exact':
        return { kind: 'elements', of, test: own, least: threshold, most: threshold }
    }
  }
  if (quantity !== 'filter') return { kind: 'predicate', build }
  const elements = (scope: BuildScope): { struct: string; test: RowExpression } => ({
    struct: struct.name,
    test: test.build(scope),
  })
  return { kind: 'predicate', build, elements }
}
