import { ExpressionError } from '../filter-error.ts'
import type { Meaning, Predicate } from './meaning.ts'
import { boolLiteral } from './constants.ts'

/** `and` or `or` of operands that are looked at one after the other. @throws ExpressionError */
export function logicalMeaning(kind: 'and' | 'or', operands: readonly (() => Meaning)[]): Meaning {
  const found: Meaning[] = []
  for (const operand of operands) {
    found.push(operand())
    if (found.length > 1) checkOperands(kind, found)
  }
  if (found.every((meaning) => meaning.kind === 'constant')) return foldLogic(kind, found)
  const predicates = found.map(asPredicate)
  const { isSample, elements } = predicates.at(-1)!
  return {
    kind: 'predicate',
    build: (scope) => ({ kind, operands: predicates.map((predicate) => predicate.build(scope)) }),
    ...(isSample === true && { isSample }),
    ...(kind === 'and' && elements !== undefined && { elements }),
  }
}

function checkOperands(kind: 'and' | 'or', found: readonly Meaning[]): void {
  const last = found.at(-1)!
  const before = found.at(-2)!
  const isSample = (meaning: Meaning): boolean => meaning.kind === 'predicate' && meaning.isSample === true
  if (kind === 'or' && (isSample(before) || isSample(last))) {
    throw new ExpressionError('random sample expression cannot be used in logical and expression')
  }
  if (isSample(before)) {
    throw new ExpressionError(
      'random sample expression can only be the last expression in the logical and expression',
    )
  }
  if (before.kind === 'predicate' && before.elements !== undefined)
    throw new ExpressionError(
      `element filter expression can only be the last expression in the logical ${kind} expression`,
    )
  if (isTest(before) && isTest(last)) return
  throw new ExpressionError(`'${kind}' can only be used between boolean expressions`)
}

function isTest(meaning: Meaning): boolean {
  return meaning.kind === 'predicate' || (meaning.kind === 'constant' && meaning.literal.type === 'bool')
}

function foldLogic(kind: 'and' | 'or', found: readonly Extract<Meaning, { kind: 'constant' }>[]): Meaning {
  const isTrue = ({ literal }: Extract<Meaning, { kind: 'constant' }>): boolean =>
    literal.type === 'bool' && literal.value
  const value = kind === 'and' ? found.every(isTrue) : found.some(isTrue)
  return { kind: 'constant', literal: boolLiteral(value) }
}

/** A condition, or a constant that is true or false. Undefined for anything else. */
export function findPredicate(meaning: Meaning): Predicate | undefined {
  if (meaning.kind === 'predicate') return meaning
  if (meaning.kind !== 'constant' || meaning.literal.type !== 'bool') return undefined
  const { value } = meaning.literal
  return { kind: 'predicate', build: () => ({ kind: 'constant', value }) }
}

function asPredicate(meaning: Meaning): Predicate {
  return findPredicate(meaning)!
}
