import { expect, test } from 'vitest'
import type { IdWords } from '../../ids/point-id.ts'
import { seededRandom } from '../../runtime/random.ts'
import type { RowSet } from '../../segment/row-set.ts'
import { BestHits, compareHits, type Hit } from './hits.ts'

const seed = 4_117

/** Rows whose ids fall with their numbers. */
const rows = {
  idAt: (row: number, out: IdWords) => Object.assign(out, { kind: 0, w0: 1_000 - row, w1: 0, w2: 0, w3: 0 }),
} as unknown as RowSet

test.each([true, false])('the best are kept whatever order they come in (descending: %s)', (descending) => {
  const random = seededRandom(seed)
  for (let round = 0; round < 300; round++) {
    // Few different scores, so that ids decide often; some are no numbers.
    const offered: Hit[] = Array.from({ length: Math.floor(random.next() * 40) }, (_, row) => ({
      rows,
      row,
      score: random.next() < 0.05 ? Number.NaN : Math.floor(random.next() * 12),
    }))
    const sorted = [...offered].sort((a, b) => compareHits(a, b, descending))
    const half = Math.floor(offered.length / 2)
    // In order, as one segment gives them; as two give them; in any order.
    const given = [sorted, [...sorted.slice(half), ...sorted.slice(0, half)], offered][round % 3]!
    const places = Math.floor(random.next() * 30)
    const best = new BestHits(places, descending)
    for (const { row, score } of given) best.offer(rows, row, score)
    expect(best.sorted(), `seed ${seed}, round ${round}`).toEqual(sorted.slice(0, places))
  }
})
