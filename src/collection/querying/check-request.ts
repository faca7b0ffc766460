import { DatabaseError } from '../../errors/database-error.ts'
import { checkMembers, type Members } from '../../errors/known-members.ts'
import type { SearchEffort } from '../../graph/search/search-column.ts'
import { checkFilterMembers } from '../../query/check-filter.ts'
import type { OrderBy, PartitionSelection, ReadOptions, ScrollRequest } from '../types.ts'
import type {
  DistanceMatrixRequest,
  Diversity,
  Feedback,
  Prefetch,
  Query,
  QueryGroupsRequest,
  QueryRequest,
  Recommend,
} from './query-types.ts'

const cannot = 'Cannot read'
const inRequest = { cannot, of: 'a request' }
const inEffort = { cannot, of: 'effort' }
const none: readonly Prefetch[] = []

const ofReading: Members<ReadOptions & PartitionSelection> = {
  payload: true,
  vectors: true,
  partition: true,
  partitions: true,
  oncePerId: true,
}
const ofOrder: Members<OrderBy> = { path: true, direction: true, startFrom: true }
const ofScroll: Members<ScrollRequest> = {
  ...ofReading,
  filter: true,
  limit: true,
  offset: true,
  idOrder: true,
  orderBy: true,
}
const ofPrefetch: Members<Prefetch> = {
  query: true,
  prefetch: true,
  using: true,
  filter: true,
  corpus: true,
  limit: true,
  scoreThreshold: true,
  effort: true,
}
const ofRequest: Members<QueryRequest> = {
  ...ofPrefetch,
  ...ofReading,
  vector: true,
  sample: true,
  offset: true,
}
const ofGroups: Members<QueryGroupsRequest> = {
  ...ofPrefetch,
  ...ofReading,
  vector: true,
  sample: true,
  groupBy: true,
  groupSize: true,
  groupLookup: true,
}
const ofEffort: Members<SearchEffort> = { ef: true, exact: true, indexedOnly: true }
const ofDiversity: Members<Diversity> = { diversity: true, candidates: true }
const ofMatrix: Members<DistanceMatrixRequest> = {
  partitions: true,
  oncePerId: true,
  using: true,
  filter: true,
  sample: true,
  limit: true,
}

const ofRecommend: Members<Recommend> = { kind: true, positive: true, negative: true, strategy: true }
const ofFeedback: Members<Feedback> = { kind: true, target: true, judged: true, weights: true }
const ofQuery: { readonly [K in Query['kind']]: Members<Extract<Query, { readonly kind: K }>> } = {
  nearest: { kind: true, to: true, diversity: true },
  recommend: ofRecommend,
  discover: { kind: true, target: true, context: true },
  context: { kind: true, context: true },
  feedback: ofFeedback,
  'order-by': { kind: true, orderBy: true },
  sample: { kind: true },
  fusion: { kind: true, fusion: true },
  formula: { kind: true, formula: true },
}

/** @throws request-invalid naming a member that would be passed over */
export function checkReadOptions(options: ReadOptions & PartitionSelection): void {
  checkMembers(options, ofReading, { cannot, of: 'the options' })
}

/** @throws request-invalid, filter-invalid, naming a member that would be passed over */
export function checkScroll(request: ScrollRequest): void {
  checkMembers(request, ofScroll, inRequest)
  if (request.filter !== undefined) checkFilterMembers(request.filter)
  if (request.orderBy !== undefined) checkMembers(request.orderBy, ofOrder, { cannot, of: 'orderBy' })
}

/** With its prefetches. @throws request-invalid, filter-invalid, naming a member that would be passed over */
export function checkQuery(request: QueryRequest): void {
  checkMembers(request, ofRequest, inRequest)
  checkStage(request)
}

/** @throws as checkQuery */
export function checkGroups(request: QueryGroupsRequest): void {
  checkMembers(request, ofGroups, inRequest)
  checkStage(request)
  if (request.groupLookup === undefined) return
  const { from: _, ...options } = request.groupLookup
  checkReadOptions(options)
}

/** @throws as checkQuery */
export function checkMatrix(request: DistanceMatrixRequest): void {
  checkMembers(request, ofMatrix, inRequest)
  if (request.filter !== undefined) checkFilterMembers(request.filter)
}

function checkStage({ query, prefetch, filter, corpus, effort }: Prefetch): void {
  if (filter !== undefined) checkFilterMembers(filter)
  if (corpus !== undefined) checkFilterMembers(corpus)
  if (effort !== undefined) checkMembers(effort, ofEffort, inEffort)
  if (query !== undefined) checkKind(query)
  for (const one of prefetch ?? none) {
    checkMembers(one, ofPrefetch, { cannot, of: 'a prefetch' })
    checkStage(one)
  }
}

function checkKind(query: Query): void {
  const { kind } = query
  if (!Object.hasOwn(ofQuery, kind)) {
    throw new DatabaseError('request-invalid', `${cannot}: there is no query "${String(kind)}"`, { kind })
  }
  checkMembers<Query>(query, ofQuery[kind] as Members<Query>, { cannot, of: `the query ${kind}` })
  if (kind === 'order-by') checkMembers(query.orderBy, ofOrder, { cannot, of: 'orderBy' })
  if (kind !== 'nearest' || query.diversity === undefined) return
  checkMembers(query.diversity, ofDiversity, { cannot, of: 'diversity' })
}

/** @throws request-invalid */
export function checkCount(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot read: ${name} is ${String(value)}, not a whole number from 0`,
      { [name]: value },
    )
  }
  return value
}
