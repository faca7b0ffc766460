// Scores of four rows of float32 against a query, all `bytes` long: a multiple of 16, padded with zeros.
//
// Four rows at a time, because the memory is the limit: the processor fetches ahead for each row by itself, and the
// query is loaded once for all. One sum of four lanes per row; with two, V8 runs out of registers.
//
// Invariants:
//   - a row's score does not depend on the rows beside it: however it is found, its bits are the same.
//   - all sums start from +0, and such a sum is never -0: equal scores have equal bits.

export const DOT: u32 = 0
export const EUCLID: u32 = 1
export const MANHATTAN: u32 = 2

// @ts-ignore: decorator
@inline
function add(metric: u32, sum: v128, a: v128, b: v128): v128 {
  if (metric == DOT) return f32x4.add(sum, f32x4.mul(a, b))
  const d = f32x4.sub(a, b)
  return f32x4.add(sum, metric == EUCLID ? f32x4.mul(d, d) : f32x4.abs(d))
}

/** Lane i of the result is the sum of the lanes of s[i]. */
// @ts-ignore: decorator
@inline
function sumsOfLanes(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
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
  return metric == EUCLID ? euclid(a, b, c, d, query, bytes) : manhattan(a, b, c, d, query, bytes)
}
