import { stringifyJson, type PointId, type ShardKey } from '../../../index.ts'
import type { GivenPoint } from '../translate/points.ts'
import { compareIds, type IdRange } from './id-ranges.ts'
import { readPage } from './page.ts'
import { AnswerTooLong, notUnderstood, routeOf, type Source } from './source.ts'

/** Text of a page that is aimed at: a few milliseconds of parsing. */
const bytesWanted = 2 ** 20
/** What one page may have: so much, times the pages under way, is in memory at most. */
const bytesMax = 32 * 2 ** 20
const pointsFirst = 64
const pointsMax = 2_000

/** The points of a stretch of ids that were asked for at once. */
export interface RangePage {
  readonly points: readonly GivenPoint[]
  /** The stretch that the page speaks for. */
  readonly range: IdRange
  /** Where the next page begins; undefined at the end of the stretch. */
  readonly next: PointId | undefined
}

/** Reads a collection of the source in pages, whose number of points follows how large points are. */
export class Pages {
  readonly #source: Source
  readonly #path: string
  readonly #pointsMax: number
  #limit: number

  constructor(source: Source, name: string, limitMax: number | undefined) {
    this.#source = source
    this.#path = routeOf`/collections/${name}/points/scroll`
    this.#pointsMax = Math.min(pointsMax, limitMax ?? pointsMax)
    this.#limit = Math.min(pointsFirst, this.#pointsMax)
  }

  /** The page at the beginning of the stretch. @throws source-invalid for one that goes nowhere, and what a Source throws */
  async read({ from, to, key }: IdRange): Promise<RangePage> {
    const bytes = await this.#bytes(from, key)
    const { points, next } = await readPage(bytes, this.#path)
    this.#check(points, from, next)
    this.#adapt(bytes.byteLength, points.length)
    const end = to === undefined || (next !== undefined && compareIds(next, to) < 0) ? next : undefined
    const isBeyond = to !== undefined && points.length > 0 && compareIds(points.at(-1)!.id, to) >= 0
    return {
      points: isBeyond ? points.filter(({ id }) => compareIds(id, to) < 0) : points,
      range: { from, to: end ?? to, key },
      next: end,
    }
  }

  async #bytes(from: PointId | undefined, key: ShardKey | undefined): Promise<Buffer> {
    const keyed = key === undefined ? '' : `"shard_key":${stringifyJson(key)},`
    for (;;) {
      const limit = this.#limit
      const offset = from === undefined ? '' : `"offset":${stringifyJson(from)},`
      const json = `{${keyed}${offset}"limit":${limit},"with_payload":true,"with_vector":true}`
      try {
        return await this.#source.bytes(this.#path, { json, bytesMax })
      } catch (error) {
        if (!(error instanceof AnswerTooLong)) throw error
        if (limit === 1) throw notUnderstood(this.#path, `a single point has ${error.message}`)
        this.#limit = Math.min(this.#limit, Math.ceil(limit / 4))
      }
    }
  }

  /** Otherwise: a source that answers the same page again and again is read for ever. */
  #check(points: readonly GivenPoint[], from: PointId | undefined, next: PointId | undefined): void {
    let last = from
    let isInclusive = true
    for (const { id } of points) {
      if (last !== undefined && compareIds(id, last) < (isInclusive ? 0 : 1)) throw this.#outOfOrder(id)
      last = id
      isInclusive = false
    }
    if (next !== undefined && last !== undefined && compareIds(next, last) <= 0) throw this.#outOfOrder(next)
    if (next !== undefined && points.length === 0)
      throw notUnderstood(this.#path, 'a page has no points and is not the last')
  }

  #outOfOrder(id: PointId): Error {
    return notUnderstood(this.#path, `id ${String(id)} does not come after the ones before it`)
  }

  #adapt(bytes: number, points: number): void {
    if (points === 0) return
    const fitting = Math.floor((bytesWanted / bytes) * points)
    // One page of small points must not promise that all are small.
    this.#limit = Math.max(1, Math.min(fitting, this.#limit * 2, this.#pointsMax))
  }
}
