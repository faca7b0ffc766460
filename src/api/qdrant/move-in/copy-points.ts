import { partitionOfShardKey, type Collection, type PointId, type ShardKey } from '../../../index.ts'
import { allEnded } from '../../../runtime/all-ended.ts'
import { enginePoint } from '../translate/points.ts'
import type { IdRange } from './id-ranges.ts'
import type { Pages } from './pages.ts'

/** How far the copy of a stretch is. */
export interface CopiedRange extends IdRange {
  /** Where to go on; undefined: at its beginning. */
  next: PointId | undefined
  isDone: boolean
  points: number
}

export interface CopyOptions {
  readonly pages: Pages
  readonly target: Collection
  /** How many pages are under way at once. */
  readonly parallel: number
  readonly signal: AbortSignal
  /** After each page. */
  readonly onPage: (points: number) => void
}

/** Everything that is not done yet. A page that was written counts, whatever happens to the others. */
export async function copyPoints(ranges: readonly CopiedRange[], options: CopyOptions): Promise<void> {
  const { pages, target, signal, onPage } = options
  const known = target.config().vectors
  await eachInParallel(
    ranges.filter(({ isDone }) => !isDone),
    options,
    async (range, isStopped) => {
      while (!range.isDone && !isStopped()) {
        signal.throwIfAborted()
        const { to, key } = range
        const { points, next } = await pages.read({ from: range.next ?? range.from, to, key })
        signal.throwIfAborted()
        if (points.length > 0)
          await target.upsertInSlices(
            points.length,
            (index) => enginePoint(points[index]!, known),
            under(key),
          )
        range.next = next
        range.isDone = next === undefined
        range.points += points.length
        onPage(points.length)
      }
    },
  )
}

/** Where points under this key are, here. */
export function under(key: ShardKey | undefined): { readonly partition?: string } {
  return key === undefined ? {} : { partition: partitionOfShardKey(key) }
}

/** So many at once; after a failure no other is begun, `isStopped` tells those under way, and all have ended before it is thrown. */
export async function eachInParallel<T>(
  items: readonly T[],
  { parallel }: { readonly parallel: number },
  work: (item: T, isStopped: () => boolean) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  let hasFailed = false
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && !hasFailed; item = waiting.shift()) {
      try {
        await work(item, () => hasFailed)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  await allEnded(Array.from({ length: parallel }, worker))
}
