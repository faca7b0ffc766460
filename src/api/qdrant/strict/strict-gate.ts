import type { CollectionReader, Filter, PointId } from '../../../index.ts'
import type { GivenGroups, GivenQuery } from '../translate/querying/given-query.ts'
import type { GivenMatrix } from '../translate/querying/matrix-request.ts'
import type { GivenCount, GivenFacet, GivenScroll } from '../translate/reads.ts'
import { estimatePoints } from './rates/filter-estimate.ts'
import { RateLimited } from './rates/rate-limited.ts'
import { checkGroups, checkOldSearch, checkQuery, checkRead, indexesOf, type Guarded } from './read-checks.ts'
import {
  examplePoints,
  filteredCost,
  queryCost,
  type CountVectors,
  type ExamplePoint,
} from './rates/read-costs.ts'
import { checkAtMost } from './refusals.ts'
import type { TokenBucket } from './rates/token-bucket.ts'
import { checkIndexCount, checkMemory, checkWrite } from './write-checks.ts'
import type { WriteFacts } from './write-facts.ts'

export interface GateParts {
  readonly guarded: Guarded
  readonly collection: CollectionReader
  readonly bucket: (kind: 'read' | 'write', perMinute: number) => TokenBucket
  readonly residentPercent: () => number | undefined
}

type Seconds = number | undefined

/**
 * Strict mode of one collection, for one request. Each method refuses what is beyond the limits (WireError 400) and, for
 * reads, takes their cost out of the minute (RateLimited 429).
 */
export class StrictGate {
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  timeout(timeout: Seconds): void {
    checkAtMost(timeout, this.#parts.guarded.limits.max_timeout, 'timeout')
  }

  retrieve(idCount: number, timeout: Seconds): void {
    this.timeout(timeout)
    this.#spendRead(idCount)
  }

  scroll({ limit, request: { filter } }: GivenScroll, timeout: Seconds): void {
    this.#read({ limit, filter }, timeout)
  }

  count({ filter, exact }: GivenCount, timeout: Seconds): void {
    this.#read({ filter, exact }, timeout)
  }

  facet({ limit, filter, exact }: GivenFacet, timeout: Seconds): void {
    this.#read({ limit, filter, exact }, timeout)
  }

  matrix({ filter, sample, limit }: GivenMatrix, timeout: Seconds): void {
    checkRead({ limit: sample * limit, filter }, this.#parts.guarded)
    this.timeout(timeout)
    // One read that draws the sample, and a search for each of its points.
    this.#spendRead(filteredCost(filter))
    this.#spendRead(sample * filteredCost(filter))
  }

  /** `isOld`: of the routes that were there before queries. */
  async queries(
    queries: readonly GivenQuery[],
    timeout: Seconds,
    { isOld = false, isBatch = false } = {},
  ): Promise<void> {
    const { guarded } = this.#parts
    if (isBatch) checkAtMost(queries.length, guarded.limits.search_max_batchsize, 'search batch size')
    for (const query of queries) (isOld ? checkOldSearch : checkQuery)(query, guarded)
    this.timeout(timeout)
    await this.#spendQueries(queries)
  }

  async groups(given: GivenGroups, timeout: Seconds): Promise<void> {
    checkGroups(given, this.#parts.guarded)
    this.timeout(timeout)
    await this.#spendQueries([given.query])
  }

  /** All writes of a request, before the first is done. */
  writes(facts: readonly WriteFacts[], timeout: Seconds): void {
    const { guarded, collection, residentPercent } = this.#parts
    const sources = { sizes: () => collection.storedSizes(), residentPercent }
    for (const one of facts) {
      checkWrite(one, guarded, sources)
      checkMemory([one], guarded.limits, sources)
      this.timeout(timeout)
    }
  }

  /** To be called right before a write is done. @throws RateLimited */
  async spendWrite({ pointCount, filter }: WriteFacts): Promise<void> {
    const perMinute = this.#parts.guarded.limits.write_rate_limit
    if (perMinute === undefined) return
    const points = pointCount ?? (filter === undefined ? 0 : await this.#estimate(filter))
    this.#spend('write', perMinute, Math.max(1, points))
  }

  createIndex(timeout: Seconds): void {
    checkIndexCount(this.#parts.guarded)
    this.timeout(timeout)
  }

  #read(read: Parameters<typeof checkRead>[0], timeout: Seconds): void {
    checkRead(read, this.#parts.guarded)
    this.timeout(timeout)
    this.#spendRead(filteredCost(read.filter))
  }

  async #spendQueries(queries: readonly GivenQuery[]): Promise<void> {
    if (this.#parts.guarded.limits.read_rate_limit === undefined) return
    const points = queries.flatMap((query) => examplePoints(query))
    const ids = new Set(points.map(({ id }) => id))
    if (ids.size > 0) this.#spendRead(ids.size)
    const countVectors = await this.#vectorCounts(points)
    this.#spendRead(queries.reduce((sum, query) => sum + queryCost(query, countVectors), 0))
  }

  /** Points are looked at only where they may have several vectors. */
  async #vectorCounts(points: readonly ExamplePoint[]): Promise<CountVectors> {
    const { collection, guarded } = this.#parts
    const counts = new Map<string, number>()
    const key = (using: string, id: PointId): string => `${String(id)} ${using}`
    for (const using of new Set(points.map((point) => point.using))) {
      const { vectors } = guarded.config
      if (!Object.hasOwn(vectors, using) || vectors[using]?.kind !== 'multi') continue
      const ids = points.filter((point) => point.using === using).map(({ id }) => id)
      for (const { id, vectors: found } of await collection.get(ids, { vectors: [using] })) {
        const vector = found?.[using]
        if (vector !== undefined && 'dimensions' in vector) {
          counts.set(key(using, id), vector.values.length / vector.dimensions)
        }
      }
    }
    return (using, id) => counts.get(key(using, id)) ?? 1
  }

  #spendRead(cost: number): void {
    const perMinute = this.#parts.guarded.limits.read_rate_limit
    if (perMinute !== undefined) this.#spend('read', perMinute, cost)
  }

  #spend(kind: 'read' | 'write', perMinute: number, cost: number): void {
    const shortage = this.#parts.bucket(kind, perMinute).take(cost)
    if (shortage !== undefined) throw new RateLimited(kind === 'read' ? 'Read' : 'Write', cost, shortage)
  }

  #estimate(filter: Filter): Promise<number> {
    const { collection, guarded } = this.#parts
    return estimatePoints(filter, {
      indexes: indexesOf(guarded),
      pointCount: collection.storedSizes().pointCount,
      count: (part) => collection.count(part),
    })
  }
}
