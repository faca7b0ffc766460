import type { PointId, ReadOptions } from '../../../../index.ts'
import { invalidParameter } from '../../status.ts'
import { findHits, hitKey, type FoundHit, type HitQuery } from './find-hits.ts'
import { isBetter, type Metric } from './metrics.ts'
import type { IteratorParams } from '../request/search-params.ts'

/** Where a batch ended: its last score, and which of the points with that score have been handed out. */
interface Bound {
  readonly score: number
  readonly ids: ReadonlySet<PointId>
}

/** The last two ends: a client asks for a batch once more if its answer was lost. */
type Bounds = readonly [Bound | undefined, Bound | undefined]

const iteratorsMax = 1_000

/**
 * Iterators over a ranking go by the score where they are; which of the points with that very score have been handed out is
 * remembered here. Of an iterator that is forgotten (the process was started again, or there are too many) points with the
 * score of the bound are not handed out again.
 */
export class Iterators {
  readonly #bounds = new Map<string, Bounds>()
  readonly #newToken: () => string

  constructor(newToken: () => string) {
    this.#newToken = newToken
  }

  /** The next hits, and the token and bound to ask for more with. @throws 1100 */
  async next(
    query: HitQuery,
    { token = this.#newToken(), lastBound, batchSize }: IteratorParams,
    reads: ReadOptions,
  ): Promise<{ readonly hits: readonly FoundHit[]; readonly token: string; readonly lastBound: number }> {
    if (token.length > 64) throw invalidParameter(`search_iter_id [${token}] is invalid`)
    const { metric } = query.searched
    const bounds = this.#bounds.get(token) ?? [undefined, undefined]
    const handedOut = bounds.find((bound) => bound !== undefined && bound.score === lastBound)?.ids
    const isWanted =
      lastBound === undefined
        ? undefined
        : (hit: FoundHit): boolean =>
            isBetter(metric, lastBound, hit.score) ||
            (hit.score === lastBound && handedOut !== undefined && !handedOut.has(hitKey(hit)))
    const hits = await findHits(query, batchSize, reads, isWanted)
    const end = hits.at(-1)?.score ?? lastBound ?? farthest(metric)
    this.#remember(token, [boundOf(end, hits, lastBound, handedOut), bounds[0]])
    return { hits, token, lastBound: end }
  }

  #remember(token: string, bounds: Bounds): void {
    // The one that was asked last stands last.
    this.#bounds.delete(token)
    this.#bounds.set(token, bounds)
    if (this.#bounds.size <= iteratorsMax) return
    const [oldest] = this.#bounds.keys()
    this.#bounds.delete(oldest!)
  }
}

function boundOf(
  score: number,
  hits: readonly FoundHit[],
  lastBound: number | undefined,
  before: ReadonlySet<PointId> | undefined,
): Bound {
  const here = hits.filter((hit) => hit.score === score).map(hitKey)
  return { score, ids: new Set([...(score === lastBound ? (before ?? []) : []), ...here]) }
}

/** Where nothing was found at all. */
const farthest = ({ isDistance }: Metric): number =>
  isDistance ? 3.4028234663852886e38 : -3.4028234663852886e38
