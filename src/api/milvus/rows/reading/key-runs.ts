import type { PointId } from '../../../../index.ts'
import { compareKeys, type PrimaryKey } from '../keys.ts'

/** Rows that follow one another in the order of their keys. */
export interface KeyRun {
  /** It begins behind this key; undefined: with the first one. */
  readonly after: PrimaryKey | undefined
  readonly keys: readonly PrimaryKey[]
  readonly ids: readonly PointId[]
  /** Of the points as they were found. */
  readonly versions: readonly number[]
  /** No rows were behind it. */
  readonly isLast: boolean
}

const runsMax = 4

/**
 * What iterators will ask for next. Finding the rows behind a key can mean asking all rows: it finds those of many pages at
 * once, so that an iterator does it now and then and not for every page. Kept are the runs that were used last.
 */
export class KeyRuns {
  readonly #runs = new Map<string, KeyRun>()

  /** A run of that name that has `count` rows behind a key, or all that there are. */
  find(name: string, after: PrimaryKey, count: number): KeyRun | undefined {
    const run = this.#runs.get(name)
    if (run === undefined || !reaches(run, after, count)) return undefined
    this.put(name, run)
    return run
  }

  put(name: string, run: KeyRun): void {
    this.#runs.delete(name)
    this.#runs.set(name, run)
    if (this.#runs.size > runsMax) this.#runs.delete(this.#runs.keys().next().value!)
  }
}

function reaches(run: KeyRun, after: PrimaryKey, count: number): boolean {
  if (run.after !== undefined && compareKeys(run.after, after) > 0) return false
  return run.isLast || run.keys.length - placeBehind(run, after) >= count
}

/** Where the keys behind this one begin. */
export function placeBehind({ keys }: KeyRun, after: PrimaryKey | undefined): number {
  if (after === undefined) return 0
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(keys[middle]!, after) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
