import { RawJson, type PointInput, type VectorInput } from '../../../../index.ts'
import { vectorNameOf, type CollectionModel } from '../../schema/collection-model.ts'
import { isVectorType } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { invalidParameter } from '../../status.ts'
import { invalid } from './scalar-column.ts'
import { newPointId, type PrimaryKey } from '../keys.ts'
import { absentText, type ColumnSet } from './column-set.ts'

type Config = Parameters<typeof vectorNameOf>[0]

/** Whole rows as points, one by one: fields that were not sent are null, or have their default value. See `checkFields`. */
export function pointReader(
  model: CollectionModel,
  reader: Config,
  columns: ColumnSet,
  keys: readonly PrimaryKey[],
): (row: number) => PointInput {
  const payloadOf = payloadWriter(model, columns, keys)
  const vectors = [...columns.vectors].map(
    ([field, values]) => [vectorNameOf(reader, field), values] as const,
  )
  return (row) => ({
    id: newPointId(model, keys[row]!),
    payload: new RawJson(payloadOf(row)),
    vectors: vectorsAt(vectors, row),
  })
}

function vectorsAt(
  columns: readonly (readonly [string, readonly (VectorInput | undefined)[]])[],
  row: number,
): Record<string, VectorInput> {
  const vectors: Record<string, VectorInput> = {}
  for (const [name, values] of columns) {
    const vector = values[row]
    if (vector !== undefined) vectors[name] = vector
  }
  return vectors
}

/** A payload's text: the key, the fields, the dynamic keys. */
function payloadWriter(
  model: CollectionModel,
  { scalars, dynamic }: ColumnSet,
  keys: readonly PrimaryKey[],
): (row: number) => string {
  const columns = model.document.fields
    .filter(({ type, isPrimaryKey }) => !isVectorType(type) && isPrimaryKey !== true)
    .map((field) => {
      const values = scalars.get(field.name)
      const absent = absentText(field)
      const name = `${JSON.stringify(field.name)}:`
      return (row: number) => name + (values?.[row] ?? absent)
    })
  for (const { name: struct } of model.structs.values()) {
    const values = scalars.get(struct)
    const name = `${JSON.stringify(struct)}:`
    columns.push((row) => name + (values?.[row] ?? 'null'))
  }
  const keyName = `${JSON.stringify(model.primaryKey.name)}:`
  return (row) => {
    const key = keys[row]!
    // A point that was made elsewhere has its id for a key, and its payload is only its own.
    const members = model.isForeign ? [] : [keyName + (typeof key === 'string' ? JSON.stringify(key) : key)]
    for (const memberOf of columns) members.push(memberOf(row))
    const more = dynamic?.[row] ?? ''
    if (more !== '') members.push(more)
    return `{${members.join(',')}}`
  }
}

/** @throws 1100 if a field is missing that may not be */
export function checkFields(model: CollectionModel, columns: ColumnSet): void {
  checkStructs(model, columns)
  for (const field of model.document.fields) {
    if (isOptional(field) || columns.scalars.has(field.name) || columns.vectors.has(field.name)) continue
    const what = `fieldSchema(${field.name}) has no corresponding fieldData pass in`
    throw invalid(what, `data of the field ${field.name}`, 'nothing')
  }
}

/** @throws 1100 if an array of structs is missing that may not be */
function checkStructs({ structs }: CollectionModel, columns: ColumnSet): void {
  for (const { name, nullable } of structs.values()) {
    if (nullable === true || columns.scalars.has(name)) continue
    throw invalidParameter(`required struct array field '${name}' is missing in insert data`)
  }
}

/** Keys are checked where they are made. */
const isOptional = (field: FieldDocument): boolean =>
  field.isPrimaryKey === true ||
  field.nullable === true ||
  field.defaultValue !== undefined ||
  field.isFunctionOutput === true
