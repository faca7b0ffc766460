import { stringifyJson, type JsonObject, type JsonValue } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { invalidParameter } from '../../status.ts'
import { invalid } from '../incoming/scalar-column.ts'

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
 * @throws 1100 for fields that are no arrays; the change, if an array gets too long
 */
export function arrayChange(
  { fields }: CollectionModel,
  operations: readonly FieldOperation[],
): ArrayChange | undefined {
  const changes = operations.filter(({ op }) => op !== 0)
  for (const { field_name: name } of changes)
    if (fields.get(name)?.type !== dataTypes.Array)
      throw invalidParameter(`the operation on field ${name} is only for arrays`)
  if (changes.length === 0) return undefined
  return (before, sent) => {
    const changed = changes.map(({ field_name: name, op }) => {
      const old = listOf(before[name])
      const given = listOf(sent[name])
      const all = op === append ? [...old, ...given] : without(old, given)
      checkCapacity(Number(fields.get(name)!.params['max_capacity'] ?? 4_096), all.length)
      return [name, all] as const
    })
    return { ...sent, ...Object.fromEntries(changed) }
  }
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : []

function without(list: readonly JsonValue[], gone: readonly JsonValue[]): readonly JsonValue[] {
  const texts = new Set(gone.map((item) => stringifyJson(item)))
  return list.filter((item) => !texts.has(stringifyJson(item)))
}

function checkCapacity(most: number, length: number): void {
  if (length <= most) return
  const what = `the length (${length}) of 0th array exceeds max capacity (${most})`
  throw invalid(what, 'valid length array', 'array length exceeds max capacity')
}
