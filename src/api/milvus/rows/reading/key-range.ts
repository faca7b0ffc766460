import type { Filter, RowExpression } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { hasTextKeys } from '../keys.ts'

const lowest = -(2n ** 63n)
const greatest = 2n ** 63n - 1n

/** Keys from `from` on, below `end`. */
export interface KeyRange {
  readonly from: bigint
  readonly isEmpty: boolean
  /** The greatest key is left out. */
  readonly isGreatestOut: boolean
  /** What else is asked of a row; undefined: nothing. */
  readonly filter: Filter | undefined
}

/**
 * Takes the lower bounds of an Int64 key out of a filter, as points can be read from a key on: the pages of an iterator are
 * `key > last and (…)`, and would each ask all rows otherwise. Undefined where keys are not in the order of the points.
 */
export function keyRangeOf(model: CollectionModel, filter: Filter | undefined): KeyRange | undefined {
  if (hasTextKeys(model)) return undefined
  const whole = { from: lowest, isEmpty: false, isGreatestOut: false, filter }
  const [condition, ...others] = filter?.must ?? []
  if (condition?.kind !== 'expression' || others.length > 0) return whole
  let { from, isGreatestOut } = whole
  const rest: RowExpression[] = []
  for (const one of conjuncts(condition.expression)) {
    const bound = boundOf(one, model.primaryKey.name)
    if (bound?.operator === '>') from = max(from, bound.value + 1n)
    else if (bound?.operator === '>=') from = max(from, bound.value)
    // Where an iterator begins that is to return everything.
    else if (bound?.operator === '<' && bound.value === greatest) isGreatestOut = true
    else rest.push(one)
  }
  return { from, isEmpty: from > greatest, isGreatestOut, filter: filterOf(rest) }
}

function filterOf(rest: readonly RowExpression[]): Filter | undefined {
  if (rest.length === 0) return undefined
  const expression: RowExpression = rest.length === 1 ? rest[0]! : { kind: 'and', operands: rest }
  return { must: [{ kind: 'expression', expression }] }
}

function conjuncts(expression: RowExpression): readonly RowExpression[] {
  return expression.kind === 'and' ? expression.operands.flatMap(conjuncts) : [expression]
}

function boundOf(
  expression: RowExpression,
  key: string,
): { readonly operator: string; readonly value: bigint } | undefined {
  if (expression.kind !== 'compare') return undefined
  const { left, right, operator } = expression
  if (left.kind !== 'reference' || left.path.length !== 1 || left.path[0] !== key || left.type !== 'int')
    return undefined
  return right.kind === 'literal' && right.type === 'int'
    ? { operator, value: BigInt(right.value) }
    : undefined
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
