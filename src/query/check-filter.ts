import { checkMembers, type Members } from '../errors/known-members.ts'
import type { Condition, FieldCondition, Filter } from './filter.ts'

const ofFilter: Members<Filter> = { must: true, should: true, mustNot: true, minShould: true }

const ofFieldCondition: Members<FieldCondition> = {
  kind: true,
  path: true,
  match: true,
  range: true,
  datetimeRange: true,
  geoBoundingBox: true,
  geoRadius: true,
  geoPolygon: true,
  valuesCount: true,
  isEmpty: true,
  isNull: true,
}

const inFilter = { cannot: 'Cannot use this filter', of: 'a filter', code: 'filter-invalid' } as const
const inCondition = { ...inFilter, of: 'a condition' }

/**
 * Refuses what would be passed over, so that a misspelt `mustNot` does not let everything through. Asked where a filter comes
 * in, not where one is compiled: what the log holds is applied as it was.
 * @throws filter-invalid naming the member
 */
export function checkFilterMembers(filter: Filter): void {
  checkMembers(filter, ofFilter, inFilter)
  const { must = [], should = [], mustNot = [], minShould } = filter
  for (const conditions of [must, should, mustNot, minShould?.conditions ?? []])
    conditions.forEach(checkCondition)
}

function checkCondition(condition: Condition): void {
  if (condition.kind === 'field') checkMembers(condition, ofFieldCondition, inCondition)
  if (condition.kind === 'filter' || condition.kind === 'nested') checkFilterMembers(condition.filter)
}
