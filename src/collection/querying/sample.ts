import type { RowRef } from '../id-order.ts'
import { rowsOf } from '../matching.ts'
import { bitsOf, countOf, type Candidates } from './candidates.ts'

/** `count` of the candidates, chosen at random, in random order; all of them if there are fewer. */
export function sampleRows(candidates: readonly Candidates[], count: number, random: () => number): RowRef[] {
  const total = countOf(candidates)
  const chosen = count < total ? choosePlaces(total, count, random) : undefined
  const refs: RowRef[] = []
  let place = 0
  for (const one of candidates) {
    for (const row of rowsOf(bitsOf(one))) {
      if (chosen === undefined || chosen.has(place)) refs.push({ rows: one.rows, row })
      place += 1
    }
  }
  return shuffle(refs, random)
}

/** Distinct numbers below `total`, each set as likely as any other (Floyd). */
function choosePlaces(total: number, count: number, random: () => number): Set<number> {
  const chosen = new Set<number>()
  for (let last = total - count; last < total; last++) {
    const place = Math.floor(random() * (last + 1))
    chosen.add(chosen.has(place) ? last : place)
  }
  return chosen
}

function shuffle<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    const item = items[i]!
    items[i] = items[other]!
    items[other] = item
  }
  return items
}
