import type { JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { hashWords, parseUuid, wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import { parseDatetime } from './datetime.ts'
import type { Condition, FieldCondition, Filter, Range } from './filter.ts'
import { distanceOf, geoPointOf, isInBox, isInPolygon } from './geo.ts'
import { compileMatch } from './match.ts'
import type { PayloadIndexParams } from './payload-index.ts'
import { isObject, parsePath, valuesAt } from './payload-path.ts'
import { numberOf } from './values.ts'

export interface FilterSchema {
  /** Declared indexes by field; a few tests mean something else where one is declared (docs/doors.md). */
  readonly payloadIndexes: Readonly<Record<string, PayloadIndexParams>>
}

/** A point as a filter sees it. `id` may be one object that changes from row to row. */
export interface FilterRow {
  readonly id: IdWords
  payload(): JsonValue
  hasVector(name: string): boolean
}

export interface RowPredicate {
  test(row: FilterRow): boolean
}

type Test = (row: FilterRow) => boolean
/** A test of the payload alone, below `prefix` for nested filters. */
interface Context {
  readonly schema: FilterSchema
  readonly prefix: string
}

/** @throws filter-invalid naming the condition */
export function compileFilter(filter: Filter, schema: FilterSchema): RowPredicate {
  return { test: compile(filter, { schema, prefix: '' }) }
}

function compile(filter: Filter, context: Context): Test {
  const must = (filter.must ?? []).map((condition) => compileCondition(condition, context))
  const should = (filter.should ?? []).map((condition) => compileCondition(condition, context))
  const mustNot = (filter.mustNot ?? []).map((condition) => compileCondition(condition, context))
  const minimum = filter.minShould
  const some = minimum?.conditions.map((condition) => compileCondition(condition, context))
  return (row) => {
    for (const test of must) if (!test(row)) return false
    for (const test of mustNot) if (test(row)) return false
    if (should.length > 0 && !should.some((test) => test(row))) return false
    return some === undefined || hasEnough(some, row, minimum!.minCount)
  }
}

function hasEnough(tests: readonly Test[], row: FilterRow, minCount: number): boolean {
  let count = 0
  for (const test of tests) if (test(row) && ++count >= minCount) return true
  return false
}

function compileCondition(condition: Condition, context: Context): Test {
  switch (condition.kind) {
    case 'filter':
      return compile(condition.filter, context)
    case 'has-id':
      return compileHasId(condition.ids)
    case 'has-vector':
      return (row) => row.hasVector(condition.name)
    case 'slice':
      return (row) => hashWords(row.id) % condition.total === condition.index
    case 'is-empty':
      return compileEmpty(condition.path)
    case 'is-null':
      return compileNull(condition.path, isIndexed(condition.path, context))
    case 'nested':
      return compileNested(condition.path, condition.filter, context)
    case 'field':
      return compileField(condition, context)
  }
}

function compileHasId(ids: readonly PointId[]): Test {
  const keyOf = (id: IdWords): string => `${id.kind}:${id.w0}:${id.w1}:${id.w2}:${id.w3}`
  const keys = new Set<string>()
  for (const id of ids) {
    const words = typeof id === 'string' ? parseUuid(id) : wordsOfId(id)
    if (words === undefined) throw invalid(`${String(id)} is no point id`)
    keys.add(keyOf(words))
  }
  return (row) => keys.has(keyOf(row.id))
}

function isIndexed(path: string, context: Context): boolean {
  return Object.hasOwn(context.schema.payloadIndexes, context.prefix + path)
}

function compileEmpty(path: string): Test {
  const steps = parsePath(path)
  return (row) => isEmptyAt(valuesAt(row.payload(), steps))
}

function isEmptyAt(values: readonly JsonValue[]): boolean {
  return values.every((value) => value === null || (Array.isArray(value) && value.length === 0))
}

/** Without an index only a value that is null itself counts; an index also sees null elements. */
function compileNull(path: string, indexed: boolean): Test {
  const steps = parsePath(path)
  const isNull = (value: JsonValue): boolean =>
    value === null || (indexed && Array.isArray(value) && value.includes(null))
  return (row) => valuesAt(row.payload(), steps).some(isNull)
}

/** One element of the array must pass the whole filter. */
function compileNested(path: string, filter: Filter, context: Context): Test {
  const asArray = path.endsWith('[]') ? path : `${path}[]`
  const steps = parsePath(asArray)
  const inner = compile(filter, { ...context, prefix: `${context.prefix}${asArray}.` })
  return (row) =>
    valuesAt(row.payload(), steps).some(
      (element) =>
        isObject(element) &&
        inner({ id: row.id, payload: () => element, hasVector: (name) => row.hasVector(name) }),
    )
}

type ValueTest = (value: JsonValue) => boolean

/** Every test that the condition names, as alternatives; an array passes if one of its elements does. */
function compileField(condition: FieldCondition, context: Context): Test {
  const steps = parsePath(condition.path)
  const index = context.schema.payloadIndexes[context.prefix + condition.path]
  const tests = elementTests(condition, index)
  const wholeTests = [
    ...(condition.isEmpty === undefined ? [] : [sameAs(compileEmpty(condition.path), condition.isEmpty)]),
    ...(condition.isNull === undefined
      ? []
      : [sameAs(compileNull(condition.path, index !== undefined), condition.isNull)]),
  ]
  const count = condition.valuesCount
  if (tests.length + wholeTests.length === 0 && count === undefined)
    throw invalid(`the condition on "${condition.path}" has no test`)
  return (row) => {
    const values = valuesAt(row.payload(), steps)
    for (const test of tests) if (values.some((value) => passesElement(value, test))) return true
    if (count !== undefined && passesCount(values, count)) return true
    return wholeTests.some((test) => test(row))
  }
}

function sameAs(test: Test, wanted: boolean): Test {
  return (row) => test(row) === wanted
}

function passesElement(value: JsonValue, test: ValueTest): boolean {
  return Array.isArray(value) ? (value as readonly JsonValue[]).some(test) : test(value)
}

function passesCount(values: readonly JsonValue[], range: Range<number>): boolean {
  if (values.length === 0) return isInRange(0, range)
  return values.some((value) => isInRange(countOf(value), range))
}

function countOf(value: JsonValue): number {
  if (value === null) return 0
  return Array.isArray(value) ? value.length : 1
}

function elementTests(condition: FieldCondition, index: PayloadIndexParams | undefined): ValueTest[] {
  const tests: ValueTest[] = []
  if (condition.match !== undefined) tests.push(compileMatch(condition.match, index))
  if (condition.range !== undefined) tests.push(compileRange(condition.range, index))
  if (condition.datetimeRange !== undefined) tests.push(compileDatetimeRange(condition.datetimeRange))
  const { geoBoundingBox, geoRadius, geoPolygon } = condition
  if (geoBoundingBox !== undefined) tests.push(geoTest((point) => isInBox(point, geoBoundingBox)))
  if (geoRadius !== undefined)
    tests.push(geoTest((point) => distanceOf(point, geoRadius.center) < geoRadius.radius))
  if (geoPolygon !== undefined) tests.push(geoTest((point) => isInPolygon(point, geoPolygon)))
  return tests
}

function geoTest(test: (point: { lon: number; lat: number }) => boolean): ValueTest {
  return (value) => {
    const point = geoPointOf(value)
    return point !== undefined && test(point)
  }
}

function compileRange(range: Range<number>, index: PayloadIndexParams | undefined): ValueTest {
  return (value) => {
    const number = numberOf(value)
    if (number === undefined) return false
    // An integer index holds integers only.
    return (index?.type !== 'integer' || Number.isInteger(number)) && isInRange(number, range)
  }
}

function compileDatetimeRange(range: Range<string>): ValueTest {
  const bounds: { -readonly [K in keyof Range<number>]: number } = {}
  for (const bound of ['gt', 'gte', 'lt', 'lte'] as const) {
    const text = range[bound]
    if (text === undefined) continue
    const micros = parseDatetime(text)
    if (micros === undefined) throw invalid(`"${text}" is no RFC 3339 time`)
    bounds[bound] = micros
  }
  return (value) => {
    const micros = typeof value === 'string' ? parseDatetime(value) : undefined
    return micros !== undefined && isInRange(micros, bounds)
  }
}

export function isInRange(value: number, range: Range<number>): boolean {
  if (range.gt !== undefined && !(value > range.gt)) return false
  if (range.gte !== undefined && !(value >= range.gte)) return false
  if (range.lt !== undefined && !(value < range.lt)) return false
  return range.lte === undefined || value <= range.lte
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('filter-invalid', `Cannot use this filter: ${why}`)
}
