import { invalidParameter } from '../status.ts'
import { checkArray, checkDimensions, checkSystemField, elementTypes } from './check-schema.ts'
import { dataTypes, isDenseType, typeName } from './data-types.ts'
import type { FieldDocument, MilvusDocument, StructDocument } from './document.ts'
import { fieldOf, mapOf, type StructMessage } from './messages.ts'
import { checkFieldName } from './names.ts'
import { fullName, ownNameOf } from './struct-names.ts'

/** Structs have numbers from `firstId` on, each before its fields. @throws 1100 for what a struct cannot have */
export function structsOf(messages: readonly StructMessage[], firstId: number): StructDocument[] {
  let next = firstId
  return messages.map((message) => {
    const { name, description, nullable, type_params: params } = message
    const id = next++
    const fields = message.fields.map((one) => {
      refuseMarks(one)
      const field = fieldOf(one, next++)
      return { ...field, name: fullName(name, one.name), ...(nullable ? { nullable } : {}) }
    })
    return {
      id,
      name,
      ...(description === '' ? {} : { description }),
      ...(nullable ? { nullable } : {}),
      fields,
      params: mapOf(params),
    }
  })
}

function refuseMarks(field: StructMessage['fields'][number]): void {
  const { name } = field
  const refuse = (what: string): never => {
    throw invalidParameter(`${what} is not supported for struct field, field name = ${name}`)
  }
  if (field.is_primary_key) refuse('primary key')
  if (field.autoID) refuse('autoID')
  if (field.is_partition_key) refuse('partition key')
  if (field.is_clustering_key) refuse('clustering key')
  if (field.is_function_output) refuse('function output')
  if (field.is_dynamic) refuse('dynamic field')
  if (field.default_value !== undefined && field.default_value !== null) refuse('default value')
}

/** @throws 1100, 1701 */
export function checkStructs({ fields, structs = [] }: Pick<MilvusDocument, 'fields' | 'structs'>): void {
  const names = new Set(fields.map(({ name }) => name))
  for (const struct of structs) {
    checkFieldName(struct.name)
    checkSystemField(struct.name)
    if (names.has(struct.name)) throw invalidParameter(`duplicated field name ${struct.name}`)
    names.add(struct.name)
    checkStruct(struct)
  }
}

function checkStruct({ name, fields, nullable }: StructDocument): void {
  if (fields.length === 0) throw invalidParameter(`struct array field ${name} has no sub-fields`)
  const names = new Set<string>()
  const capacity = fields[0]!.params['max_capacity']
  for (const field of fields) {
    const own = ownNameOf(field)
    checkFieldName(own)
    checkSystemField(own)
    if (names.has(own)) throw invalidParameter(`duplicated field name ${own}`)
    names.add(own)
    checkSubField(field)
    const its = field.params['max_capacity']
    if (its !== capacity)
      throw invalidParameter(
        'all sub-fields in struct array field must have the same max_capacity: ' +
          `structName=${name}, subFieldName=${own}, max_capacity=${String(its)}, expected=${String(capacity)}`,
      )
    if (field.nullable === true && nullable !== true)
      throw invalidParameter(
        'sub-field in non-nullable struct cannot be nullable individually, set nullable on the struct instead: ' +
          `structName=${name}, subFieldName=${own}`,
      )
  }
}

const nested: ReadonlySet<number> = new Set([
  dataTypes.Array,
  dataTypes.ArrayOfVector,
  dataTypes.ArrayOfStruct,
  dataTypes.Struct,
])

function checkSubField(field: FieldDocument): void {
  const { type, elementType = 0 } = field
  const own = ownNameOf(field)
  if (type !== dataTypes.Array && type !== dataTypes.ArrayOfVector)
    throw invalidParameter(
      `fields in StructArrayField can only be array or array of struct, but field ${own} is ${typeName(type)}`,
    )
  if (nested.has(elementType)) throw invalidParameter(`nested array is not supported ${own}`)
  if (type === dataTypes.ArrayOfVector) {
    if (!isDenseType(elementType))
      throw invalidParameter(
        `Unsupported element type ${typeName(elementType)} of ArrayOfVector field ${own}, ` +
          'only fixed dimension vector types are supported',
      )
    checkDimensions({ ...field, name: own, type: elementType })
  } else if (!elementTypes.has(elementType))
    throw invalidParameter(`element type ${typeName(elementType)} is not supported`)
  checkArray({ ...field, name: own })
}
