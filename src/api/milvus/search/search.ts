import type { Collection, ReadOptions } from '../../../index.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { readablePartitions } from '../rows/loaded.ts'
import { whereOf, type TemplateValue, type Where } from '../rows/where.ts'
import { modelOf, type CollectionModel } from '../schema/collection-model.ts'
import type { FieldDocument } from '../schema/document.ts'
import { mapOf, type KeyValue } from '../schema/messages.ts'
import { invalidParameter } from '../status.ts'
import { timeViewOf } from '../time/time-view.ts'
import { bm25Of } from './finding/bm25.ts'
import { findAllHits, type FoundHit, type HitQuery } from './finding/find-hits.ts'
import { alsoReadingGroups, findGroups, groupFieldOf } from './finding/groups.ts'
import { checkOrderFields, orderedHits } from './finding/order-hits.ts'
import { queryVectors } from './finding/queries.ts'
import { rankerOfFunction } from './ranking/read-ranker.ts'
import { rankedHits } from './rerank.ts'
import type { SearchRequest } from './request/messages.ts'
import { checkLevel, elementSearchOf, searchLevelOf, type SearchLevel } from './levels/search-level.ts'
import { searchEffortOf } from './request/search-effort.ts'
import { searchedFieldOf, type SearchedField } from './request/searched-field.ts'
import { searchParamsOf, type SearchParams } from './request/search-params.ts'
import { alsoReading, askedFields, resultData, searchOutput } from './results.ts'

/** A search of a collection, understood. */
export interface SearchPlan {
  readonly collection: Collection
  readonly model: CollectionModel
  readonly params: SearchParams
  readonly searched: SearchedField
  readonly level: SearchLevel
  readonly queries: readonly HitQuery[]
}

/** @throws 100, 101, 1100, 65535 */
export async function search(door: MilvusDoor, request: SearchRequest, call: Call): Promise<object> {
  const collection = getCollection(door, databaseOf(call, request.db_name), request.collection_name)
  const model = modelOf(collection)
  const times = timeViewOf(model.document, mapOf(request.search_params))
  const asked = askedFields(model, request.output_fields, call)
  const output = searchOutput(model, collection, asked, times)
  const plan = await planSearch(door, collection, model, request, request.partition_names)
  const { params, queries } = plan
  checkLevel(model, plan.level, params)
  const groupField = params.groupBy === undefined ? undefined : groupFieldOf(model, params.groupBy)
  const { limit, roundDecimal } = params
  const parts = { collection, model, output, limit, roundDecimal, groupField }
  const timestamp = door.timestamps.next()
  const answer = { collection_name: request.collection_name, session_ts: timestamp }
  if (params.iterator !== undefined) {
    const [query, ...others] = queries
    if (others.length > 0) throw invalidParameter('search iterator v2 supports one query only')
    const kept = door.moments.find(request.guarantee_timestamp, collection)
    const isFirst = params.iterator.token === undefined
    const now = async () => (isFirst ? await door.moments.keep(timestamp, collection) : collection)
    const moment = { collection: kept ?? (await now()) }
    const { hits, token, lastBound } = await door.searchIterators.next(
      { ...query!, ...moment },
      params.iterator,
      output.reads,
    )
    const bound = { search_iterator_v2_results: { token, last_bound: lastBound } }
    return { ...answer, results: { ...resultData({ ...parts, results: [hits] }), ...bound } }
  }
  const results = await finder(plan, request, output.reads, groupField)(queries)
  return { ...answer, results: resultData({ ...parts, results }) }
}

/** What is wrong with a request is said before anything is searched. */
export async function planSearch(
  door: MilvusDoor,
  collection: Collection,
  model: CollectionModel,
  request: SearchRequest,
  partitionNames: readonly string[],
  pairs: readonly KeyValue[] = request.search_params,
): Promise<SearchPlan> {
  if (request.search_aggregation !== undefined && request.search_aggregation !== null)
    throw invalidParameter('search_aggregation is not supported')
  const params = searchParamsOf(pairs)
  const searched = searchedFieldOf(collection, model, params)
  checkRange(params, searched.metric.isDistance)
  const effort = searchEffortOf(searched, params)
  const { filter, elements: asked } = searchWhere(
    model,
    request,
    timeViewOf(model.document, mapOf(request.search_params)).zone,
  )
  const partitions = readablePartitions(door, collection, model, partitionNames, 'failed to search: ')
  const vectors = await queryVectors(collection, model, searched, request, partitions)
  const level = searchLevelOf(searched, vectors)
  const elements = elementSearchOf(searched, level, asked)
  const { radius, rangeFilter } = params
  const bm25 = searched.text === undefined ? undefined : bm25Of(searched.indexParams, door.meanLengths)
  const queries = vectors.map((vector) => ({
    ...{ collection, searched, vector, filter, partitions },
    ...{ radius, rangeFilter, bm25, elements, effort },
  }))
  return { collection, model, params, searched, level, queries }
}

const searchWhere = (
  model: CollectionModel,
  { dsl, expr_template_values: templates }: Pick<SearchRequest, 'dsl' | 'expr_template_values'>,
  timeZone: string,
): Where => whereOf(model, dsl, templates as Record<string, TemplateValue>, timeZone)

function checkRange({ radius, rangeFilter }: SearchParams, isDistance: boolean): void {
  if (radius === undefined || rangeFilter === undefined) return
  if (isDistance ? rangeFilter < radius : rangeFilter > radius) return
  throw invalidParameter(
    `range_filter must be ${isDistance ? 'less than radius for L2/HAMMING/JACCARD' : 'greater than radius for IP/COSINE'}, ` +
      `but got range_filter=${rangeFilter}, radius=${radius}`,
  )
}

type Find = (queries: readonly HitQuery[]) => Promise<readonly (readonly FoundHit[])[]>

/** How the queries of a request find their hits, in the order of the queries. @throws 1100 */
function finder(
  { model, params }: SearchPlan,
  request: SearchRequest,
  reads: ReadOptions,
  groupField: FieldDocument | undefined,
): Find {
  const { limit, offset, groupBy, orderBy } = params
  const ranker = rankerOfFunction(request.function_score, model, 1)
  checkOrderFields(model, orderBy)
  if (groupBy !== undefined && groupField !== undefined) {
    if (ranker !== undefined)
      throw invalidParameter('a rerank function and group_by_field exclude each other')
    const all = alsoReadingGroups(reads, groupField)
    return (queries) =>
      Promise.all(queries.map((query) => findGroups(query, groupField, groupBy, { limit, offset }, all)))
  }
  const fields = [
    ...orderBy.map(({ field }) => field),
    ...(ranker?.field === undefined ? [] : [ranker.field]),
  ]
  const all = alsoReading(reads, fields)
  return async (queries) => {
    const lists = await findAllHits(queries, limit + offset, all)
    return lists.map((hits, place) => {
      const { metric } = queries[place]!.searched
      const ranked = ranker === undefined ? hits : rankedHits(ranker, model, [{ metric, hits }])
      return orderedHits(ranked, orderBy, model).slice(offset)
    })
  }
}
