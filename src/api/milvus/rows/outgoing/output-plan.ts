import type { ReadOptions } from '../../../../index.ts'
import { vectorNameOf, type CollectionModel } from '../../schema/collection-model.ts'
import { holdsVectors } from '../../schema/data-types.ts'
import type { FieldDocument, StructDocument } from '../../schema/document.ts'
import { codes, MilvusError } from '../../status.ts'
import type { TimeView } from '../../time/time-view.ts'
import { dynamicColumn } from '../field-data.ts'
import { hasTextKeys } from '../keys.ts'

/** What is answered of each row. */
export interface OutputPlan {
  /** The key's is among them. */
  readonly fields: readonly FieldDocument[]
  /** Arrays of structs, and which of their fields. */
  readonly structs: readonly StructDocument[]
  /** Which of the dynamic keys; undefined: there is no column of them. */
  readonly dynamic: 'all' | ReadonlySet<string> | undefined
  /** The answer's `output_fields`: clients find the dynamic keys by them. */
  readonly names: readonly string[]
  readonly times: TimeView
  /** What the engine has to read for it. */
  readonly reads: ReadOptions
}

const dynamicKey = /^[A-Za-z_]\w*$/

/** `*` is every field, and every dynamic key. The key is always answered. @throws 65535 */
export function planOutput(
  model: CollectionModel,
  reader: Parameters<typeof vectorNameOf>[0],
  requested: readonly string[],
  times: TimeView,
): OutputPlan {
  const { document, fields, structs, subFields, primaryKey } = model
  const chosen = new Map<string, FieldDocument>()
  const names = new Set<string>()
  const keys = new Set<string>()
  const inStructs = new Set<FieldDocument>()
  for (const name of requested) {
    const trimmed = name.trim()
    if (trimmed === '*') {
      for (const field of document.fields.filter(isKept)) {
        chosen.set(field.name, field)
        names.add(field.name)
      }
      for (const struct of structs.values()) {
        for (const field of struct.fields) inStructs.add(field)
        names.add(struct.name)
      }
      if (document.hasDynamicField) names.add(dynamicColumn)
      continue
    }
    const ofStruct = structs.get(trimmed)?.fields ?? [subFields.get(trimmed)].filter(isDefined)
    if (ofStruct.length > 0) {
      for (const field of ofStruct) inStructs.add(field)
      // Clients look for a column of that name, and there is one for the whole struct.
      for (const { name, fields } of structs.values()) if (fields.includes(ofStruct[0]!)) names.add(name)
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
  const parts = partsOf(model, inStructs)
  return {
    fields: all,
    structs: parts,
    dynamic,
    names: [...names],
    times,
    // Also of structs whose vectors alone are asked for: the list says whether it is null, and how long it is.
    reads: readsOf(model, reader, [...all, ...inStructs], dynamic !== undefined || parts.length > 0),
  }
}

const isDefined = <T>(value: T | undefined): value is T => value !== undefined

/** The structs, each with those of its fields that are asked for. */
function partsOf({ structs }: CollectionModel, asked: ReadonlySet<FieldDocument>): StructDocument[] {
  return [...structs.values()]
    .map((struct) => ({ ...struct, fields: struct.fields.filter((field) => asked.has(field)) }))
    .filter(({ fields }) => fields.length > 0)
}

/** What a function makes is kept in a form of our own. */
const isKept = ({ isFunctionOutput }: FieldDocument): boolean => isFunctionOutput !== true

function readsOf(
  model: CollectionModel,
  reader: Parameters<typeof vectorNameOf>[0],
  fields: readonly FieldDocument[],
  hasMore: boolean,
): ReadOptions {
  const vectors = fields
    .filter(({ type }) => holdsVectors(type))
    .map(({ name }) => vectorNameOf(reader, name))
  const isInPayload = ({ type, isPrimaryKey }: FieldDocument): boolean =>
    !holdsVectors(type) && (isPrimaryKey !== true || (hasTextKeys(model) && !model.isForeign))
  return { payload: hasMore || fields.some(isInPayload), vectors }
}
