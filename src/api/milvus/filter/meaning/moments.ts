import type { Literal, Operand } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { microsecondsOf, MomentError, parseMoment } from '../../time/moment.ts'
import { utc } from '../../time/zone.ts'
import { ends, ExpressionError } from '../filter-error.ts'
import type { ArithmeticOperator, EqualityOperator, RelationalOperator } from '../grammar/syntax.ts'
import { intLiteral } from './constants.ts'
import type { Column, Interval, Meaning, Moment, Predicate, Scope, ShiftedColumn } from './meaning.ts'

type Operator = RelationalOperator | EqualityOperator

/** @throws ExpressionError */
export function momentOf(text: string, { schema }: Scope): Moment {
  try {
    const moment = parseMoment(text, schema.timeZone ?? utc)
    return { kind: 'moment', literal: intLiteral(microsecondsOf(moment)) }
  } catch (error) {
    if (!(error instanceof MomentError)) throw error
    throw new ExpressionError(error.message, ends.number)
  }
}

const duration = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/
// Well over the age of the world, and far from where numbers are not exact.
const unitsMax = 1e9

/** ISO 8601, without fractions and weeks. @throws ExpressionError */
export function intervalOf(text: string): Interval {
  const match = duration.exec(text)
  if (match === null) throw new ExpressionError(`invalid ISO 8601 duration: ${text}`)
  const [years, months, days, hours, minutes, seconds] = match.slice(1).map((value) => Number(value ?? 0))
  const by = {
    months: years! * 12 + months!,
    days: days!,
    seconds: hours! * 3_600 + minutes! * 60 + seconds!,
  }
  if (Object.values(by).every((units) => units <= unitsMax)) return { kind: 'interval', by }
  throw new ExpressionError(`the ISO 8601 duration is too long: ${text}`)
}

/** `ts + INTERVAL '…'` @throws ExpressionError */
export function shiftedBy(operator: ArithmeticOperator, left: Meaning, { by }: Interval): ShiftedColumn {
  if (left.kind !== 'column' || left.dataType !== dataTypes.Timestamptz)
    throw new ExpressionError('an INTERVAL can only be added to a timestamptz field', ends.input)
  if (operator !== '+' && operator !== '-')
    throw new ExpressionError(`unexpected op: ${operator}`, ends.input)
  const sign = operator === '+' ? 1 : -1
  const { months, days, seconds } = by
  const shift = { months: sign * months, days: sign * days, seconds: sign * seconds }
  return { kind: 'shifted', operand: { kind: 'shifted', of: left.reference, ...shift } }
}

export function isTimed(meaning: Meaning): boolean {
  return meaning.kind === 'moment' || meaning.kind === 'interval' || meaning.kind === 'shifted'
}

/** A timestamptz field, or one that is shifted, with a moment or another such field. @throws ExpressionError */
export function compareMoments(operator: Operator, left: Meaning, right: Meaning, text: string): Predicate {
  if (left.kind === 'moment' && right.kind === 'moment')
    throw new ExpressionError(`two moments are compared, and no field: ${text}`, ends.input)
  const sides = { left: timeOperand(left, text), right: timeOperand(right, text) }
  return { kind: 'predicate', build: () => ({ kind: 'compare', operator, ...sides }) }
}

function timeOperand(meaning: Meaning, text: string): Operand {
  if (meaning.kind === 'moment') return meaning.literal
  if (meaning.kind === 'shifted') return meaning.operand
  if (meaning.kind !== 'column')
    throw new ExpressionError(`only timestamptz fields can be compared with moments: ${text}`, ends.input)
  return timeColumn(meaning).reference
}

function timeColumn(column: Column): Column {
  if (column.dataType === dataTypes.Timestamptz) return column
  const name = column.field?.name ?? column.reference.path.join('.')
  throw new ExpressionError(`field '${name}' is not a timestamptz datatype`, ends.number)
}

/** `ISO '…' <= ts < ISO '…'` @throws ExpressionError */
export function momentRange(
  column: Column,
  low: Meaning,
  high: Meaning,
  inside: { readonly low: boolean; readonly high: boolean },
  text: string,
): Predicate {
  if (low.kind !== 'moment' || high.kind !== 'moment')
    throw new ExpressionError(`both ends of a range have to be moments: ${text}`, ends.input)
  const left = timeColumn(column).reference
  return {
    kind: 'predicate',
    build: () => ({
      kind: 'and',
      operands: [
        { kind: 'compare', operator: inside.low ? '>=' : '>', left, right: low.literal },
        { kind: 'compare', operator: inside.high ? '<=' : '<', left, right: high.literal },
      ],
    }),
  }
}

/** `ts in [ISO '…', …]` @throws ExpressionError */
export function momentList(
  child: Meaning,
  items: readonly Moment[],
  isNegated: boolean,
  text: string,
): Predicate {
  if (child.kind !== 'column')
    throw new ExpressionError(`'term' can only be used on single field, but got: ${text}`, ends.input)
  const values: readonly Literal[] = items.map(({ literal }) => literal)
  const test = { kind: 'in', operand: timeColumn(child).reference, values } as const
  return { kind: 'predicate', build: () => (isNegated ? { kind: 'not', operand: test } : test) }
}
