import type { Condition, Filter } from '../../../../index.ts'
import { isIndexed, type Indexes } from '../required-indexes.ts'

export interface EstimateSource {
  readonly indexes: Indexes
  readonly pointCount: number
  /** Points that pass, counted. */
  count(filter: Filter): Promise<number>
}

// What no index answers is taken to be passed by every other point.
const unknownShare = 0.5

/**
 * About how many points pass a filter, as Qdrant reckons the cost of a write: conditions are counted where an index
 * answers them, and taken to be independent of each other.
 */
export async function estimatePoints(filter: Filter, source: EstimateSource): Promise<number> {
  return source.pointCount === 0 ? 0 : Math.round((await shareOf(filter, source)) * source.pointCount)
}

async function shareOf(filter: Filter, source: EstimateSource): Promise<number> {
  const each = (conditions: readonly Condition[] | undefined): Promise<number[]> =>
    Promise.all((conditions ?? []).map((condition) => shareOfCondition(condition, source)))
  const must = await each(filter.must)
  const not = await each(filter.mustNot)
  const some = [...(await each(filter.should)), ...(await each(filter.minShould?.conditions))]
  let share = 1
  for (const one of must) share *= one
  for (const one of not) share *= 1 - one
  if (some.length > 0) share *= 1 - some.reduce((none, one) => none * (1 - one), 1)
  return share
}

async function shareOfCondition(condition: Condition, source: EstimateSource): Promise<number> {
  if (condition.kind === 'filter') return shareOf(condition.filter, source)
  if (condition.kind === 'has-id') return Math.min(1, condition.ids.length / source.pointCount)
  const isKnown = condition.kind === 'field' && isIndexed(condition, source.indexes)
  return isKnown ? (await source.count({ must: [condition] })) / source.pointCount : unknownShare
}
