import type { CollectionReader, Filter } from '../../../index.ts'
import type { GivenGroups, GivenQuery } from '../translate/querying/given-query.ts'
import type { GivenMatrix } from '../translate/querying/matrix-request.ts'
import type { GivenCount, GivenFacet, GivenScroll } from '../translate/reads.ts'
import { estimatePoints } from './filter-estimate.ts'
import { RateLimited } from './rate-limited.ts'
import { checkGroups, checkOldSearch, checkQuery, checkRead, indexesOf, type Guarded } from './read-checks.ts'
import { exampleIds, filteredCost, queryCost } from './read-costs.ts'
import { checkAtMost } from './refusals.ts'
import type { TokenBucket } from './token-bucket.ts'
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
  queries(queries: readonly GivenQuery[], timeout: Seconds, { isOld = false, isBatch = false } = {}): void {
    const { guarded } = this.#parts
    if (isBatch) checkAtMost(queries.length, guarded.limits.search_max_batchsize, 'search batch size')
    for (const query of queries) (isOld ? checkOldSearch : checkQuery)(query, guarded)
    this.timeout(timeout)
    this.#spendQueries(queries)
  }

  groups(given: GivenGroups, timeout: Seconds): void {
    checkGroups(given, this.#parts.guarded)
    this.timeout(timeout)
    this.#spendQueries([given.query])
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

  #spendQueries(queries: readonly GivenQuery[]): void {
    const ids = new Set(queries.flatMap((query) => [...exampleIds(query)]))
    if (ids.size > 0) this.#spendRead(ids.size)
    this.#spendRead(queries.reduce((sum, query) => sum + queryCost(query), 0))
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
