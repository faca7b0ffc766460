import type { Collection, Database } from '../../../index.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/logger.ts'
import { comparePoints, type ComparedRange } from './compare-points.ts'
import { copyPoints, type CopiedRange, type CopyOptions } from './copy-points.ts'
import { beginDraft, keepCopy, type CopyState } from './copy-state.ts'
import { divideIds, type IdRange } from './id-ranges.ts'
import { Pages } from './pages.ts'
import type { Source } from './source.ts'
import { countPoints, type SourceCollection } from './source-collection.ts'

/** What has been found out about a copy when it is complete. */
export interface CopyReport {
  /** At the source. */
  readonly source: string
  readonly name: string
  /** Here. */
  readonly pointCount: number
  /** As the source counts them at the end. */
  readonly sourcePointCount: number
  /** Over ids, vectors and payloads of all points, equal on both sides; null: they were not compared. */
  readonly contentHash: string | null
  /** Both sides had the same points when they were last compared; null: they were not. */
  readonly isIdentical: boolean | null
  /** Points that were not the same when both sides were first compared: the source was written to meanwhile. */
  readonly changedPoints: number
}

export interface CopyingOptions {
  readonly database: Database
  readonly source: Source
  readonly into: string
  readonly parallel: number
  /** Reads everything a second time and compares it. */
  readonly compares: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onCopied: (points: number) => void
  readonly onCompared: (points: number) => void
  readonly logger: Logger | undefined
}

/** One collection that is brought here, one way or the other. */
export interface OneCopy {
  readonly state: CopyState
  /** Points that an earlier attempt has copied. */
  readonly copiedBefore: number
  copy(): Promise<void>
  finish(): Promise<CopyReport>
}

/** Stretches for each page that is under way: the last ones end at about the same time. */
const rangesEach = 4
/** Below this many points, one stretch will do. */
const pointsOfRange = 2_000
const keptEveryMs = 2_000
/** Looks at a source that changes, the first of which sees all of it. */
const looksMax = 3

/** One collection of the source into a draft, from where an earlier attempt was. */
export class CollectionCopy implements OneCopy {
  readonly collection: SourceCollection
  readonly state: CopyState
  readonly draft: Collection
  readonly #options: CopyingOptions
  readonly #pages: Pages

  private constructor(
    collection: SourceCollection,
    state: CopyState,
    draft: Collection,
    options: CopyingOptions,
  ) {
    this.collection = collection
    this.state = state
    this.draft = draft
    this.#options = options
    this.#pages = new Pages(options.source, collection.name, collection.limitMax)
  }

  /** Goes on with what is there, or makes a draft. */
  static async begin(
    collection: SourceCollection,
    pointCount: number,
    options: CopyingOptions,
  ): Promise<CollectionCopy> {
    const { state, draft } = await beginDraft(options.database, collection, {
      source: options.source.url,
      into: options.into,
      kind: 'points',
      newRanges: () => newRanges(collection, pointCount, options),
    })
    return new CollectionCopy(collection, state, draft, options)
  }

  /** Points that an earlier attempt has copied. */
  get copiedBefore(): number {
    return this.state.ranges.reduce((sum, { points }) => sum + points, 0)
  }

  async copy(): Promise<void> {
    const { database, clock, onCopied } = this.#options
    let keptAt = clock.monotonic()
    let keeping: Promise<void> | undefined
    const onPage = (points: number): void => {
      onCopied(points)
      if (keeping !== undefined || clock.monotonic() - keptAt < keptEveryMs) return
      keptAt = clock.monotonic()
      // What is lost of it is copied again.
      keeping = keepCopy(database, this.state)
        .catch(() => undefined)
        .finally(() => (keeping = undefined))
    }
    try {
      await copyPoints(this.state.ranges, this.#copyOptions(onPage))
    } finally {
      await keeping
      // A store that is closing takes it no more.
      await keepCopy(database, this.state).catch(() => undefined)
    }
  }

  async finish(): Promise<CopyReport> {
    const { source, compares } = this.#options
    const looks = compares ? await this.#compare() : undefined
    const report = {
      source: this.collection.name,
      name: this.state.into,
      pointCount: this.draft.info().pointCount,
      sourcePointCount: await countPoints(source, this.collection.name),
    }
    if (looks === undefined) return { ...report, contentHash: null, isIdentical: null, changedPoints: 0 }
    const isIdentical = looks.differing === 0 && report.pointCount === report.sourcePointCount
    return { ...report, contentHash: looks.contentHash, isIdentical, changedPoints: looks.changedPoints }
  }

  /** What differs is compared again, until nothing does or the source does not come to rest. */
  async #compare() {
    const options = this.#copyOptions(this.#options.onCompared)
    const settled: ComparedRange[] = []
    let ranges: readonly IdRange[] = this.state.ranges
    let differing = 0
    let changedPoints = 0
    for (let look = 0; look < looksMax && ranges.length > 0; look++) {
      const compared = await comparePoints(ranges, options)
      differing = compared.reduce((sum, range) => sum + range.differing, 0)
      if (look === 0) changedPoints = differing
      const isLast = look === looksMax - 1
      settled.push(...compared.filter((range) => isLast || range.differing === 0))
      ranges = compared.filter((range) => range.differing > 0)
    }
    const sum = settled.reduce((all, range) => (all + range.sum) % (1n << 256n), 0n)
    return { differing, changedPoints, contentHash: sum.toString(16).padStart(64, '0') }
  }

  #copyOptions(onPage: (points: number) => void): CopyOptions {
    const { parallel, signal } = this.#options
    return { pages: this.#pages, target: this.draft, parallel, signal, onPage }
  }
}

async function newRanges(
  { name, limitMax, keys }: SourceCollection,
  pointCount: number,
  { source, parallel }: CopyingOptions,
): Promise<readonly CopiedRange[]> {
  const groups = keys ?? [undefined]
  const wanted = Math.min(parallel * rangesEach, Math.floor(pointCount / pointsOfRange))
  const parts = Math.max(1, Math.floor(wanted / Math.max(1, groups.length)))
  const ranges: IdRange[] = []
  for (const key of groups) ranges.push(...(await divideIds(source, name, { parts, limitMax, key })))
  return ranges.map((range) => ({ ...range, next: undefined, isDone: false, points: 0 }))
}
