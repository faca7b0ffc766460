// Scores of four rows of float32 against a query, all `bytes` long: a multiple of 16, padded with zeros.
//
// Four rows at a time, because the memory is the limit: the processor fetches ahead for each row by itself, and the
// query is loaded once for all. One sum of four lanes per row and number; with two, V8 runs out of registers.
//
// Invariants:
//   - a row's score does not depend on the rows beside it: however it is found, its bits are the same.
//   - all sums start from +0, and such a sum is never -0: equal scores have equal bits.

export const DOT: u32 = 0
export const EUCLID: u32 = 1
export const MANHATTAN: u32 = 2
/** Of rows that have any length: the dot product divided by both lengths. */
export const COSINE: u32 = 3
/** Of rows of zeros and ones. */
export const JACCARD: u32 = 4

// @ts-ignore: decorator
@inline
export function add(metric: u32, sum: v128, a: v128, b: v128): v128 {
  if (metric == DOT) return f32x4.add(sum, f32x4.mul(a, b))
  const d = f32x4.sub(a, b)
  return f32x4.add(sum, metric == EUCLID ? f32x4.mul(d, d) : f32x4.abs(d))
}

/** Of a row that is scored soon, so many bytes are asked for beforehand; what follows them the processor sees coming. */
const TOUCHED_BYTES: usize = 512

/**
 * Asks the memory for a row that is about to be scored: WebAssembly has no prefetching, but a load that nobody waits for does
 * the same. All lines of several rows arrive together instead of one after the other.
 */
// @ts-ignore: decorator
@inline
export function touch(row: usize, bytes: usize): void {
  const end = row + min(bytes, TOUCHED_BYTES)
  for (; row < end; row += 64) load<u8>(row)
}

/** Lane i of the result is the sum of the lanes of s[i]. */
// @ts-ignore: decorator
@inline
export function sumsOfLanes(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7))
  const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.shuffle<f32>(low, high, 2, 3, 6, 7))
}

// @ts-ignore: decorator
@inline
function sumsOver(metric: u32, a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  for (const end = query + bytes; query < end; query += 16) {
    const q = v128.load(query)
    s0 = add(metric, s0, v128.load(a), q)
    s1 = add(metric, s1, v128.load(b), q)
    s2 = add(metric, s2, v128.load(c), q)
    s3 = add(metric, s3, v128.load(d), q)
    a += 16
    b += 16
    c += 16
    d += 16
  }
  return sumsOfLanes(s0, s1, s2, s3)
}

// Functions of their own: inlined into the loops of the scans they would spill registers.
function dot(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  return sumsOver(DOT, a, b, c, d, query, bytes)
}

function euclid(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  return f32x4.sqrt(sumsOver(EUCLID, a, b, c, d, query, bytes))
}

function manhattan(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  return sumsOver(MANHATTAN, a, b, c, d, query, bytes)
}

/** The dot product divided by both lengths, which are summed up beside it; 0 if one of them is 0. */
function cosine(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  let p0 = f32x4.splat(0)
  let p1 = f32x4.splat(0)
  let p2 = f32x4.splat(0)
  let p3 = f32x4.splat(0)
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  let own = f32x4.splat(0)
  for (const end = query + bytes; query < end; query += 16) {
    const q = v128.load(query)
    own = add(DOT, own, q, q)
    const r0 = v128.load(a)
    p0 = add(DOT, p0, r0, q)
    s0 = add(DOT, s0, r0, r0)
    const r1 = v128.load(b)
    p1 = add(DOT, p1, r1, q)
    s1 = add(DOT, s1, r1, r1)
    const r2 = v128.load(c)
    p2 = add(DOT, p2, r2, q)
    s2 = add(DOT, s2, r2, r2)
    const r3 = v128.load(d)
    p3 = add(DOT, p3, r3, q)
    s3 = add(DOT, s3, r3, r3)
    a += 16
    b += 16
    c += 16
    d += 16
  }
  const zero = f32x4.splat(0)
  const squares = sumsOfLanes(s0, s1, s2, s3)
  const ownSquare = sumsOfLanes(own, own, own, own)
  // The product of the roots does not overflow where that of the squares would.
  const lengths = f32x4.mul(f32x4.sqrt(squares), f32x4.sqrt(ownSquare))
  const scores = f32x4.div(sumsOfLanes(p0, p1, p2, p3), lengths)
  const hasLength = v128.and(f32x4.ne(squares, zero), f32x4.ne(ownSquare, zero))
  // A quotient too small for float32 may be -0.
  return f32x4.add(v128.and(scores, hasLength), zero)
}

/**
 * The squared difference s and the dot product p: the union is s + p, and what it has beyond the intersection is s. So
 * s / (s + p) is 1 - p / (a·a + b·b - p), but with one rounding; 0 for two empty sets.
 */
function jaccard(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  let p0 = f32x4.splat(0)
  let p1 = f32x4.splat(0)
  let p2 = f32x4.splat(0)
  let p3 = f32x4.splat(0)
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  for (const end = query + bytes; query < end; query += 16) {
    const q = v128.load(query)
    const r0 = v128.load(a)
    p0 = add(DOT, p0, r0, q)
    s0 = add(EUCLID, s0, r0, q)
    const r1 = v128.load(b)
    p1 = add(DOT, p1, r1, q)
    s1 = add(EUCLID, s1, r1, q)
    const r2 = v128.load(c)
    p2 = add(DOT, p2, r2, q)
    s2 = add(EUCLID, s2, r2, q)
    const r3 = v128.load(d)
    p3 = add(DOT, p3, r3, q)
    s3 = add(EUCLID, s3, r3, q)
    a += 16
    b += 16
    c += 16
    d += 16
  }
  const zero = f32x4.splat(0)
  const beyond = sumsOfLanes(s0, s1, s2, s3)
  const union = f32x4.add(beyond, sumsOfLanes(p0, p1, p2, p3))
  return v128.and(f32x4.div(beyond, union), f32x4.ne(union, zero))
}

/** The scores of the rows at a, b, c and d, in the lanes of the result. With a constant metric this is a plain call. */
// @ts-ignore: decorator
@inline
export function scoresOf(
  metric: u32,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  query: usize,
  bytes: usize,
): v128 {
  if (metric == DOT) return dot(a, b, c, d, query, bytes)
  if (metric == COSINE) return cosine(a, b, c, d, query, bytes)
  if (metric == JACCARD) return jaccard(a, b, c, d, query, bytes)
  return metric == EUCLID ? euclid(a, b, c, d, query, bytes) : manhattan(a, b, c, d, query, bytes)
}
