// Exact scans over rows of float32 in a shared memory, and graphs (hnsw-*.ts). Compiled by scripts/build-kernels.mjs; ../kernels.ts is the host's
// side. Addresses and lengths are bytes; the host answers for their being inside its own regions.

import { COSINE, DOT, EUCLID, JACCARD, MANHATTAN, scoresOf } from './distance'
import { keyOf, offer } from './heap'

export { encodeRows } from './encode'
export { sortHeap } from './heap'
export { hnswCheck } from './hnsw-check'
export { hnswFill, hnswInsert, hnswUpperWords } from './hnsw-insert'
export { hnswScan } from './hnsw-scan'
export { hnswSearch } from './hnsw-search'
export { sketchRows, sketchVectors } from './sketch'

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

/** The row that the first bit of a word stands for. */
// @ts-ignore: decorator
@inline
function rowOfWord(word: usize, bits: usize, firstRow: u32): u32 {
  return (firstRow & ~31) + (<u32>(word - bits) << 3)
}

/** The bits of a word, without those of rows that lie before the first one or behind the last one. */
// @ts-ignore: decorator
@inline
function passingIn(word: usize, bits: usize, firstRow: u32, endRow: u32): u32 {
  let passing = load<u32>(word)
  const row = rowOfWord(word, bits, firstRow)
  if (row < firstRow) passing &= 0xffffffff << (firstRow - row)
  if (endRow - row < 32) passing &= (1 << (endRow - row)) - 1
  return passing
}

/**
 * The rows that pass: four streams through a quarter of the words each, as long as all of them have rows, then what is left.
 * Rows side by side would be fetched one after the other: with nearly all passing that took three times as long.
 */
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
  const endRow = firstRow + count
  const words = <usize>(endRow - (firstRow & ~31) + 31) >> 5
  const quarter = (words >> 2) << 2
  let w0 = bits
  let w1 = w0 + quarter
  let w2 = w1 + quarter
  let w3 = w2 + quarter
  const e0 = w1
  const e1 = w2
  const e2 = w3
  const e3 = bits + (words << 2)
  let p0: u32 = w0 < e0 ? passingIn(w0, bits, firstRow, endRow) : 0
  let p1: u32 = w1 < e1 ? passingIn(w1, bits, firstRow, endRow) : 0
  let p2: u32 = w2 < e2 ? passingIn(w2, bits, firstRow, endRow) : 0
  let p3: u32 = w3 < e3 ? passingIn(w3, bits, firstRow, endRow) : 0
  while (true) {
    while (p0 == 0 && w0 + 4 < e0) p0 = passingIn((w0 += 4), bits, firstRow, endRow)
    while (p1 == 0 && w1 + 4 < e1) p1 = passingIn((w1 += 4), bits, firstRow, endRow)
    while (p2 == 0 && w2 + 4 < e2) p2 = passingIn((w2 += 4), bits, firstRow, endRow)
    while (p3 == 0 && w3 + 4 < e3) p3 = passingIn((w3 += 4), bits, firstRow, endRow)
    if (p0 == 0 || p1 == 0 || p2 == 0 || p3 == 0) break
    const r0 = rowOfWord(w0, bits, firstRow) + <u32>ctz(p0)
    const r1 = rowOfWord(w1, bits, firstRow) + <u32>ctz(p1)
    const r2 = rowOfWord(w2, bits, firstRow) + <u32>ctz(p2)
    const r3 = rowOfWord(w3, bits, firstRow) + <u32>ctz(p3)
    held = offerRows(metric, 4, r0, r1, r2, r3, rows, firstRow, rowBytes, query, heap, held, limit)
    p0 &= p0 - 1
    p1 &= p1 - 1
    p2 &= p2 - 1
    p3 &= p3 - 1
  }
  held = scanRest(metric, p0, w0, e0, bits, rows, firstRow, endRow, rowBytes, query, heap, held, limit)
  held = scanRest(metric, p1, w1, e1, bits, rows, firstRow, endRow, rowBytes, query, heap, held, limit)
  held = scanRest(metric, p2, w2, e2, bits, rows, firstRow, endRow, rowBytes, query, heap, held, limit)
  return scanRest(metric, p3, w3, e3, bits, rows, firstRow, endRow, rowBytes, query, heap, held, limit)
}

/** The rows of `passing`, which are left of the word at an address, and of the words behind it up to `end`. */
function scanRest(
  metric: u32,
  passing: u32,
  word: usize,
  end: usize,
  bits: usize,
  rows: usize,
  firstRow: u32,
  endRow: u32,
  rowBytes: usize,
  query: usize,
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
  while (true) {
    const wordRow = rowOfWord(word, bits, firstRow)
    for (; passing != 0; passing &= passing - 1) {
      r3 = r2
      r2 = r1
      r1 = r0
      r0 = wordRow + <u32>ctz(passing)
      if (++n < 4) continue
      held = offerRows(metric, 4, r0, r1, r2, r3, rows, firstRow, rowBytes, query, heap, held, limit)
      n = 0
    }
    word += 4
    if (word >= end) break
    passing = passingIn(word, bits, firstRow, endRow)
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
