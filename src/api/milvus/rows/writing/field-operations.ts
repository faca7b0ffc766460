import { stringifyJson, type JsonObject, type JsonValue } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes, typeName } from '../../schema/data-types.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'

/** A `FieldPartialUpdateOp` message: 0 replaces the value, 1 appends to the array, 2 removes from it. */
export interface FieldOperation {
  readonly field_name: string
  readonly op: number
}

const append = 1

/** What becomes of the arrays of one row. */
export type ArrayChange = (before: JsonObject, sent: JsonObject) => JsonObject

/**
 * What operations do to what was sent: elements come behind those that are there, or all that equal one of them go. A row
 * that is not there, or that has no array, has an empty one. Undefined if nothing but replacing is asked for.
 * @throws 1100 for fields that are no arrays or were not sent; the change 65535, if an array gets too long
 */
export function arrayChange(
  model: CollectionModel,
  operations: readonly FieldOperation[],
  sentNames: readonly string[],
): ArrayChange | undefined {
  const changes = operations.filter(({ op }) => op !== 0)
  for (const change of changes) checkChange(model, change, sentNames)
  if (changes.length === 0) return undefined
  return (before, sent) => {
    const changed = changes.map(({ field_name: name, op }) => {
      const old = listOf(before[name])
      const given = listOf(sent[name])
      const all = op === append ? [...old, ...given] : without(old, given)
      checkCapacity(Number(model.fields.get(name)!.params['max_capacity'] ?? 4_096), all.length)
      return [name, all] as const
    })
    return { ...sent, ...Object.fromEntries(changed) }
  }
}

function checkChange(
  { fields, primaryKey }: CollectionModel,
  { field_name: name, op }: FieldOperation,
  sentNames: readonly string[],
): void {
  const field = fields.get(name)
  if (field === undefined) throw invalidParameter(`partial-update op targets unknown field "${name}"`)
  if (name === primaryKey.name)
    throw invalidParameter(`field "${name}" is the primary key and cannot carry a partial-update op`)
  if (field.type !== dataTypes.Array)
    throw invalidParameter(
      `op ${op === append ? 'ARRAY_APPEND' : 'ARRAY_REMOVE'} requires Array field, ` +
        `but field "${name}" is ${typeName(field.type)}`,
    )
  if (!sentNames.includes(name))
    throw invalidParameter(`partial-update op targets field "${name}" not present in fields_data`)
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : []

function without(list: readonly JsonValue[], gone: readonly JsonValue[]): readonly JsonValue[] {
  const texts = new Set(gone.map((item) => stringifyJson(item)))
  return list.filter((item) => !texts.has(stringifyJson(item)))
}

function checkCapacity(most: number, length: number): void {
  if (length <= most) return
  throw new MilvusError(codes.unexpected, `array length ${length} exceeds max_capacity ${most}`)
}
