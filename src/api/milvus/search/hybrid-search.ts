import type { Collection, ReadOptions } from '../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { modelOf, type CollectionModel } from '../schema/collection-model.ts'
import type { FieldDocument } from '../schema/document.ts'
import { mapOf, type KeyValue } from '../schema/messages.ts'
import { invalidParameter } from '../status.ts'
import { timeViewOf } from '../time/time-view.ts'
import { findHits, readRowsOf, type FoundHit } from './finding/find-hits.ts'
import { collapsed } from './levels/collapse.ts'
import { checkHybridLevels, findsElements } from './levels/hybrid-levels.ts'
import {
  alsoReadingGroups,
  findGroups,
  groupFieldOf,
  groupValue,
  Groups,
  readsForGroups,
} from './finding/groups.ts'
import { rankerOfFunction, rankerOfStrategy } from './ranking/read-ranker.ts'
import type { Ranker } from './ranking/ranker.ts'
import { rankedHits } from './rerank.ts'
import type { HybridSearchRequest, SearchRequest } from './request/messages.ts'
import { rankedWindowOf, type GroupBy, type RankedWindow } from './request/search-params.ts'
import { alsoReading, askedFields, resultData, searchOutput } from './results.ts'
import { planSearch, type SearchPlan } from './search.ts'

const requestsMax = 1_024

/** Several searches whose hits become one list. @throws 100, 101, 1100, 65535 */
export async function hybridSearch(
  door: MilvusDoor,
  request: HybridSearchRequest,
  call: Call,
): Promise<object> {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  const model = modelOf(collection)
  const times = timeViewOf(model.document, mapOf(request.rank_params))
  const asked = askedFields(model, request.output_fields, call)
  const output = searchOutput(model, collection, asked, times)
  const window = rankedWindowOf(request.rank_params)
  const plans = await plansOf(door, request, collection, model)
  const isOfElements = findsElements(plans)
  checkHybridLevels(model, plans, isOfElements, window.groupBy?.field)
  const ranker =
    rankerOfFunction(request.function_score, model, plans.length) ??
    rankerOfStrategy(request.rank_params, plans.length)
  const groupField = window.groupBy === undefined ? undefined : groupFieldOf(model, window.groupBy)
  const reads = alsoReadingGroups(output.reads, groupField)
  const results: (readonly FoundHit[])[] = []
  for (let at = 0; at < plans[0]!.queries.length; at++) {
    const ranked = await rankOne({ plans, isOfElements, groupField }, at, ranker, window, model)
    results.push(await readRowsOf(collection, ranked, reads))
  }
  const { limit, roundDecimal } = window
  return {
    collection_name: request.collection_name,
    session_ts: door.timestamps.next(),
    results: resultData({ collection, model, output, limit, roundDecimal, groupField, results }),
  }
}

async function plansOf(
  door: MilvusDoor,
  { requests, partition_names: partitions }: HybridSearchRequest,
  collection: Collection,
  model: CollectionModel,
): Promise<readonly SearchPlan[]> {
  if (requests.length < 1 || requests.length > requestsMax)
    throw invalidParameter(
      `the number of ann search requests [${requests.length}] should be in range [1, ${requestsMax}]`,
    )
  const plans: SearchPlan[] = []
  for (const one of requests) {
    const names = one.partition_names.length > 0 ? one.partition_names : partitions
    plans.push(await planSearch(door, collection, model, one, names, withoutOffset(one)))
  }
  const counts = plans.map(({ queries }) => queries.length)
  if (counts.some((count) => count !== counts[0]))
    throw invalidParameter(`nq should be the same for all ann search requests, but got ${counts.join(', ')}`)
  if (plans.some(({ params }) => params.iterator !== undefined))
    throw invalidParameter('hybrid search does not support iterators')
  return plans
}

/** Only what is asked of the whole has an offset, as in Milvus. */
const withoutOffset = ({ search_params: pairs }: SearchRequest): readonly KeyValue[] =>
  pairs.filter(({ key }) => key !== 'offset')

interface Parts {
  readonly plans: readonly SearchPlan[]
  readonly isOfElements: boolean
  readonly groupField: FieldDocument | undefined
}

interface Grouping extends GroupBy {
  readonly document: FieldDocument
}

/** The hits of the query at that place of each request, ranked and cut. */
async function rankOne(
  parts: Parts,
  at: number,
  ranker: Ranker,
  { limit, offset, groupBy }: RankedWindow,
  model: CollectionModel,
): Promise<readonly FoundHit[]> {
  const { groupField: document } = parts
  if (groupBy === undefined || document === undefined) {
    const ranked = await rankedParts(parts, at, ranker, model)
    return ranked.slice(offset, offset + limit)
  }
  const valueOf = groupValue(document)
  const grouped = (ranked: readonly FoundHit[]): Groups => {
    const groups = new Groups(offset + limit, groupBy.size)
    for (const hit of ranked) groups.add(hit, valueOf(hit))
    return groups
  }
  const reads = readsForGroups(document)
  const groups = grouped(await rankedParts(parts, at, ranker, model, reads))
  if (groups.isComplete) return groups.hits(offset)
  // The best rows of the parts are of few groups: the parts look for groups themselves.
  const more = grouped(await rankedParts(parts, at, ranker, model, reads, { ...groupBy, document }))
  return (more.count > groups.count ? more : groups).hits(offset)
}

async function rankedParts(
  { plans, isOfElements }: Parts,
  at: number,
  ranker: Ranker,
  model: CollectionModel,
  readsForGroups: ReadOptions = {},
  grouping?: Grouping,
): Promise<readonly FoundHit[]> {
  const reads = alsoReading(readsForGroups, ranker.field === undefined ? [] : [ranker.field])
  const lists = []
  for (const { params, queries, level } of plans) {
    const query = queries[at]!
    const { metric } = query.searched
    const found =
      grouping === undefined || query.elements !== undefined
        ? await findHits(query, params.limit, reads)
        : await findGroups(query, grouping.document, grouping, { limit: params.limit, offset: 0 }, reads)
    const isOfRows = isOfElements || level !== 'element'
    const scope = params.elementScope ?? ({ strategy: 'max' } as const)
    lists.push({ metric, hits: isOfRows ? found : collapsed(found, scope, metric) })
  }
  return rankedHits(ranker, model, lists)
}
