import type { Condition, Filter } from '../../query/filter.ts'
import type { PayloadIndexParams } from '../../query/payload-index.ts'
import { bothFilters } from './candidates.ts'
import { GroupedHits, type Group, type GroupId } from './group-hits.ts'
import type { Hit } from './hits.ts'
import type { Prefetch, QueryGroupsRequest } from './query-types.ts'
import type { QueryRun } from './run-query.ts'

export interface GroupsPlan {
  readonly request: QueryGroupsRequest
  readonly limit: number
  readonly groupSize: number
  readonly payloadIndexes: Readonly<Record<string, PayloadIndexParams>>
}

const pageGrowth = 4

/** The groups of the best hits, each with its best hits. */
export async function runGroups(run: QueryRun, plan: GroupsPlan): Promise<readonly Group[]> {
  if (plan.limit === 0 || plan.groupSize === 0) return []
  return isRanking(plan.request) ? groupsOfRanking(run, plan) : groupsOfRounds(run, plan)
}

/** Whether a hit's score and place do not depend on which other rows there are. */
function isRanking({ query, prefetch = [] }: Prefetch): boolean {
  if (prefetch.length > 0 || query?.kind === 'sample') return false
  return query?.kind !== 'nearest' || query.diversity === undefined
}

/** Reads the ranking from its beginning until the first groups in it are full. */
async function groupsOfRanking(run: QueryRun, plan: GroupsPlan): Promise<readonly Group[]> {
  const { request, limit, groupSize } = plan
  const grouped = new GroupedHits(request.groupBy, groupSize, request.oncePerId === true)
  let filter: Filter | undefined
  let read = 0
  for (let page = limit * groupSize; ; page *= pageGrowth) {
    const hits = await run.run(request, page, { filter, excluded: [] })
    for (; read < hits.length; read++) grouped.add(hits[read]!, limit)
    const open = grouped.groups.filter((group) => group.hits.length < groupSize)
    const isComplete = grouped.groupCount === limit && open.length === 0
    if (isComplete || hits.length < page) return grouped.groups
    if (grouped.groupCount < limit || filter !== undefined) continue
    filter = filterOf(
      plan,
      open.map(({ id }) => id),
    )
    // Under the filter the ranking is another one, and is read from its beginning.
    if (filter !== undefined) read = 0
  }
}

/** Points of these groups; undefined where no index would help, or might see values in another way than groups do. */
function filterOf({ request, payloadIndexes }: GroupsPlan, ids: readonly GroupId[]): Filter | undefined {
  const type = payloadIndexes[request.groupBy]?.type
  const isKnown = (id: GroupId): boolean => (typeof id === 'string' ? type === 'keyword' : type === 'integer')
  return ids.every(isKnown) ? { must: [anyOf(request.groupBy, ids)] } : undefined
}

function anyOf(path: string, ids: readonly GroupId[]): Condition {
  return { kind: 'field', path, match: { any: ids } }
}

const roundsMax = 5

/**
 * Where hits depend on each other, groups are what several runs give, as in Qdrant: each run leaves out the points that
 * have been found; the first ones also full groups, the last ones all that is not in a group with room.
 */
async function groupsOfRounds(run: QueryRun, plan: GroupsPlan): Promise<readonly Group[]> {
  const { limit, groupSize } = plan
  const request = { ...withMore(plan.request, groupSize), limit: limit * groupSize }
  const path = request.groupBy
  const hasGroup: Filter = { mustNot: [{ kind: 'is-empty', path }] }
  const grouped = new GroupedHits(path, Infinity, plan.request.oncePerId === true)
  const compare = run.comparison(request)
  const isFull = (group: Group): boolean => group.hits.length >= groupSize
  const round = async (more: Filter | undefined): Promise<boolean> => {
    const filter = bothFilters(hasGroup, more)
    const hits = await run.run(request, request.limit, { filter, excluded: grouped.rows })
    for (const hit of hits) grouped.add(hit)
    return hits.length > 0
  }
  const full = (): Group[] => grouped.groups.filter(isFull)
  const best = (): Group[] => bestGroups(grouped.groups, compare).slice(0, limit)
  let isEnough = false
  for (let i = 0; i < roundsMax && !isEnough && (await round(exceptOf(path, full()))); i++) {
    // A worse group that is full does not make up for a better one with room.
    isEnough = best().filter(isFull).length >= limit
  }
  for (let i = 0; i < roundsMax && !isEnough; i++) {
    const open = best().filter((group) => !isFull(group))
    // Without a group that has room every point is let in, which may open better ones.
    if (!(await round(open.length === 0 ? undefined : includeOf(path, open)))) break
    isEnough = best().filter(isFull).length >= limit
  }
  return best().map(({ id, hits }) => ({ id, hits: hits.slice(0, groupSize) }))
}

/** Best groups first, and in each its best hits; equal ones in the order in which they were found. */
function bestGroups(groups: readonly Group[], compare: (a: Hit, b: Hit) => number): Group[] {
  const sorted = groups.map(({ id, hits }) => ({ id, hits: [...hits].sort(compare) }))
  return sorted.sort((a, b) => compare(a.hits[0]!, b.hits[0]!))
}

/** Prefetches that give enough for groups of that size. */
function withMore<T extends Prefetch>(request: T, groupSize: number): T {
  if (request.prefetch === undefined) return request
  const prefetch = request.prefetch.map((one) => ({
    ...withMore(one, groupSize),
    limit: (one.limit ?? 10) * groupSize,
  }))
  return { ...request, prefetch }
}

const isText = (id: GroupId): id is string => typeof id === 'string'

function byKind(groups: readonly Group[]): readonly (readonly GroupId[])[] {
  const ids = groups.map(({ id }) => id)
  return [ids.filter(isText), ids.filter((id) => !isText(id))].filter((list) => list.length > 0)
}

function exceptOf(path: string, groups: readonly Group[]): Filter | undefined {
  if (groups.length === 0) return undefined
  return { must: byKind(groups).map((ids) => ({ kind: 'field', path, match: { except: ids } })) }
}

function includeOf(path: string, groups: readonly Group[]): Filter {
  return { must: [{ kind: 'filter', filter: { should: byKind(groups).map((ids) => anyOf(path, ids)) } }] }
}
