// Exact scans over rows of float32 in a shared memory. Compiled by scripts/build-kernels.mjs; ../kernels.ts is the host's
// side. All addresses are bytes; the host answers for their being inside its own regions.

import { DOT, EUCLID, MANHATTAN, scoreOf } from './distance'
import { keyOf, offer } from './heap'

export { sortHeap } from './heap'

// @ts-ignore: decorator
@inline
function scanEvery(
  metric: u32,
  rows: usize,
  count: u32,
  firstRow: u32,
  rowBytes: usize,
  query: usize,
  heap: usize,
  held: u32,
  limit: u32,
): u32 {
  let address = rows
  for (let i: u32 = 0; i < count; i++, address += rowBytes) {
    const key = keyOf(metric, scoreOf(metric, address, query, rowBytes), firstRow + i)
    held = offer(heap, held, limit, key)
  }
  return held
}

// @ts-ignore: decorator
@inline
function scanSome(
  metric: u32,
  rows: usize,
  count: u32,
  firstRow: u32,
  rowBytes: usize,
  query: usize,
  bits: usize,
  heap: usize,
  held: u32,
  limit: u32,
): u32 {
  // Bit 0 of the first word is this row, which may lie before the first one.
  let wordRow = firstRow & ~31
  const endRow = firstRow + count
  for (let word = bits; wordRow < endRow; word += 4, wordRow += 32) {
    let passing = load<u32>(word)
    if (passing == 0) continue
    if (wordRow < firstRow) passing &= 0xffffffff << (firstRow - wordRow)
    if (endRow - wordRow < 32) passing &= (1 << (endRow - wordRow)) - 1
    for (; passing != 0; passing &= passing - 1) {
      const row = wordRow + <u32>ctz(passing)
      const address = rows + <usize>(row - firstRow) * rowBytes
      held = offer(heap, held, limit, keyOf(metric, scoreOf(metric, address, query, rowBytes), row))
    }
  }
  return held
}

/**
 * Scans `count` rows from the address `rows`, the first of which is row `firstRow` of its column, and keeps the best
 * `limit` in the heap, which holds `held`. Gives the heap's new count. `bits` is 0, or the address of a bitset of the rows that may
 * pass, from the word that holds `firstRow` on: bit row & 31 of word (row >>> 5) - (firstRow >>> 5).
 */
export function scan(
  metric: u32,
  rows: usize,
  count: u32,
  firstRow: u32,
  rowBytes: usize,
  query: usize,
  bits: usize,
  heap: usize,
  held: u32,
  limit: u32,
): u32 {
  if (bits == 0) {
    if (metric == DOT) return scanEvery(DOT, rows, count, firstRow, rowBytes, query, heap, held, limit)
    if (metric == EUCLID) return scanEvery(EUCLID, rows, count, firstRow, rowBytes, query, heap, held, limit)
    return scanEvery(MANHATTAN, rows, count, firstRow, rowBytes, query, heap, held, limit)
  }
  if (metric == DOT) return scanSome(DOT, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
  if (metric == EUCLID) return scanSome(EUCLID, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
  return scanSome(MANHATTAN, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
}

/** Scores the rows at `count` addresses (u32 from `list` on) into floats from `scores` on. */
export function scoreRows(
  metric: u32,
  list: usize,
  count: u32,
  rowBytes: usize,
  query: usize,
  scores: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(list + (<usize>i << 2))
    let score: f32
    if (metric == DOT) score = scoreOf(DOT, row, query, rowBytes)
    else if (metric == EUCLID) score = scoreOf(EUCLID, row, query, rowBytes)
    else score = scoreOf(MANHATTAN, row, query, rowBytes)
    store<f32>(scores + (<usize>i << 2), score)
  }
}
