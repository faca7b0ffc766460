import { countBits } from '../runtime/bits.ts'
import { idOfWords, parseUuid, wordsOfId, type PointId } from '../ids/point-id.ts'
import { checkFilterMembers } from '../query/check-filter.ts'
import type { Filter } from '../query/filter.ts'
import type { Slices } from '../runtime/slices.ts'
import type { RowSet } from '../segment/row-set.ts'
import { contentHashOf } from './hashes/content-hash.ts'
import { Matcher } from './matching.ts'
import { mergeInIdOrder, mergeInSignedOrder, prepareIdOrder } from './id-order.ts'
import { orderedPage } from './order-by.ts'
import { countIndexedVectors } from './graph-params.ts'
import { bitsOf, CandidateSource } from './querying/candidates.ts'
import { answerOf, askedQuery, queryOf } from './querying/asked-query.ts'
import {
  checkCount,
  checkGroups,
  checkMatrix,
  checkReadOptions,
  checkScroll,
} from './querying/check-request.ts'
import { answersOf, askedBatch } from './querying/query-batch.ts'
import { namesForeign, noForeign, readForeign } from './querying/examples.ts'
import { partitionPointCounts, viewOfPartitions } from './partitions.ts'
import { rowsOfId } from './querying/find-row.ts'
import { pointReader, readHits } from './querying/read-points.ts'
import { distanceMatrix } from './querying/distance-matrix.ts'
import { runGroups } from './querying/query-groups.ts'
import type {
  DistanceMatrix,
  DistanceMatrixRequest,
  PointGroup,
  QueryGroupsRequest,
  QueryRequest,
} from './querying/query-types.ts'
import { ownServices, type ReadServices } from './querying/read-services.ts'
import { QueryRun } from './querying/run-query.ts'
import type {
  CollectionInfo,
  PartitionSelection,
  Point,
  ReadOptions,
  ScoredPoint,
  ScrollPage,
  ScrollRequest,
} from './types.ts'
import { storedSizesOf, type StoredSizes } from './stored-sizes.ts'
import { countPresent, reportSegments, type SegmentReport } from './segment-report.ts'
import { columnOf } from './vector-columns.ts'
import { visibleBits, aliveBits, type FullConfig, type View } from './view.ts'
import { indexesOf } from './matching.ts'

export interface ReaderSource {
  readonly name: string
  readonly id: string
  /** The view to read now; the caller releases it. @throws when the source is gone */
  view(): View
  random(): number
  /** Resolves when the view can be read; undefined if it can. Default: it can. @throws what reading it from the store threw */
  loaded?(): Promise<void> | undefined
  /** Default: the view's. */
  config?(): FullConfig
  /** Default: the calling thread does everything. */
  readonly services?: ReadServices
  /** Of a living collection: whether the optimizer has graphs to build. */
  isOptimizing?(): boolean
}

/**
 * Reads a collection as it is now, or as a snapshot holds it. Every call sees one moment. A partition that is asked for
 * must be there: `partition-not-found`.
 */
export class CollectionReader {
  readonly #source: ReaderSource
  readonly #random = (): number => this.#source.random()

  constructor(source: ReaderSource) {
    this.#source = source
  }

  get name(): string {
    return this.#source.name
  }

  get id(): string {
    return this.#source.id
  }

  /** Costs nothing, unlike `info`, which counts. */
  config(): CollectionInfo['config'] {
    return this.#source.config?.() ?? this.#withView((view) => view.config)
  }

  info(): CollectionInfo {
    return this.#withView((view) => {
      const vectorCounts = countVectors(view)
      return {
        name: this.name,
        id: this.id,
        config: view.config,
        pointCount: view.pointCount(),
        partitions: partitionPointCounts(view),
        shardPointCounts: view.shardPointCounts(),
        segmentCount: [...view.entries()].length,
        vectorCount: Object.values(vectorCounts).reduce((sum, count) => sum + count, 0),
        vectorCounts,
        indexedVectorCounts: countIndexedVectors(view),
        isOptimizing: this.#source.isOptimizing?.() ?? false,
        indexedPoints: countIndexed(view),
      }
    })
  }

  /** What its points take up, for limits on it: no more than a few sums over its segments. */
  storedSizes(): StoredSizes {
    return this.#withView((view) => storedSizesOf(view))
  }

  /** Shard by shard, in the order in which they came to be. */
  segmentReports(): readonly SegmentReport[] {
    return this.#withView(reportSegments)
  }

  /** The points that exist, in the order asked, each once; those of one id in the order in which the partitions came to be. */
  async get(
    ids: readonly PointId[],
    options: ReadOptions & PartitionSelection = {},
  ): Promise<readonly Point[]> {
    checkReadOptions(options)
    const wanted = ids.map((id) => wordsOfId(id))
    const loading = this.#source.loaded?.()
    if (loading !== undefined) await loading
    return this.#withView((view) => {
      const seen = new Set<string>()
      const read = pointReader(view, options)
      const points: Point[] = []
      for (const id of wanted) {
        const key = `${id.kind}:${id.w0}:${id.w1}:${id.w2}:${id.w3}`
        if (seen.has(key)) continue
        seen.add(key)
        for (const found of rowsOfId(view, id)) {
          points.push(read(found))
          if (options.oncePerId === true) break
        }
      }
      return points
    }, options.partitions)
  }

  /** A page in id order, or by a payload value. @throws filter-invalid, request-invalid */
  async scroll(request: ScrollRequest = {}): Promise<ScrollPage> {
    checkScroll(request)
    const limit = checkCount('limit', request.limit ?? 10)
    const from = request.offset === undefined ? undefined : wordsOfId(request.offset)
    return this.#withViewKept(async (view) => {
      const passing = await passingRows(view, request.filter, this.#services.slices)
      const read = pointReader(view, request)
      if (request.orderBy !== undefined) {
        const { slices } = this.#services
        const page = await orderedPage(passing, request.orderBy, view.config.payloadIndexes, limit, slices)
        return {
          points: page.map((item) => read(item)),
          orderValues: page.map((item) => item.value),
        }
      }
      await prepareIdOrder(passing, this.#services.slices)
      const points: Point[] = []
      const merge = request.idOrder === 'signed' ? mergeInSignedOrder : mergeInIdOrder
      for (const ref of merge(passing, from)) {
        if (points.length >= limit || request.oncePerId === true) {
          const next = ref.rows.pointIdAt(ref.row)
          if (points.at(-1)?.id === next) {
            if (request.oncePerId === true) continue
          } else if (points.length >= limit) return { points, next }
        }
        points.push(read(ref))
      }
      return { points }
    }, request.partitions)
  }

  /** Exact. @throws filter-invalid */
  async count(filter?: Filter, { partitions }: PartitionSelection = {}): Promise<number> {
    if (filter !== undefined) checkFilterMembers(filter)
    return this.#withViewKept(async (view) => {
      if (filter === undefined) return view.pointCount()
      const passing = await new Matcher(filter, view.config).bitsInSlices(
        [...view.entries()],
        this.#services.slices,
      )
      return passing.reduce((sum, bits) => sum + countBits(bits), 0)
    }, partitions)
  }

  /**
   * The best points, best first; equal scores by id.
   * @throws vector-unknown, dimension-mismatch, filter-invalid, request-invalid, point-not-found, formula-failed
   */
  async query(request: QueryRequest): Promise<readonly ScoredPoint[]> {
    const asked = askedQuery(request)
    const foreign = namesForeign(asked.whole) ? await readForeign(asked.whole) : noForeign
    return await this.#withViewKept(
      (view, whole) =>
        answerOf(asked, view, new QueryRun({ view, whole }, foreign, this.#services, this.#random)),
      request.partitions,
    )
  }

  /**
   * What each of the requests finds, in their order: all of one moment, worked on side by side. One that fails fails all, with
   * what the first of them threw and its place among the requests, `details.request`. They are not changed until it is answered.
   * @throws what `query` throws
   */
  async queryBatch(requests: readonly QueryRequest[]): Promise<readonly (readonly ScoredPoint[])[]> {
    const asked = await askedBatch(requests, this.#services.slices)
    return await this.#withViewKept((view) => answersOf(asked, view, this.#services, this.#random))
  }

  /**
   * The best points, grouped by a payload value; groups come in the order of their best points.
   * @throws what `query` throws
   */
  async queryGroups(request: QueryGroupsRequest): Promise<readonly PointGroup[]> {
    checkGroups(request)
    const query = queryOf(request)
    const whole = query === undefined ? request : { ...request, query }
    const limit = checkCount('limit', request.limit ?? 10)
    const groupSize = checkCount('groupSize', request.groupSize ?? 3)
    const foreign = namesForeign(whole) ? await readForeign(whole) : noForeign
    const groups = await this.#withViewKept(async (view, all) => {
      const run = new QueryRun({ view, whole: all }, foreign, this.#services, this.#random)
      const { payloadIndexes } = view.config
      const found = await runGroups(run, { request: whole, limit, groupSize, payloadIndexes })
      return found.map(({ id, hits }) => ({
        id,
        hits: readHits(view, hits, request),
      }))
    }, request.partitions)
    return request.groupLookup === undefined ? groups : lookUpGroups(groups, request.groupLookup)
  }

  /** How close points are to each other. @throws vector-unknown, filter-invalid, request-invalid */
  async distanceMatrix(request: DistanceMatrixRequest = {}): Promise<DistanceMatrix> {
    checkMatrix(request)
    const sample = checkCount('sample', request.sample ?? 10)
    const limit = checkCount('limit', request.limit ?? 3)
    const { slices } = this.#services
    return this.#withViewKept(
      (view) => distanceMatrix(view, slices, { ...request, sample, limit }, this.#random),
      request.partitions,
    )
  }

  /**
   * SHA-256 over every point in id order: id, vectors bit for bit, payload with its keys sorted. Two collections
   * with equal hashes hold the same points, in partitions of the same names.
   */
  async contentHash(): Promise<string> {
    const loading = this.#source.loaded?.()
    if (loading !== undefined) await loading
    const view = this.#source.view()
    try {
      return await contentHashOf(view)
    } finally {
      view.release()
    }
  }

  get #services(): ReadServices {
    return this.#source.services ?? ownServices
  }

  /** The view is there until what is read from it has come. */
  async #withViewKept<T>(
    read: (view: View, whole: View) => Promise<T>,
    partitions?: readonly string[],
  ): Promise<T> {
    const loading = this.#source.loaded?.()
    if (loading !== undefined) await loading
    const view = this.#source.view()
    try {
      if (partitions === undefined) return await read(view, view)
      const part = viewOfPartitions(view, partitions)
      try {
        return await read(part, view)
      } finally {
        part.release()
      }
    } finally {
      view.release()
    }
  }

  #withView<T>(read: (view: View) => T, partitions?: readonly string[]): T {
    const view = this.#source.view()
    try {
      if (partitions === undefined) return read(view)
      const part = viewOfPartitions(view, partitions)
      try {
        return read(part)
      } finally {
        part.release()
      }
    } finally {
      view.release()
    }
  }
}

/** Each with the point whose id is the group's. */
async function lookUpGroups(
  groups: readonly PointGroup[],
  { from, ...options }: NonNullable<QueryGroupsRequest['groupLookup']>,
): Promise<readonly PointGroup[]> {
  const idOf = ({ id }: PointGroup): PointId | undefined => {
    if (typeof id === 'string') {
      const words = parseUuid(id)
      return words === undefined ? undefined : idOfWords(words)
    }
    return id < 0 ? undefined : id
  }
  const points = await from.get(
    groups.map(idOf).filter((id) => id !== undefined),
    options,
  )
  const byId = new Map(points.map((point) => [point.id, point]))
  return groups.map((group) => {
    const lookup = byId.get(idOf(group)!)
    return lookup === undefined ? group : { ...group, lookup }
  })
}

async function passingRows(
  view: View,
  filter: Filter | undefined,
  slices: Slices,
): Promise<{ rows: RowSet; bits: Uint32Array }[]> {
  const passing = await new CandidateSource(view, slices).passing(filter, [])
  return passing.map((one) => ({ rows: one.rows, bits: bitsOf(one) }))
}

function countVectors(view: View): Record<string, number> {
  const schema = view.config.vectors
  const counts = Object.fromEntries(Object.keys(schema).map((name) => [name, 0]))
  for (const entry of view.entries()) {
    for (const name of Object.keys(schema)) {
      const column = columnOf(entry.handle.rows, schema, name)
      if (column !== undefined) counts[name]! += countPresent(entry, column)
    }
  }
  return counts
}

function countIndexed(view: View): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const field of Object.keys(view.config.payloadIndexes)) counts[field] = 0
  for (const entry of view.entries()) {
    const indexes = indexesOf(entry.handle.rows, view.config.payloadIndexes)
    if (indexes === undefined) continue
    const bits = visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
    for (const field of Object.keys(counts)) counts[field]! += indexes.pointsWithValue(field, bits)
  }
  return counts
}
