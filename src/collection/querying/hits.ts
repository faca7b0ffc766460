import { compareWords, type IdWords, type PointId } from '../../ids/point-id.ts'
import type { RowSet } from '../../segment/row-set.ts'
import type { RowRef } from '../id-order.ts'

export interface Hit extends RowRef {
  readonly score: number
  /** What the row was ordered by, if it was. */
  readonly orderValue?: number | bigint | string
}

const left: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
const right: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

/** Best first; equal scores by id. Scores that are no number (infinite components) are the worst. */
export function compareHits(a: Hit, b: Hit, descending: boolean): number {
  if (Number.isNaN(a.score) || Number.isNaN(b.score)) {
    const difference = Number(Number.isNaN(a.score)) - Number(Number.isNaN(b.score))
    if (difference !== 0) return difference
  } else if (a.score !== b.score) return a.score < b.score === descending ? 1 : -1
  a.rows.idAt(a.row, left)
  b.rows.idAt(b.row, right)
  return compareWords(left, right)
}

/** Scores of hits in their order, computed for the rows of one segment at a time. */
export function scoreEach(
  hits: readonly RowRef[],
  score: (rows: RowSet, list: Uint32Array) => Float32Array,
): Float32Array {
  const places = new Map<RowSet, number[]>()
  hits.forEach(({ rows }, place) => {
    const known = places.get(rows)
    if (known === undefined) places.set(rows, [place])
    else known.push(place)
  })
  const scores = new Float32Array(hits.length)
  for (const [rows, here] of places) {
    const found = score(
      rows,
      Uint32Array.from(here, (place) => hits[place]!.row),
    )
    here.forEach((place, i) => (scores[place] = found[i]!))
  }
  return scores
}

// Invariants:
//   - as long as `isSorted`, each hit is better than the next one: what one segment has found comes in this order.
//   - from then on a parent in the heap is not better than its children, so the root is the worst hit that is kept.

/** The best of many hits: as much memory as there are places. */
export class BestHits {
  readonly #places: number
  readonly #descending: boolean
  readonly #threshold: number | undefined
  readonly #isEqualEnough: boolean
  readonly #hits: Hit[] = []
  #isSorted = true

  /** Scores must be better than the threshold, if there is one; `isEqualEnough`: or equal to it. */
  constructor(places: number, descending: boolean, threshold?: number, isEqualEnough = false) {
    this.#places = places
    this.#descending = descending
    this.#threshold = threshold
    this.#isEqualEnough = isEqualEnough
  }

  offer(rows: RowSet, row: number, score: number): void {
    if (!this.#isOverThreshold(score)) return
    const hits = this.#hits
    const worst = this.#isSorted ? hits.at(-1) : hits[0]
    const isFull = hits.length >= this.#places
    // Most hits of a long list end here: no object is made for them.
    if (isFull && (worst === undefined || (this.#descending ? score < worst.score : score > worst.score)))
      return
    const hit = { rows, row, score }
    const isWorst = worst === undefined || compareHits(hit, worst, this.#descending) >= 0
    if (isFull && isWorst) return
    if (this.#isSorted) {
      if (isWorst) {
        hits.push(hit)
        return
      }
      // What is sorted from its worst hit on is a heap.
      hits.reverse()
      this.#isSorted = false
    }
    if (isFull) {
      hits[0] = hit
      this.#sink()
    } else {
      hits.push(hit)
      this.#rise(hits.length - 1)
    }
  }

  /** Best first. */
  sorted(): Hit[] {
    const hits = this.#hits.slice()
    return this.#isSorted ? hits : hits.sort((a, b) => compareHits(a, b, this.#descending))
  }

  #isOverThreshold(score: number): boolean {
    const threshold = this.#threshold
    if (threshold === undefined || (this.#isEqualEnough && score === threshold)) return true
    return this.#descending ? score > threshold : score < threshold
  }

  #isWorse(a: number, b: number): boolean {
    return compareHits(this.#hits[a]!, this.#hits[b]!, this.#descending) > 0
  }

  #swap(a: number, b: number): void {
    const hit = this.#hits[a]!
    this.#hits[a] = this.#hits[b]!
    this.#hits[b] = hit
  }

  #rise(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#isWorse(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(): void {
    let at = 0
    for (;;) {
      let worst = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#hits.length && this.#isWorse(child, worst)) worst = child
      }
      if (worst === at) return
      this.#swap(at, worst)
      at = worst
    }
  }
}

/** The `count` best of what `find` gives, of points with one id the best: asks for more until that many are left, or no more come. */
export async function hitsOncePerId(
  find: (count: number) => Promise<readonly Hit[]>,
  count: number,
): Promise<readonly Hit[]> {
  for (let asked = count; ; asked *= 2) {
    const found = await find(asked)
    const seen = new Set<PointId>()
    const hits = found.filter(({ rows, row }) => {
      const id = rows.pointIdAt(row)
      return seen.has(id) ? false : seen.add(id)
    })
    if (hits.length >= count || found.length < asked) return hits.slice(0, count)
  }
}
