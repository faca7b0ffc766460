import type { Condition, Filter } from '../../../index.ts'

/** In the order in which Qdrant looks at them. */
export function conditionsOf({ must, should, mustNot, minShould }: Filter): readonly Condition[] {
  return [...(must ?? []), ...(mustNot ?? []), ...(should ?? []), ...(minShould?.conditions ?? [])]
}

/** Conditions of the filter and of those inside it, which do not count themselves. */
export function conditionCount(filter: Filter): number {
  return conditionsOf(filter).reduce((sum, condition) => sum + countOf(condition), 0)
}

function countOf(condition: Condition): number {
  return condition.kind === 'filter' || condition.kind === 'nested' ? conditionCount(condition.filter) : 1
}

/** The length of the longest list in the filter: of values or of ids. */
export function longestList(filter: Filter): number {
  return conditionsOf(filter).reduce((longest, condition) => Math.max(longest, listLength(condition)), 0)
}

function listLength(condition: Condition): number {
  switch (condition.kind) {
    case 'filter':
    case 'nested':
      return longestList(condition.filter)
    case 'has-id':
      return condition.ids.length
    case 'field': {
      const { match } = condition
      if (match === undefined) return 0
      if ('any' in match) return match.any.length
      return 'except' in match ? match.except.length : 0
    }
    default:
      return 0
  }
}
