import type { Filter, RowExpression } from '../../../../index.ts'
import type { CollectionModel } from '../../schema/collection-model.ts'
import { compareKeys, hasTextKeys, type PrimaryKey } from '../keys.ts'

const greatest = 2n ** 63n - 1n

/** What a filter says of the key, apart from the rest of it. */
export interface KeyRange {
  /** Keys behind this one; undefined: from the first one on. */
  readonly after: PrimaryKey | undefined
  /** The greatest integer is left out. */
  readonly isGreatestOut: boolean
  /** What else is asked of a row; undefined: nothing. */
  readonly filter: Filter | undefined
}

/**
 * Takes the lower bounds of the key out of a filter, as rows can be read from a key on: the pages of an iterator are
 * `key > last and (…)`, and would each ask all rows otherwise. In a collection that was made elsewhere this is also all that
 * a filter can say of the key, which is no part of the payload there.
 */
export function keyRangeOf(model: CollectionModel, filter: Filter | undefined): KeyRange {
  let after: PrimaryKey | undefined
  let isGreatestOut = false
  const [condition, ...others] = filter?.must ?? []
  if (condition?.kind !== 'expression' || others.length > 0) return { after, isGreatestOut, filter }
  const rest: RowExpression[] = []
  for (const one of conjuncts(condition.expression)) {
    const bound = boundOf(one, model)
    if (bound === undefined) rest.push(one)
    else if (bound.operator === '>') after = later(after, bound.value)
    else if (bound.operator === '>=' && typeof bound.value === 'bigint')
      after = later(after, bound.value - 1n)
    // Where iterators begin that are to return everything.
    else if (bound.operator === '<' && bound.value === greatest) isGreatestOut = true
    else if (!(bound.operator === '!=' && bound.value === '' && model.isForeign)) rest.push(one)
  }
  return { after, isGreatestOut, filter: filterOf(rest) }
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
  model: CollectionModel,
): { readonly operator: string; readonly value: PrimaryKey } | undefined {
  if (expression.kind !== 'compare') return undefined
  const { left, right, operator } = expression
  if (left.kind !== 'reference' || left.path.length !== 1 || left.path[0] !== model.primaryKey.name)
    return undefined
  if (right.kind !== 'literal') return undefined
  if (hasTextKeys(model)) return right.type === 'text' ? { operator, value: right.value } : undefined
  return right.type === 'int' ? { operator, value: BigInt(right.value) } : undefined
}

const later = (a: PrimaryKey | undefined, b: PrimaryKey): PrimaryKey =>
  a === undefined || compareKeys(a, b) < 0 ? b : a
