import { DatabaseError } from '../../errors/database-error.ts'
import { partitionPlaces } from '../partitions.ts'
import { readHits } from './read-points.ts'
import type { ScoredPoint } from '../types.ts'
import type { View } from '../view.ts'
import { checkCount, checkQuery } from './check-request.ts'
import { hitsOncePerId } from './hits.ts'
import type { Query, QueryRequest } from './query-types.ts'
import type { Inherited, QueryRun } from './run-query.ts'

/** A request that has been checked. */
export interface AskedQuery {
  /** With its short forms written out. */
  readonly whole: QueryRequest
  readonly limit: number
  readonly offset: number
}

const nothing: Inherited = { filter: undefined, excluded: [] }

/** @throws request-invalid, filter-invalid */
export function askedQuery(request: QueryRequest): AskedQuery {
  checkQuery(request)
  const query = queryOf(request)
  const whole = wholeRequest(request, query)
  const limit = checkCount('limit', request.limit ?? 10)
  // Any part of a sample of a collection is as good as another; of what a prefetch found there may be too little.
  const isAnyPart = query?.kind === 'sample' && (request.prefetch ?? []).length === 0
  const offset = isAnyPart ? 0 : checkCount('offset', request.offset ?? 0)
  return { whole, limit, offset }
}

/** What the request asks by, its short forms written out. @throws request-invalid */
export function queryOf({ vector, query, sample }: Omit<QueryRequest, 'offset'>): Query | undefined {
  const isSample = sample === true
  if (Number(vector !== undefined) + Number(query !== undefined) + Number(isSample) > 1) {
    throw new DatabaseError('request-invalid', 'Cannot query: give one of vector, query and sample')
  }
  if (vector !== undefined) return { kind: 'nearest', to: vector }
  return isSample ? { kind: 'sample' } : query
}

/**
 * With all members, present or not: objects of one shape are read at once. A copy that is spread is looked up in, member for
 * member, and was a sixth of what a short query cost.
 */
function wholeRequest(request: QueryRequest, query: Query | undefined): QueryRequest {
  const { prefetch, using, filter, corpus, limit, offset, scoreThreshold, effort } = request
  const { payload, vectors, partition, partitions, oncePerId } = request
  const whole: { readonly [Name in keyof Required<QueryRequest>]: QueryRequest[Name] | undefined } = {
    query,
    prefetch,
    using,
    filter,
    corpus,
    limit,
    offset,
    scoreThreshold,
    effort,
    payload,
    vectors,
    partition,
    partitions,
    oncePerId,
    vector: undefined,
    sample: undefined,
  }
  return whole as QueryRequest
}

/** What it finds in the view; `run` is of that view. */
export async function answerOf(
  { whole, limit, offset }: AskedQuery,
  view: View,
  run: QueryRun,
): Promise<ScoredPoint[]> {
  const isOnce = whole.oncePerId === true && partitionPlaces(view.config).length > 1
  const hits = isOnce
    ? await hitsOncePerId((count) => run.run(whole, count, nothing), limit + offset)
    : await run.run(whole, limit + offset, nothing)
  return readHits(view, offset === 0 ? hits : hits.slice(offset), whole)
}
