import {
  type CollectionReader,
  type Filter,
  type PointId,
  type QueryRequest,
  type ReadOptions,
  type ScoredPoint,
  type SearchEffort,
  type VectorInput,
} from '../../../../index.ts'
import { partitionsWritten } from '../../collections/partition-list.ts'
import { textHits, type Bm25 } from './bm25.ts'
import { elementPage, type ElementSearch } from './element-hits.ts'
import { isBetter, scoreOf, thresholdOf } from './metrics.ts'
import type { SearchedField } from '../request/searched-field.ts'

/** One search, before it is said which of the found are wanted. */
export interface HitQuery {
  readonly collection: CollectionReader
  readonly searched: SearchedField
  readonly vector: VectorInput
  readonly filter: Filter | undefined
  readonly partitions: readonly string[] | undefined
  /** Scores are better than this. */
  readonly radius?: number | undefined
  /** Scores are not better than this. */
  readonly rangeFilter?: number | undefined
  /** Set where texts are searched; `vector` is then what `queryVector` made of one. */
  readonly bm25?: Bm25 | undefined
  /** Set where structs are found, and not rows: several of one row may be among the hits. */
  readonly elements?: ElementSearch | undefined
  readonly effort?: SearchEffort
}

/** A point that was found, with the score that Milvus gives it. */
export interface FoundHit {
  readonly point: ScoredPoint
  readonly score: number
  /** Which of the row's structs it is. */
  readonly element?: number
}

export interface HitPage {
  readonly hits: readonly FoundHit[]
  /** True if there is nothing behind them. */
  readonly isLast: boolean
}

/** What tells a hit from the others. */
export const hitKey = ({ point, element }: FoundHit): PointId =>
  element === undefined ? point.id : `${point.id}:${element}`

const pageGrowth = 4

/**
 * The best `count` hits for which `isWanted` holds, best first, each key once; `reads` of each of them. Where hits are
 * passed over, they are found by their ids and scores alone, and what is asked of them is read at the end.
 */
export async function findHits(
  query: HitQuery,
  count: number,
  reads: ReadOptions,
  isWanted?: (hit: FoundHit) => boolean,
): Promise<readonly FoundHit[]> {
  if (!isSearchable(query.vector) || count === 0) return []
  if (isWanted === undefined && isPlain(query)) return await ranking(query, count, reads)
  const found = await readRanking(query, count + 8, {}, (hits) => {
    const wanted = isWanted === undefined ? hits : hits.filter(isWanted)
    return wanted.length >= count ? wanted.slice(0, count) : undefined
  })
  const wanted = isWanted === undefined ? found : found.filter(isWanted)
  return await readAgain(query, wanted.slice(0, count), reads)
}

/** The same for each query of a request, in their order: where all are plain, at one moment. They are of one collection. */
export async function findAllHits(
  queries: readonly HitQuery[],
  count: number,
  reads: ReadOptions,
): Promise<readonly (readonly FoundHit[])[]> {
  const [first] = queries
  const isOne = (query: HitQuery): boolean =>
    isPlain(query) && query.bm25 === undefined && isSearchable(query.vector)
  if (first === undefined || count === 0 || !queries.every(isOne))
    return await Promise.all(queries.map((query) => findHits(query, count, reads)))
  const found = await first.collection.queryBatch(queries.map((query) => requestOf(query, count, reads)))
  return found.map((points, place) => hitsWithin(queries[place]!, points).slice(0, count))
}

/** Whether what the engine finds is the answer. */
function isPlain(query: HitQuery): boolean {
  return query.rangeFilter === undefined && query.elements === undefined && !hasPartitions(query)
}

/**
 * Hands the ranking to `take`, longer and longer, until it answers or the ranking has come to its end; then it is answered
 * as it is.
 */
export async function readRanking<T>(
  query: HitQuery,
  firstPage: number,
  reads: ReadOptions,
  take: (hits: readonly FoundHit[]) => T | undefined,
): Promise<T | readonly FoundHit[]> {
  if (!isSearchable(query.vector)) return []
  for (let page = firstPage; ; page *= pageGrowth) {
    const { hits: all, isLast } = await pageOf(query, page, reads)
    const hits = withoutRepeats(beyondRangeFilter(query, all))
    if (isLast) return take(hits) ?? hits
    const taken = take(hits)
    if (taken !== undefined) return taken
  }
}

async function ranking(query: HitQuery, count: number, reads: ReadOptions): Promise<readonly FoundHit[]> {
  const hits = await engineHits(query, count, reads)
  return query.radius === undefined ? hits : hits.slice(0, count)
}

/** Those hits once more, with what is asked of them; those that have gone since are left out. */
export async function readAgain(
  query: HitQuery,
  hits: readonly FoundHit[],
  reads: ReadOptions,
): Promise<readonly FoundHit[]> {
  if (hits.length === 0) return []
  const ids = hits.map(({ point }) => point.id)
  if (query.elements !== undefined) return await readRowsOf(query.collection, hits, reads, query.partitions)
  const filter = both({ must: [{ kind: 'has-id', ids }] }, query.filter)
  // An id may stand in several partitions.
  const places = hits.length * partitionCount(query)
  const found = withoutRepeats(await engineHits({ ...query, filter }, places, reads))
  const byId = new Map(found.map((hit) => [hit.point.id, hit]))
  return ids.map((id) => byId.get(id)).filter((hit) => hit !== undefined)
}

/** The same hits, with what is read of their rows now; those whose rows are gone are left out. */
export async function readRowsOf(
  collection: CollectionReader,
  hits: readonly FoundHit[],
  reads: ReadOptions,
  partitions?: readonly string[],
): Promise<readonly FoundHit[]> {
  const ids = [...new Set(hits.map(({ point }) => point.id))]
  const points = await collection.get(ids, { ...reads, ...(partitions === undefined ? {} : { partitions }) })
  const byId = new Map(points.map((point) => [point.id, point]))
  return hits.flatMap((hit) => {
    const point = byId.get(hit.point.id)
    return point === undefined ? [] : [{ ...hit, point: { ...point, score: hit.score } }]
  })
}

async function pageOf(query: HitQuery, count: number, reads: ReadOptions): Promise<HitPage> {
  const { elements, radius, searched } = query
  if (elements === undefined) {
    const hits = await engineHits(query, count, reads)
    return { hits, isLast: hits.length < count }
  }
  const page = await elementPage(query, elements, count, (read) => vectorHits(query, count, read))
  if (radius === undefined) return page
  return { ...page, hits: page.hits.filter(({ score }) => isBetter(searched.metric, score, radius)) }
}

/** The best ones, and of a radius only what is within it. */
async function engineHits(query: HitQuery, limit: number, reads: ReadOptions): Promise<FoundHit[]> {
  const { bm25 } = query
  if (bm25 === undefined) return hitsWithin(query, await vectorHits(query, limit, reads))
  const points = await textHits({ ...query, bm25 }, limit, reads)
  return withinRadius(
    query,
    points.map((point) => ({ point, score: point.score })),
  )
}

/** What the engine has found, with Milvus' scores, within the radius. */
function hitsWithin(query: HitQuery, points: readonly ScoredPoint[]): FoundHit[] {
  const { metric } = query.searched
  return withinRadius(
    query,
    points.map((point) => ({ point, score: scoreOf(metric, point.score) })),
  )
}

function withinRadius({ radius, searched }: HitQuery, hits: FoundHit[]): FoundHit[] {
  return radius === undefined ? hits : hits.filter(({ score }) => isBetter(searched.metric, score, radius))
}

async function vectorHits(
  query: HitQuery,
  limit: number,
  reads: ReadOptions,
): Promise<readonly ScoredPoint[]> {
  return await query.collection.query(requestOf(query, limit, reads))
}

function requestOf(
  { searched, vector, filter, partitions, radius, effort }: HitQuery,
  limit: number,
  reads: ReadOptions,
): QueryRequest {
  const threshold = radius === undefined ? undefined : thresholdOf(searched.metric, radius)
  return {
    ...reads,
    using: searched.vector,
    vector,
    limit,
    ...(effort === undefined ? {} : { effort }),
    ...(filter === undefined ? {} : { filter }),
    ...(partitions === undefined ? {} : { partitions }),
    ...(threshold === undefined ? {} : { scoreThreshold: threshold }),
  }
}

function beyondRangeFilter(
  { searched, rangeFilter }: HitQuery,
  hits: readonly FoundHit[],
): readonly FoundHit[] {
  if (rangeFilter === undefined) return hits
  return hits.filter(({ score }) => !isBetter(searched.metric, score, rangeFilter))
}

/** The same key in several partitions is one hit, the best of them. */
function withoutRepeats(hits: readonly FoundHit[]): readonly FoundHit[] {
  const seen = new Set<PointId>()
  return hits.filter((hit) => {
    const key = hitKey(hit)
    return !seen.has(key) && seen.add(key)
  })
}

const partitionCount = ({ collection, partitions }: HitQuery): number =>
  (partitions ?? partitionsWritten(collection)).length

const hasPartitions = (query: HitQuery): boolean => partitionCount(query) > 1

export const both = (a: Filter, b: Filter | undefined): Filter =>
  b === undefined
    ? a
    : {
        must: [
          { kind: 'filter', filter: a },
          { kind: 'filter', filter: b },
        ],
      }

/** Nothing is near what has components that are no numbers, or none at all. */
function isSearchable(vector: VectorInput): boolean {
  if ('indices' in vector) return vector.indices.length > 0
  return !(vector instanceof Float32Array) || vector.every(Number.isFinite)
}
