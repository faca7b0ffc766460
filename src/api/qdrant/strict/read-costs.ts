import type { Filter, PointId } from '../../../index.ts'
import {
  givenExamples,
  levelsOf,
  type Aim,
  type GivenExample,
  type GivenLevel,
} from '../translate/querying/given-query.ts'
import { conditionCount } from './conditions.ts'

// What a read takes of the tokens of a minute.

const base = 1
const sparseIndicesPerToken = 64

/** Of one that goes through points. */
export function filteredCost(filter: Filter | undefined): number {
  return base + conditionsIn(filter)
}

function conditionsIn(filter: Filter | undefined): number {
  return filter === undefined ? 0 : conditionCount(filter)
}

/** The points of the collection itself that a query names as examples; they are read before it. */
export function exampleIds(query: GivenLevel): ReadonlySet<PointId> {
  const levels = levelsOf(query).filter(({ lookup }) => lookup === undefined)
  return new Set(levels.flatMap(({ aim }) => idsOf(aim)))
}

function idsOf(aim: Aim): PointId[] {
  return givenExamples(aim).flatMap((example) => (example.kind === 'point' ? [example.id] : []))
}

/** The searches at the bottom of a query; `inherited`: conditions of the queries around it, which hold for it, too. */
export function queryCost(level: GivenLevel, inherited = 0): number {
  const conditions = inherited + conditionsIn(level.filter)
  if (level.prefetch.length > 0) {
    return level.prefetch.reduce((sum, inner) => sum + queryCost(inner, conditions), 0)
  }
  // Points that are examples are left out of the result by a condition.
  const exclusion = idsOf(level.aim).length > 0 ? 1 : 0
  return aimCost(level.aim) + conditions + exclusion
}

function aimCost(aim: Aim): number {
  switch (aim.kind) {
    case 'nearest':
      return exampleCost(aim.to)
    case 'recommend':
      return aim.strategy === 'average_vector' ? base : sumOf(givenExamples(aim))
    case 'discover':
    case 'context':
    case 'feedback':
      return sumOf(givenExamples(aim))
    default:
      return base
  }
}

function sumOf(examples: readonly GivenExample[]): number {
  return examples.reduce((sum, example) => sum + exampleCost(example), 0)
}

function exampleCost(example: GivenExample): number {
  if (example.kind === 'point') return base
  const { vector } = example
  if (vector.kind === 'multi') return vector.rows.length
  return vector.kind === 'sparse' ? Math.ceil(vector.indices.length / sparseIndicesPerToken) : base
}
