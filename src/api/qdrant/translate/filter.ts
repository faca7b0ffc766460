import {
  isPayloadPath,
  parseUuid,
  type Condition,
  type Filter,
  type JsonObject,
  type JsonValue,
} from '../../../index.ts'
import { WireError } from '../wire-error.ts'
import { translateFieldCondition } from './field-condition.ts'
import { FormatError } from './format-error.ts'
import { integerOf, isJsonArray, isJsonObject, kindOf, member } from './json-kind.ts'

/** Where the filter stands in its request: what an error has to say beyond the filter itself. */
export interface FilterPlace {
  /** Name of the filter in messages of the validator, such as `scroll_request.filter`. Default `filter`. */
  readonly field?: string
  /** The place in the body that format errors end with, such as ` at line 1 column 77`. Default none. */
  readonly at?: string
  /** Accept what the validator refuses, as `points/delete` does: a condition that asks nothing passes no point. */
  readonly unvalidated?: boolean
}

const noSuchCondition =
  'Expected some form of condition, which can be a field condition (like {"key": ..., "match": ... }), or some ' +
  'other mentioned in the documentation: https://qdrant.tech/documentation/concepts/filtering/#filtering-conditions'
const clauses = ['should', 'min_should', 'must', 'must_not']
const nothing: Condition = { kind: 'filter', filter: { minShould: { conditions: [], minCount: 1 } } }

interface Translation {
  /** What the validator would refuse, in the order of its walk. */
  readonly violations: string[]
}

/**
 * A filter of the REST API. Null, as well as a filter without clauses, lets every point pass.
 * @throws WireError 400 if the form is wrong, 422 if the validator refuses it
 */
export function translateFilter(json: JsonValue, place: FilterPlace = {}): Filter {
  const translation: Translation = { violations: [] }
  let filter: Filter
  try {
    filter = json === null ? {} : translateClauses(json, place.field ?? 'filter', translation)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new WireError(400, `Format error in JSON body: ${error.message}${place.at ?? ''}`)
  }
  const violation = translation.violations[0]
  if (violation !== undefined && place.unvalidated !== true) {
    throw new WireError(422, `Validation error in JSON body: [${violation}]`)
  }
  return filter
}

function translateClauses(json: JsonValue, path: string, translation: Translation): Filter {
  if (isJsonArray(json)) return translateClauses(clausesInOrder(json), path, translation)
  if (!isJsonObject(json)) throw new FormatError(`invalid type: ${kindOf(json)}, expected struct Filter`)
  for (const key of Object.keys(json)) {
    if (clauses.includes(key)) continue
    throw new FormatError(
      `unknown field \`${key}\`, expected one of \`should\`, \`min_should\`, \`must\`, \`must_not\``,
    )
  }
  const list = (clause: string): readonly Condition[] | undefined =>
    translateList(member(json, clause), `${path}.${clause}`, translation)
  // In the order of the validator's walk.
  const should = list('should')
  const minShould = translateMinShould(member(json, 'min_should'), `${path}.min_should`, translation)
  const must = list('must')
  const mustNot = list('must_not')
  return {
    ...(must === undefined ? {} : { must }),
    ...(should === undefined ? {} : { should }),
    ...(mustNot === undefined ? {} : { mustNot }),
    ...(minShould === undefined ? {} : { minShould }),
  }
}

/** A struct may be written as the sequence of its fields; the last two may be left out. */
function clausesInOrder(values: readonly JsonValue[]): JsonObject {
  if (values.length < 2) throw new FormatError('invalid length 1, expected struct Filter with 4 elements')
  if (values.length > 4)
    throw new FormatError(`invalid length ${values.length}, expected fewer elements in array`)
  return Object.fromEntries(values.map((value, index) => [clauses[index]!, value]))
}

function translateList(
  json: JsonValue | undefined,
  path: string,
  translation: Translation,
): readonly Condition[] | undefined {
  if (json === undefined || json === null) return undefined
  if (isJsonArray(json)) {
    return json.map((item, index) => translateCondition(item, `${path}[${index}]`, translation))
  }
  if (isJsonObject(json)) return [translateCondition(json, `${path}[0]`, translation)]
  throw new FormatError(`invalid type: ${kindOf(json)}, expected null, array or map`)
}

function translateMinShould(
  json: JsonValue | undefined,
  path: string,
  translation: Translation,
): Filter['minShould'] {
  if (json === undefined || json === null) return undefined
  if (!isJsonArray(json) && !isJsonObject(json)) {
    throw new FormatError(`invalid type: ${kindOf(json)}, expected struct MinShould`)
  }
  const list = isJsonArray(json) ? json[0] : member(json, 'conditions')
  const count = isJsonArray(json) ? json[1] : member(json, 'min_count')
  const missing = (field: string, index: number): FormatError =>
    new FormatError(
      isJsonArray(json)
        ? `invalid length ${index}, expected struct MinShould with 2 elements`
        : `missing field \`${field}\``,
    )
  if (list !== undefined && !isJsonArray(list)) {
    throw new FormatError(`invalid type: ${kindOf(list)}, expected a sequence`)
  }
  const minCount = count === undefined ? undefined : countOf(count)
  if (list === undefined) throw missing('conditions', 0)
  const conditions = list.map((item, index) =>
    translateCondition(item, `${path}.conditions[${index}]`, translation),
  )
  if (minCount === undefined) throw missing('min_count', 1)
  if (minCount === 0) translation.violations.push(`${path}.min_count: min_count must be greater than 0`)
  return { conditions, minCount }
}

function countOf(json: JsonValue): number {
  const integer = integerOf(json)
  if (integer === undefined) throw new FormatError(`invalid type: ${kindOf(json)}, expected usize`)
  if (integer < 0) throw new FormatError(`invalid value: ${kindOf(json)}, expected usize`)
  return Number(integer)
}

function translateCondition(json: JsonValue, path: string, translation: Translation): Condition {
  if (!isJsonObject(json)) throw new FormatError(noSuchCondition)
  if (Object.hasOwn(json, 'key')) return fieldCondition(json, path, translation)
  const condition =
    keyCondition(json, 'is_empty', 'is-empty') ??
    keyCondition(json, 'is_null', 'is-null') ??
    idCondition(json) ??
    vectorCondition(json) ??
    nestedCondition(json, path, translation) ??
    sliceCondition(json, path, translation) ??
    filterCondition(json, path, translation)
  if (condition === undefined) throw new FormatError(noSuchCondition)
  return condition
}

const emptyCondition = 'Validation error: At least one field condition must be specified [{}]'

function fieldCondition(json: JsonObject, path: string, translation: Translation): Condition {
  const condition = translateFieldCondition(json)
  if (condition !== undefined) return condition
  translation.violations.push(`${path}.__all__: ${emptyCondition}`)
  return nothing
}

// The alternatives below give undefined for what is not theirs: the next one is tried, as Qdrant does.

function keyCondition(
  json: JsonObject,
  name: 'is_empty' | 'is_null',
  kind: 'is-empty' | 'is-null',
): Condition | undefined {
  const [key] = fieldsOf(member(json, name), ['key'])
  return typeof key === 'string' && isPayloadPath(key) ? { kind, path: key } : undefined
}

function idCondition(json: JsonObject): Condition | undefined {
  const list = member(json, 'has_id')
  if (!isJsonArray(list)) return undefined
  const ids = list.map((id) => {
    if (typeof id === 'string') return parseUuid(id) === undefined ? undefined : id
    const integer = integerOf(id)
    return integer !== undefined && integer >= 0 && integer < 1n << 64n ? integer : undefined
  })
  return ids.every((id) => id !== undefined) ? { kind: 'has-id', ids } : undefined
}

function vectorCondition(json: JsonObject): Condition | undefined {
  const name = member(json, 'has_vector')
  return typeof name === 'string' ? { kind: 'has-vector', name } : undefined
}

function nestedCondition(json: JsonObject, path: string, translation: Translation): Condition | undefined {
  const [key, inner] = fieldsOf(member(json, 'nested'), ['key', 'filter'])
  if (typeof key !== 'string' || !isPayloadPath(key) || inner === undefined) return undefined
  const filter = attempt(() => translateClauses(inner, `${path}.nested.filter`, translation))
  return filter === undefined ? undefined : { kind: 'nested', path: key, filter }
}

function sliceCondition(json: JsonObject, path: string, translation: Translation): Condition | undefined {
  const [total, index] = fieldsOf(member(json, 'slice'), ['total', 'index']).map((value) => {
    const integer = integerOf(value)
    return integer !== undefined && integer >= 0 && integer < 2 ** 32 ? Number(integer) : undefined
  })
  if (total === undefined || index === undefined || total === 0) return undefined
  if (index < total) return { kind: 'slice', total, index }
  const why = 'Validation error: Slice index must be less than the total number of slices [{}]'
  translation.violations.push(`${path}.__all__: ${why}`)
  return nothing
}

function filterCondition(json: JsonObject, path: string, translation: Translation): Condition | undefined {
  const filter = attempt(() => translateClauses(json, path, translation))
  return filter === undefined ? undefined : { kind: 'filter', filter }
}

/** The fields of a struct, which may be written as a map or as a sequence. */
function fieldsOf(json: JsonValue | undefined, names: readonly string[]): readonly (JsonValue | undefined)[] {
  if (isJsonArray(json)) return json.length === names.length ? json : []
  return isJsonObject(json) ? names.map((name) => member(json, name)) : []
}

function attempt<T>(translate: () => T): T | undefined {
  try {
    return translate()
  } catch (error) {
    // An alternative that does not fit: that none does is what the client gets to know.
    if (error instanceof FormatError) return undefined
    throw error
  }
}
