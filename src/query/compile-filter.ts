import type { JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { parseUuid, wordsOfId, type IdWords, type PointId } from '../ids/point-id.ts'
import { compileExpression } from './expression/compile-expression.ts'
import { areEmpty, compileFieldTest, holdsNull } from './field-test.ts'
import type { Condition, FieldCondition, Filter } from './filter.ts'
import type { PayloadIndexParams } from './payload-index.ts'
import { isObject, parsePath, valuesAt } from './payload-path.ts'
import { sliceOf } from './sip-hash.ts'

export interface FilterSchema {
  /** Declared indexes by field; a few tests mean something else where one is declared. */
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

interface Context {
  readonly schema: FilterSchema
  /** What the paths of a nested filter begin with, `pets[].`; '' at the top. */
  readonly prefix: string
}

/**
 * A filter made ready to be asked of rows. What it means depends on the declared indexes, never on whether a structure
 * has been built for them.
 * @throws filter-invalid naming the condition
 */
export function compileFilter(filter: Filter, schema: FilterSchema): RowPredicate {
  return { test: compile(filter, { schema, prefix: '' }) }
}

function compile(filter: Filter, context: Context): Test {
  const all = (conditions: readonly Condition[] | undefined): Test[] =>
    (conditions ?? []).map((condition) => compileCondition(condition, context))
  const must = all(filter.must)
  const should = all(filter.should)
  const mustNot = all(filter.mustNot)
  const minShould = filter.minShould
  const some = all(minShould?.conditions)
  return (row) => {
    for (const test of must) if (!test(row)) return false
    for (const test of mustNot) if (test(row)) return false
    if (should.length > 0 && !should.some((test) => test(row))) return false
    return minShould === undefined || hasEnough(some, row, minShould.minCount)
  }
}

function hasEnough(tests: readonly Test[], row: FilterRow, minCount: number): boolean {
  let count = 0
  for (let i = 0; i < tests.length && count < minCount; i++) if (tests[i]!(row)) count += 1
  return count >= minCount
}

function compileCondition(condition: Condition, context: Context): Test {
  const isNested = context.prefix !== ''
  switch (condition.kind) {
    case 'filter':
      return compile(condition.filter, context)
    case 'has-id':
      return isNested ? never : compileHasId(condition.ids)
    case 'has-vector':
      return isNested ? never : (row) => row.hasVector(condition.name)
    case 'slice':
      return isNested ? never : compileSlice(condition.index, condition.total)
    case 'is-empty':
      return compileEmpty(condition.path, context)
    case 'is-null':
      return compileNull(condition.path, context)
    case 'nested':
      return compileNested(condition.path, condition.filter, context)
    case 'field':
      return compileField(condition, context)
    case 'expression':
      return compileExpression(condition.expression)
  }
}

/** An element of a payload has no id and no vectors. */
const never: Test = () => false

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

function compileSlice(index: number, total: number): Test {
  if (!(total >= 1 && index >= 0 && index < total)) throw invalid(`there is no slice ${index} of ${total}`)
  return (row) => sliceOf(row.id, total) === index
}

function indexOf(path: string, context: Context): PayloadIndexParams | undefined {
  const declared = context.schema.payloadIndexes
  const full = context.prefix + path
  return Object.hasOwn(declared, full) ? declared[full] : undefined
}

/** Inside of a nested filter the index is asked instead of the element, and knows of no empty ones. */
function compileEmpty(path: string, context: Context): Test {
  if (context.prefix !== '' && indexOf(path, context) !== undefined) return never
  const steps = parsePath(path)
  return (row) => areEmpty(valuesAt(row.payload(), steps))
}

/** Without an index only a value that is null itself counts; an index also sees null elements. */
function compileNull(path: string, context: Context): Test {
  const steps = parsePath(path)
  const isNull = indexOf(path, context) === undefined ? (value: JsonValue) => value === null : holdsNull
  return (row) => valuesAt(row.payload(), steps).some(isNull)
}

/** One element of the array must pass the whole filter. */
function compileNested(path: string, filter: Filter, context: Context): Test {
  const elements = nestedPath(path)
  const steps = parsePath(elements)
  const inner = compile(filter, { ...context, prefix: `${context.prefix}${elements}.` })
  return (row) =>
    valuesAt(row.payload(), steps).some(
      (element) => isObject(element) && inner({ id: row.id, payload: () => element, hasVector: () => false }),
    )
}

/** `pets` and `pets[]` both mean the elements. */
export function nestedPath(path: string): string {
  return path.endsWith('[]') ? path : `${path}[]`
}

function compileField(condition: FieldCondition, context: Context): Test {
  const steps = parsePath(condition.path)
  const test = compileFieldTest(condition, indexOf(condition.path, context))
  return (row) => test(valuesAt(row.payload(), steps))
}

function invalid(why: string): DatabaseError {
  return new DatabaseError('filter-invalid', `Cannot use this filter: ${why}`)
}
