import type { JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import type { FieldCondition, Range } from './filter.ts'
import { compileGeo } from './geo.ts'
import { compileMatch, type ValuesTest } from './match.ts'
import type { PayloadIndexParams } from './payload-index.ts'
import { isArray } from './payload-path.ts'
import { compileDatetimeRange, compileRange, isInRange } from './range.ts'

/**
 * What a condition asks of the values under its path; several tests are alternatives.
 * @throws filter-invalid if there is no test, or a bound is no time
 */
export function compileFieldTest(
  condition: FieldCondition,
  index: PayloadIndexParams | undefined,
): ValuesTest {
  const tests = compileGeo(condition, index?.type === 'geo')
  if (condition.match !== undefined) tests.push(compileMatch(condition.match, index))
  if (condition.range !== undefined) tests.push(compileRange(condition.range, index))
  if (condition.datetimeRange !== undefined) tests.push(compileDatetimeRange(condition.datetimeRange))
  const { valuesCount, isEmpty, isNull } = condition
  if (valuesCount !== undefined) tests.push((values) => passesCount(values, valuesCount))
  if (isEmpty !== undefined) tests.push((values) => areEmpty(values) === isEmpty)
  if (isNull !== undefined) tests.push((values) => values.some(holdsNull) === isNull)
  if (tests.length === 0) {
    const text = `Cannot use this filter: the condition on "${condition.path}" has no test`
    throw new DatabaseError('filter-invalid', text, { path: condition.path })
  }
  return tests.length === 1 ? tests[0]! : (values) => tests.some((test) => test(values))
}

/** True if there is nothing, null or an empty array. */
export function areEmpty(values: readonly JsonValue[]): boolean {
  return values.every((value) => value === null || (isArray(value) && value.length === 0))
}

/** Null, or an array with a null in it. */
export function holdsNull(value: JsonValue): boolean {
  return value === null || (isArray(value) && value.includes(null))
}

function passesCount(values: readonly JsonValue[], range: Range<number>): boolean {
  if (values.length === 0) return isInRange(0, range)
  return values.some((value) => isInRange(countOf(value), range))
}

function countOf(value: JsonValue): number {
  if (value === null) return 0
  return isArray(value) ? value.length : 1
}
