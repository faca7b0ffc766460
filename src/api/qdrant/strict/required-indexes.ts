import {
  parseUuid,
  type Condition,
  type Expression,
  type FieldCondition,
  type Filter,
  type Match,
  type PayloadIndexParams,
} from '../../../index.ts'
import { conditionsOf } from './conditions.ts'
import { forbidden } from './refusals.ts'

export type Indexes = Readonly<Record<string, PayloadIndexParams>>

/** What an index can answer. */
type Ability =
  | 'bool'
  | 'datetime'
  | 'float'
  | 'geo'
  | 'integer match'
  | 'integer range'
  | 'keyword'
  | 'keyword prefix'
  | 'text'
  | 'text phrase'
  | 'uuid match'
  | 'uuid range'

/** The index that a message asks for. */
const wordings: Readonly<Record<Ability, string>> = {
  bool: 'bool',
  datetime: 'datetime',
  float: 'float',
  geo: 'geo',
  'integer match': 'integer',
  'integer range': 'integer',
  keyword: 'keyword',
  'keyword prefix': 'keyword (with prefix: true)',
  text: 'text',
  'text phrase': 'text (with phrase_matching: true)',
  'uuid match': 'uuid',
  'uuid range': 'uuid',
}
const all = Object.keys(wordings) as Ability[]

/** A field that has no index which answers what is asked of it. */
interface Unindexed {
  readonly field: string
  readonly wanted: readonly Ability[]
}

/** @throws WireError 400 naming the first field of a filter that lacks an index */
export function requireFilterIndexes(filter: Filter, indexes: Indexes): void {
  const found = firstInFilter(filter, indexes, '')
  if (found !== undefined) throw refusal(found, 'a different filter')
}

/** @throws WireError 400 naming the first field of a formula that lacks an index */
export function requireFormulaIndexes(expression: Expression, indexes: Indexes): void {
  const found = firstInExpression(expression, indexes)
  if (found !== undefined) throw refusal(found, 'a different formula expression')
}

/** @throws WireError 400 if the field that points are grouped by has no index for it */
export function requireGroupingIndex(field: string, indexes: Indexes): void {
  const index = Object.hasOwn(indexes, field) ? indexes[field]! : undefined
  const help = 'Create an index supporting `match` for this key.'
  if (index === undefined) throw forbidden(`Index required but not found for "${field}"`, help)
  if (abilitiesOf(index).some((ability) => matching.includes(ability))) return
  const type = index.type[0]!.toUpperCase() + index.type.slice(1)
  throw forbidden(`Index of type "${type}" found for "${field}"`, help)
}

const matching: readonly Ability[] = ['keyword', 'integer match', 'bool', 'uuid match']

function refusal({ field, wanted }: Unindexed, instead: string): Error {
  const types = [...new Set(wanted.map((ability) => wordings[ability]))].sort().join(', ')
  return forbidden(
    `Index required but not found for "${field}" of one of the following types: [${types}]`,
    `Create an index for this key or use ${instead}.`,
  )
}

function firstInFilter(filter: Filter, indexes: Indexes, prefix: string): Unindexed | undefined {
  for (const condition of conditionsOf(filter)) {
    const found = firstInCondition(condition, indexes, prefix)
    if (found !== undefined) return found
  }
  return undefined
}

/** `prefix`: what paths begin with inside of nested filters, `pets[].`. */
function firstInCondition(condition: Condition, indexes: Indexes, prefix: string): Unindexed | undefined {
  switch (condition.kind) {
    case 'filter':
      return firstInFilter(condition.filter, indexes, prefix)
    case 'nested': {
      const path = condition.path.endsWith('[]') ? condition.path : `${condition.path}[]`
      return firstInFilter(condition.filter, indexes, `${prefix}${path}.`)
    }
    case 'field':
      return lacking(prefix + condition.path, wantedBy(condition), indexes)
    case 'is-empty':
    case 'is-null':
      return lacking(prefix + condition.path, all, indexes)
    default:
      return undefined
  }
}

/** Undefined if nothing is asked of the field, or its index has one of the abilities. */
function lacking(field: string, wanted: readonly Ability[], indexes: Indexes): Unindexed | undefined {
  const index = Object.hasOwn(indexes, field) ? indexes[field] : undefined
  const abilities = index === undefined ? [] : abilitiesOf(index)
  if (wanted.length === 0 || wanted.some((ability) => abilities.includes(ability))) return undefined
  return { field, wanted }
}

/** Whether an index answers what a condition asks. */
export function isIndexed(condition: FieldCondition, indexes: Indexes): boolean {
  return lacking(condition.path, wantedBy(condition), indexes) === undefined
}

function wantedBy(condition: FieldCondition): readonly Ability[] {
  const wanted: Ability[] = []
  const { match, range, datetimeRange, geoBoundingBox, geoRadius, geoPolygon } = condition
  if (match !== undefined) wanted.push(...wantedByMatch(match))
  if (datetimeRange !== undefined) wanted.push('datetime')
  if (range !== undefined) wanted.push('float', 'integer range')
  if (geoBoundingBox !== undefined || geoRadius !== undefined || geoPolygon !== undefined) wanted.push('geo')
  const { valuesCount, isEmpty, isNull } = condition
  if (valuesCount !== undefined || isEmpty !== undefined || isNull !== undefined) wanted.push(...all)
  return wanted
}

function wantedByMatch(match: Match): readonly Ability[] {
  if ('value' in match) {
    return typeof match.value === 'boolean' ? ['bool'] : wantedByValues([match.value])
  }
  if ('any' in match) return wantedByValues(match.any)
  if ('except' in match) return wantedByValues(match.except)
  if ('prefix' in match) return ['keyword prefix']
  return 'phrase' in match ? ['text phrase'] : ['text']
}

/** An empty list asks nothing of any index. */
function wantedByValues(values: readonly (string | number | bigint)[]): readonly Ability[] {
  if (values.length === 0) return []
  if (typeof values[0] !== 'string') return ['integer match']
  const areUuids = values.every((value) => parseUuid(String(value)) !== undefined)
  return areUuids ? ['uuid match', 'keyword'] : ['keyword']
}

function abilitiesOf({
  type,
  lookup,
  range,
  phraseMatching,
  settings,
}: PayloadIndexParams): readonly Ability[] {
  switch (type) {
    case 'integer': {
      const abilities: Ability[] = []
      if (lookup !== false) abilities.push('integer match')
      if (range !== false) abilities.push('integer range')
      return abilities
    }
    case 'keyword':
      return settings?.['prefix'] === true ? ['keyword', 'keyword prefix'] : ['keyword']
    case 'text':
      return phraseMatching === true ? ['text', 'text phrase'] : ['text']
    case 'uuid':
      return ['uuid match', 'uuid range']
    default:
      return [type]
  }
}

function firstInExpression(expression: Expression, indexes: Indexes): Unindexed | undefined {
  if (typeof expression === 'number') return undefined
  const first = (parts: readonly (Expression | undefined)[]): Unindexed | undefined => {
    for (const part of parts) {
      const found = part === undefined ? undefined : firstInExpression(part, indexes)
      if (found !== undefined) return found
    }
    return undefined
  }
  switch (expression.kind) {
    case 'score':
    case 'datetime':
      return undefined
    case 'value':
      return lacking(expression.path, ['integer match', 'integer range', 'float'], indexes)
    case 'condition':
      return firstInCondition(expression.condition, indexes, '')
    case 'geo-distance':
      return lacking(expression.path, ['geo'], indexes)
    case 'datetime-value':
      return lacking(expression.path, ['datetime'], indexes)
    case 'sum':
    case 'product':
      return first(expression.of)
    case 'quotient':
      return first([expression.left, expression.right])
    case 'power':
      return first([expression.base, expression.exponent])
    case 'decay':
      return first([expression.of, expression.target])
    default:
      return first([expression.of])
  }
}
