// Exact scans over rows of float32 in a shared memory, and graphs (hnsw-*.ts). Compiled by scripts/build-kernels.mjs; ../kernels.ts is the host's
// side. Addresses and lengths are bytes; the host answers for their being inside its own regions.

import { COSINE, DOT, EUCLID, JACCARD, MANHATTAN, scoresOf } from './distance'
import { keyOf, offer } from './heap'

export { encodeRows } from './encode'
export { sortHeap } from './heap'
export { hnswCheck } from './hnsw-check'
export { hnswFill, hnswInsert, hnswUpperWords } from './hnsw-insert'
export { hnswSearch } from './hnsw-search'

/** Scores the first `n` of four rows, 1 to 4, and offers them. `rows` is the address of row `firstRow`. Gives the heap's new count. */
// @ts-ignore: decorator
@inline
function offerRows(
  metric: u32,
  n: u32,
  r0: u32,
  r1: u32,
  r2: u32,
  r3: u32,
  rows: usize,
  firstRow: u32,
  rowBytes: usize,
  query: usize,
  heap: usize,
  held: u32,
  limit: u32,
): u32 {
  const a0 = rows + <usize>(r0 - firstRow) * rowBytes
  // Rows that are not there are scored like the first, and dropped.
  const a1 = n > 1 ? rows + <usize>(r1 - firstRow) * rowBytes : a0
  const a2 = n > 2 ? rows + <usize>(r2 - firstRow) * rowBytes : a0
  const a3 = n > 3 ? rows + <usize>(r3 - firstRow) * rowBytes : a0
  const scores = scoresOf(metric, a0, a1, a2, a3, query, rowBytes)
  held = offer(heap, held, limit, keyOf(metric, f32x4.extract_lane(scores, 0), r0))
  if (n > 1) held = offer(heap, held, limit, keyOf(metric, f32x4.extract_lane(scores, 1), r1))
  if (n > 2) held = offer(heap, held, limit, keyOf(metric, f32x4.extract_lane(scores, 2), r2))
  if (n > 3) held = offer(heap, held, limit, keyOf(metric, f32x4.extract_lane(scores, 3), r3))
  return held
}

/** All rows: four streams through a quarter of them each, then what is left. The order does not matter to the heap. */
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
  const quarter = count >> 2
  for (let r0 = firstRow; r0 < firstRow + quarter; r0++) {
    const r1 = r0 + quarter
    const r2 = r1 + quarter
    const r3 = r2 + quarter
    held = offerRows(metric, 4, r0, r1, r2, r3, rows, firstRow, rowBytes, query, heap, held, limit)
  }
  const n = count & 3
  if (n != 0) {
    const r0 = firstRow + 4 * quarter
    held = offerRows(metric, n, r0, r0 + 1, r0 + 2, 0, rows, firstRow, rowBytes, query, heap, held, limit)
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
  // Up to four rows that pass wait here, the newest in r0.
  let n: u32 = 0
  let r0: u32 = 0
  let r1: u32 = 0
  let r2: u32 = 0
  let r3: u32 = 0
  // Bit 0 of the first word is this row, which may lie before the first one.
  let wordRow = firstRow & ~31
  const endRow = firstRow + count
  for (let word = bits; wordRow < endRow; word += 4, wordRow += 32) {
    let passing = load<u32>(word)
    if (passing == 0) continue
    if (wordRow < firstRow) passing &= 0xffffffff << (firstRow - wordRow)
    if (endRow - wordRow < 32) passing &= (1 << (endRow - wordRow)) - 1
    for (; passing != 0; passing &= passing - 1) {
      r3 = r2
      r2 = r1
      r1 = r0
      r0 = wordRow + <u32>ctz(passing)
      if (++n < 4) continue
      held = offerRows(metric, 4, r0, r1, r2, r3, rows, firstRow, rowBytes, query, heap, held, limit)
      n = 0
    }
  }
  if (n == 0) return held
  return offerRows(metric, n, r0, r1, r2, r3, rows, firstRow, rowBytes, query, heap, held, limit)
}

/**
 * Scans `count` rows from the address `rows`, the first of which is row `firstRow` of its column, and keeps the best
 * `limit` in the heap, which holds `held`. Gives the heap's new count. `bits` is 0, or the address of a bitset of the
 * rows that may pass, from the word that holds `firstRow` on: bit row & 31 of word (row >>> 5) - (firstRow >>> 5).
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
    if (metric == COSINE) return scanEvery(COSINE, rows, count, firstRow, rowBytes, query, heap, held, limit)
    if (metric == JACCARD) return scanEvery(JACCARD, rows, count, firstRow, rowBytes, query, heap, held, limit)
    return scanEvery(MANHATTAN, rows, count, firstRow, rowBytes, query, heap, held, limit)
  }
  if (metric == DOT) return scanSome(DOT, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
  if (metric == EUCLID) return scanSome(EUCLID, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
  if (metric == COSINE) return scanSome(COSINE, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
  if (metric == JACCARD) return scanSome(JACCARD, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
  return scanSome(MANHATTAN, rows, count, firstRow, rowBytes, query, bits, heap, held, limit)
}

/**
 * Scores the rows at `count` addresses (u32 from `list` on) into floats from `scores` on. Both have room for a multiple
 * of four: the host repeats an address in the rest.
 */
export function scoreRows(
  metric: u32,
  list: usize,
  count: u32,
  rowBytes: usize,
  query: usize,
  scores: usize,
): void {
  for (let i: u32 = 0; i < count; i += 4, list += 16, scores += 16) {
    const a = <usize>load<u32>(list)
    const b = <usize>load<u32>(list, 4)
    const c = <usize>load<u32>(list, 8)
    const d = <usize>load<u32>(list, 12)
    if (metric == DOT) v128.store(scores, scoresOf(DOT, a, b, c, d, query, rowBytes))
    else if (metric == EUCLID) v128.store(scores, scoresOf(EUCLID, a, b, c, d, query, rowBytes))
    else if (metric == COSINE) v128.store(scores, scoresOf(COSINE, a, b, c, d, query, rowBytes))
    else if (metric == JACCARD) v128.store(scores, scoresOf(JACCARD, a, b, c, d, query, rowBytes))
    else v128.store(scores, scoresOf(MANHATTAN, a, b, c, d, query, rowBytes))
  }
}
