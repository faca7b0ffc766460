import type { Filter, Literal, PointId } from '../../../index.ts'
import { compileFilter, type ElementTest, type FilterSchema } from '../filter/compile-filter.ts'
import { ends, FilterError } from '../filter/filter-error.ts'
import type { CollectionModel } from '../schema/collection-model.ts'
import { ownNameOf } from '../schema/struct-names.ts'
import { analyzerOf } from '../text/analyzer.ts'
import { zoneOf } from '../time/zone.ts'
import { pointIdOf, type PrimaryKey } from './keys.ts'

/** A `TemplateValue` message. */
export interface TemplateValue {
  readonly bool_val: boolean | null
  readonly int64_val: bigint | null
  readonly float_val: number | null
  readonly string_val: string | null
  readonly array_val: TemplateArray | null
}

interface List<T> {
  readonly data: readonly T[]
}

interface TemplateArray {
  readonly bool_data: List<boolean> | null
  readonly long_data: List<bigint> | null
  readonly double_data: List<number> | null
  readonly string_data: List<string> | null
  readonly array_data: List<TemplateArray> | null
}

/** Which rows are meant. */
export interface Where {
  /** Left out: all of them. */
  readonly filter?: Filter
  /** Set if the text is nothing but a list of keys, or one key. */
  readonly keys?: readonly PrimaryKey[]
  /** The points of `keys`. */
  readonly ids?: readonly PointId[]
  /** Set if structs of an array are meant, and not only the rows that have one. */
  readonly elements?: ElementTest
}

/** What a filter's text means for a collection, read on the clocks of a time zone. @throws FilterError (1100) */
export function whereOf(
  model: CollectionModel,
  text: string,
  templates: Readonly<Record<string, TemplateValue>> = {},
  timeZone = zoneOf(model.document),
): Where {
  const compiled = compileFilter(
    text,
    { ...filterSchemaOf(model), timeZone },
    {
      templates: new Map(Object.entries(templates).map(([name, value]) => [name, literalOf(value)])),
    },
  )
  if (compiled === undefined) return {}
  if (compiled.keys === undefined)
    return {
      filter: compiled.filter,
      ...(compiled.elements !== undefined && { elements: compiled.elements }),
    }
  const keys = compiled.keys.map((key) => (typeof key === 'string' ? key : BigInt(key)))
  const ids = keys.map((key) => pointIdOf(model, key)).filter((id) => id !== undefined)
  return { filter: { must: [{ kind: 'has-id', ids }] }, keys, ids }
}

/** A collection's fields, as its filters know them. */
export function filterSchemaOf({ document }: CollectionModel): FilterSchema {
  const fields = document.fields.map(({ name, type, elementType, isPrimaryKey, params }) => ({
    name,
    dataType: type,
    analyzer: analyzerOf({ name, params }),
    ...(elementType === undefined ? {} : { elementType }),
    ...(isPrimaryKey === true ? { isPrimaryKey } : {}),
    ...(params['enable_match']?.toLowerCase() === 'true' ? { isMatchEnabled: true } : {}),
  }))
  const structs = (document.structs ?? []).map(({ name, fields: own }) => ({
    name,
    fields: own.map((field) => ({
      name: ownNameOf(field),
      dataType: field.type,
      elementType: field.elementType ?? 0,
    })),
  }))
  return { fields, structs, hasDynamicField: document.hasDynamicField }
}

function literalOf(value: TemplateValue): Literal {
  if (value.bool_val !== null) return { kind: 'literal', type: 'bool', value: value.bool_val }
  if (value.int64_val !== null) return integer(value.int64_val)
  if (value.float_val !== null) return { kind: 'literal', type: 'double', value: value.float_val }
  if (value.string_val !== null) return { kind: 'literal', type: 'text', value: value.string_val }
  if (value.array_val !== null) return listOf(value.array_val)
  throw untyped()
}

/** Such as of an empty list, which says nothing of its elements. */
const untyped = (): FilterError =>
  new FilterError(`unknown template variable value type: <nil>: ${ends.plan}`)

function integer(value: bigint): Literal {
  const number = Number(value)
  return { kind: 'literal', type: 'int', value: Number.isSafeInteger(number) ? number : value }
}

function listOf(array: TemplateArray): Literal {
  const items: readonly Literal[] | undefined =
    array.bool_data?.data.map((value) => ({ kind: 'literal', type: 'bool', value })) ??
    array.long_data?.data.map(integer) ??
    array.double_data?.data.map((value) => ({ kind: 'literal', type: 'double', value })) ??
    array.string_data?.data.map((value) => ({ kind: 'literal', type: 'text', value })) ??
    array.array_data?.data.map(listOf)
  if (items === undefined) throw untyped()
  return { kind: 'literal', type: 'list', items }
}
