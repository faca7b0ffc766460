import type { Filter, PointId } from '../../../../index.ts'
import {
  givenExamples,
  levelsOf,
  type Aim,
  type GivenExample,
  type GivenLevel,
} from '../../translate/querying/given-query.ts'
import type { GivenVector } from '../../translate/vectors.ts'
import { conditionCount } from '../conditions.ts'

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

export interface ExamplePoint {
  readonly using: string
  readonly id: PointId
}

/** The points of the collection itself that a query names as examples; they are read before it. */
export function examplePoints(query: GivenLevel): readonly ExamplePoint[] {
  const levels = levelsOf(query).filter(({ lookup }) => lookup === undefined)
  return levels.flatMap(({ aim, using = '' }) => idsOf(aim).map((id) => ({ using, id })))
}

function idsOf(aim: Aim): PointId[] {
  return givenExamples(aim).flatMap((example) => (example.kind === 'point' ? [example.id] : []))
}

/** How many vectors a point has under a name: more than one only where it has several. */
export type CountVectors = (using: string, id: PointId) => number

/** The searches at the bottom of a query; `inherited`: conditions of the queries around it, which hold for it, too. */
export function queryCost(level: GivenLevel, countVectors: CountVectors, inherited = 0): number {
  const conditions = inherited + conditionsIn(level.filter)
  if (level.prefetch.length > 0) {
    return level.prefetch.reduce((sum, inner) => sum + queryCost(inner, countVectors, conditions), 0)
  }
  // Points that are examples are left out of the result by a condition.
  const exclusion = idsOf(level.aim).length > 0 ? 1 : 0
  return aimCost(level, countVectors) + conditions + exclusion
}

function aimCost({ aim, using = '' }: GivenLevel, countVectors: CountVectors): number {
  const costOf = (example: GivenExample): number =>
    example.kind === 'point' ? countVectors(using, example.id) : vectorCost(example.vector)
  const isAverage = aim.kind === 'recommend' && aim.strategy === 'average_vector'
  const examples = isAverage ? [] : givenExamples(aim)
  return examples.length === 0 ? base : examples.reduce((sum, example) => sum + costOf(example), 0)
}

function vectorCost(vector: GivenVector): number {
  if (vector.kind === 'multi') return vector.rows.length
  return vector.kind === 'sparse' ? Math.ceil(vector.indices.length / sparseIndicesPerToken) : base
}
