import type { CollectionConfig, Filter, JsonValue } from '../../../index.ts'
import { isObject, memberOf, numberOf } from '../decode.ts'
import { settingsOf } from '../translate/settings.ts'
import type { GivenGroups, GivenLevel } from '../translate/querying/given-query.ts'
import type { SearchParams } from '../translate/querying/search-params.ts'
import { conditionCount, conditionsOf, longestList } from './conditions.ts'
import type { StrictLimits } from './limits.ts'
import { checkAtMost, checkExact, forbidden } from './refusals.ts'
import {
  requireFilterIndexes,
  requireFormulaIndexes,
  requireGroupingIndex,
  type Indexes,
} from './required-indexes.ts'

/** A collection under strict mode. */
export interface Guarded {
  readonly limits: StrictLimits
  readonly config: CollectionConfig
}

export const indexesOf = ({ config }: Guarded): Indexes => config.payloadIndexes ?? {}

/** @throws WireError 400 */
export function checkFilter(
  filter: Filter | undefined,
  mayLackIndexes: boolean | undefined,
  guarded: Guarded,
): void {
  if (filter === undefined) return
  if (mayLackIndexes === false) requireFilterIndexes(filter, indexesOf(guarded))
  const { filter_max_conditions: conditionsMax, condition_max_size: lengthMax } = guarded.limits
  const conditions = conditionsMax === undefined ? 0 : conditionCount(filter)
  if (conditionsMax !== undefined && conditions > conditionsMax) {
    const fault = `Filter condition limit reached (${conditions} > ${conditionsMax})`
    throw forbidden(fault, 'Reduce the amount of conditions of your filter.')
  }
  const length = lengthMax === undefined ? 0 : longestList(filter)
  if (lengthMax !== undefined && length > lengthMax) {
    const fault = `Condition size limit reached (${length} > ${lengthMax})`
    throw forbidden(fault, 'Reduce the size of your condition.')
  }
}

/** What reads have in common, in Qdrant's order. @throws WireError 400 */
export function checkRead(
  {
    limit,
    filter,
    exact,
  }: { limit?: number | undefined; filter: Filter | undefined; exact?: boolean | undefined },
  guarded: Guarded,
): void {
  const { limits } = guarded
  checkAtMost(limit, limits.max_query_limit, 'limit')
  checkFilter(filter, limits.unindexed_filtering_retrieve, guarded)
  checkExact(exact, limits.search_allow_exact)
}

/** A query with those inside it, the inner ones first. @throws WireError 400 */
export function checkQuery(level: GivenLevel, guarded: Guarded): void {
  for (const inner of level.prefetch) checkQuery(inner, guarded)
  checkAim(level, guarded)
  checkLevel(level, level.limit, guarded)
}

/** A search of the routes that were there before queries. @throws WireError 400 */
export function checkOldSearch(level: GivenLevel, guarded: Guarded): void {
  checkLevel(level, level.limit, guarded)
}

/** Qdrant does not look into what a query of groups prefetches. @throws WireError 400 */
export function checkGroups({ query, groupBy, groupSize }: GivenGroups, guarded: Guarded): void {
  checkAim(query, guarded)
  if (guarded.limits.unindexed_filtering_retrieve === false) requireGroupingIndex(groupBy, indexesOf(guarded))
  checkLevel(query, query.limit * groupSize, guarded)
}

function checkLevel({ filter, params }: GivenLevel, limit: number, guarded: Guarded): void {
  checkRead({ limit, filter }, guarded)
  if (params !== undefined) checkParams(params, guarded)
}

function checkParams({ quantization, hnsw_ef: ef, idf, exact }: SearchParams, guarded: Guarded): void {
  const { limits } = guarded
  checkAtMost(quantization?.oversampling, limits.search_max_oversampling, 'oversampling')
  checkAtMost(ef, limits.search_max_hnsw_ef, 'hnsw_ef')
  checkFilter(idf?.corpus, limits.unindexed_filtering_retrieve, guarded)
  checkExact(exact, limits.search_allow_exact)
}

function checkAim(level: GivenLevel, guarded: Guarded): void {
  const { aim, prefetch } = level
  switch (aim.kind) {
    case 'nothing':
    case 'fusion':
    case 'order':
    case 'sample':
      return
    case 'formula':
      if (guarded.limits.unindexed_filtering_retrieve === false) {
        requireFormulaIndexes(aim.formula().expression, indexesOf(guarded))
      }
      return
    default:
      if (prefetch.length === 0) checkGraph(level, guarded)
  }
}

/** A search that no graph can help is as slow as an exact one. @throws WireError 400 */
function checkGraph({ using = '', filter }: GivenLevel, { limits, config }: Guarded): void {
  const params = Object.hasOwn(config.vectors, using) ? config.vectors[using] : undefined
  if (limits.search_allow_exact !== false || params === undefined || params.kind === 'sparse') return
  const own = params.settings?.['hnsw_config']
  const common = settingsOf(config.settings)['hnsw_config']
  const links = numberIn(own, 'm') ?? numberIn(common, 'm') ?? 0
  if (links > 0) return
  const subject = `Request is forbidden${using === '' ? '' : ` on '${using}'`}`
  if (!isTenant(filter, config)) {
    throw forbidden(
      `${subject} because global vector indexing is disabled (hnsw_config.m = 0)`,
      'Use tenant-specific filter, enable global vector indexing or enable strict mode `search_allow_exact` option',
    )
  }
  const tenantLinks = numberIn(own, 'payload_m') ?? numberIn(common, 'payload_m') ?? links
  if (tenantLinks > 0) return
  throw forbidden(
    `${subject} because vector indexing is disabled (hnsw_config.m = 0 and hnsw_config.payload_m = 0)`,
    'Enable vector indexing, use a prefetch query with indexed vectors or enable strict mode `search_allow_exact` option',
  )
}

function isTenant(filter: Filter | undefined, { payloadIndexes = {} }: CollectionConfig): boolean {
  return conditionsOf(filter ?? {}).some(
    (condition) =>
      'path' in condition &&
      Object.hasOwn(payloadIndexes, condition.path) &&
      payloadIndexes[condition.path]?.settings?.['is_tenant'] === true,
  )
}

function numberIn(value: JsonValue | undefined, name: string): number | undefined {
  return isObject(value) ? numberOf(memberOf(value, name)) : undefined
}
