import type { ReadOptions } from '../../../../index.ts'
import { vectorNameOf, type CollectionModel } from '../../schema/collection-model.ts'
import { isVectorType } from '../../schema/data-types.ts'
import type { FieldDocument } from '../../schema/document.ts'
import { codes, MilvusError } from '../../status.ts'
import { dynamicColumn } from '../field-data.ts'
import { hasTextKeys } from '../keys.ts'

/** What is answered of each row. */
export interface OutputPlan {
  /** The key's is among them. */
  readonly fields: readonly FieldDocument[]
  /** Which of the dynamic keys; undefined: there is no column of them. */
  readonly dynamic: 'all' | ReadonlySet<string> | undefined
  /** The answer's `output_fields`: clients find the dynamic keys by them. */
  readonly names: readonly string[]
  /** What the engine has to read for it. */
  readonly reads: ReadOptions
}

const dynamicKey = /^[A-Za-z_]\w*$/

/** `*` is every field, and every dynamic key. The key is always answered. @throws 65535 */
export function planOutput(
  model: CollectionModel,
  reader: Parameters<typeof vectorNameOf>[0],
  requested: readonly string[],
): OutputPlan {
  const { document, fields, primaryKey } = model
  const chosen = new Map<string, FieldDocument>()
  const names = new Set<string>()
  const keys = new Set<string>()
  for (const name of requested) {
    const trimmed = name.trim()
    if (trimmed === '*') {
      for (const field of document.fields.filter(isKept)) {
        chosen.set(field.name, field)
        names.add(field.name)
      }
      if (document.hasDynamicField) names.add(dynamicColumn)
      continue
    }
    const field = fields.get(trimmed)
    if (field !== undefined && !isKept(field))
      throw new MilvusError(codes.unexpected, `not allowed to retrieve raw data of field ${trimmed}`)
    if (field !== undefined) chosen.set(field.name, field)
    else if (!document.hasDynamicField) throw new MilvusError(codes.unexpected, `field ${trimmed} not exist`)
    else if (trimmed === dynamicColumn || dynamicKey.test(trimmed)) keys.add(trimmed)
    else throw new MilvusError(codes.unexpected, `parse output field name failed: ${trimmed}`)
    names.add(trimmed)
  }
  if (!chosen.has(primaryKey.name)) chosen.set(primaryKey.name, primaryKey)
  names.add(primaryKey.name)
  const dynamic = names.has(dynamicColumn) ? 'all' : keys.size > 0 ? keys : undefined
  const all = [...chosen.values()]
  return {
    fields: all,
    dynamic,
    names: [...names],
    reads: readsOf(model, reader, all, dynamic !== undefined),
  }
}

/** What a function makes is kept in a form of our own. */
const isKept = ({ isFunctionOutput }: FieldDocument): boolean => isFunctionOutput !== true

function readsOf(
  model: CollectionModel,
  reader: Parameters<typeof vectorNameOf>[0],
  fields: readonly FieldDocument[],
  hasDynamic: boolean,
): ReadOptions {
  const vectors = fields
    .filter(({ type }) => isVectorType(type))
    .map(({ name }) => vectorNameOf(reader, name))
  const isInPayload = ({ type, isPrimaryKey }: FieldDocument): boolean =>
    !isVectorType(type) && (isPrimaryKey !== true || (hasTextKeys(model) && !model.isForeign))
  return { payload: hasDynamic || fields.some(isInPayload), vectors }
}
