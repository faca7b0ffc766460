import type { Comparison, Literal, Reference, RowExpression } from '../expression/expression.ts'
import { literalValue } from '../expression/values.ts'
import type { FieldCondition, Match, Range } from '../filter.ts'
import type { PayloadIndexType } from '../payload-index.ts'

/** The keys of the field that a test compares with constants; undefined if it does anything else. */
export function pathOf(expression: RowExpression): readonly (string | number)[] | undefined {
  if (expression.kind === 'in')
    return expression.operand.kind === 'reference' ? expression.operand.path : undefined
  return expression.kind === 'compare' ? sidesOf(expression)?.reference.path : undefined
}

/** A condition that an index of this type answers with no fewer rows than pass the test; undefined if there is none. */
export function conditionOf(expression: RowExpression, type: PayloadIndexType): FieldCondition | undefined {
  const test = expression.kind === 'in' ? testOfList(expression, type) : testOfComparison(expression, type)
  // The index is already found: the path says nothing here.
  return test === undefined ? undefined : { kind: 'field', path: '', ...test }
}

type Test =
  { readonly match: Match } | { readonly range: Range<number> } | { readonly datetimeRange: Range<string> }

interface Sides {
  readonly reference: Reference
  readonly operator: Comparison['operator']
  readonly literal: Literal
}

const mirrored = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function sidesOf({ left, right, operator }: Comparison): Sides | undefined {
  if (left.kind === 'reference' && right.kind === 'literal')
    return { reference: left, operator, literal: right }
  if (left.kind !== 'literal' || right.kind !== 'reference') return undefined
  return { reference: right, operator: mirrored[operator], literal: left }
}

function testOfList(
  { operand, values }: Extract<RowExpression, { kind: 'in' }>,
  type: PayloadIndexType,
): Test | undefined {
  if (operand.kind !== 'reference' || operand.type === 'list' || operand.type === 'moment') return undefined
  const wanted = type === 'keyword' ? 'text' : type === 'integer' ? 'int' : undefined
  if (values.some((value) => value.type !== wanted)) return undefined
  return { match: { any: values.map((value) => literalValue(value) as string | number | bigint) } }
}

function testOfComparison(expression: RowExpression, type: PayloadIndexType): Test | undefined {
  const sides = expression.kind === 'compare' ? sidesOf(expression) : undefined
  if (sides === undefined || sides.operator === '!=' || sides.reference.type === 'list') return undefined
  const { reference, operator, literal } = sides
  if (reference.type === 'moment') {
    if (type !== 'datetime' || literal.type !== 'int') return undefined
    const datetimeRange = momentsOf(operator, Number(literal.value))
    return datetimeRange && { datetimeRange }
  }
  if (literal.type === 'text' || literal.type === 'bool') {
    const isIndexed = type === (literal.type === 'text' ? 'keyword' : 'bool')
    return isIndexed && operator === '==' ? { match: { value: literal.value } } : undefined
  }
  if (literal.type === 'list') return undefined
  if (type === 'integer' && literal.type === 'int' && operator === '==')
    return { match: { value: literal.value } }
  // An index for integers does not hold the other numbers of a field.
  const isIndexed = type === 'float' || (type === 'integer' && reference.type === 'int')
  return isIndexed ? { range: rangeOf(operator, literalValue(literal) as number | bigint) } : undefined
}

/** A little wider than asked: what a double, or 32 bits of a value, cannot tell apart is inside. */
function rangeOf(operator: Comparison['operator'], bound: number | bigint): Range<number> {
  const number = Number(bound)
  const margin = Math.abs(number) * 2 ** -20 + 2 ** -149
  const low = { gte: number - margin }
  const high = { lte: number + margin }
  if (operator === '==') return { ...low, ...high }
  return operator === '>' || operator === '>=' ? low : high
}

/** A second wider than asked. What has no text is no bound. */
function momentsOf(operator: Comparison['operator'], microseconds: number): Range<string> | undefined {
  const low = textOf(microseconds / 1_000 - 1_000)
  const high = textOf(microseconds / 1_000 + 1_000)
  const range = {
    ...(low !== undefined && !operator.startsWith('<') && { gte: low }),
    ...(high !== undefined && !operator.startsWith('>') && { lte: high }),
  }
  return Object.keys(range).length === 0 ? undefined : range
}

function textOf(milliseconds: number): string | undefined {
  const date = new Date(milliseconds)
  const isWritten = date.getTime() >= firstDay && date.getTime() <= lastDay
  return isWritten ? date.toISOString() : undefined
}

const firstDay = Date.parse('0000-01-01T00:00:00Z')
const lastDay = Date.parse('9999-12-31T00:00:00Z')
