// Scores of two rows of float32, both `bytes` long: a multiple of 16, padded with zeros.
//
// All sums start from +0, and such a sum is never -0: equal scores have equal bits.

export const DOT: u32 = 0
export const EUCLID: u32 = 1
export const MANHATTAN: u32 = 2

// @ts-ignore: decorator
@inline
function sumOfLanes(v: v128): f32 {
  const low = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)
  return low + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
}

// @ts-ignore: decorator
@inline
function add(metric: u32, sum: v128, a: v128, b: v128): v128 {
  if (metric == DOT) return f32x4.add(sum, f32x4.mul(a, b))
  const d = f32x4.sub(a, b)
  if (metric == EUCLID) return f32x4.add(sum, f32x4.mul(d, d))
  return f32x4.add(sum, f32x4.abs(d))
}

// @ts-ignore: decorator
@inline
function sumOver(metric: u32, row: usize, query: usize, bytes: usize): f32 {
  let a = row
  let b = query
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  for (const end = a + (bytes & ~(<usize>63)); a < end; a += 64, b += 64) {
    s0 = add(metric, s0, v128.load(a), v128.load(b))
    s1 = add(metric, s1, v128.load(a, 16), v128.load(b, 16))
    s2 = add(metric, s2, v128.load(a, 32), v128.load(b, 32))
    s3 = add(metric, s3, v128.load(a, 48), v128.load(b, 48))
  }
  for (const end = row + bytes; a < end; a += 16, b += 16) {
    s0 = add(metric, s0, v128.load(a), v128.load(b))
  }
  return sumOfLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)))
}

// Functions of their own: inlined into the scans' loops, they spill registers and take twice as long.
function dot(row: usize, query: usize, bytes: usize): f32 {
  return sumOver(DOT, row, query, bytes)
}

function euclid(row: usize, query: usize, bytes: usize): f32 {
  return f32.sqrt(sumOver(EUCLID, row, query, bytes))
}

function manhattan(row: usize, query: usize, bytes: usize): f32 {
  return sumOver(MANHATTAN, row, query, bytes)
}

/** Where the metric is a constant this is a plain call. */
// @ts-ignore: decorator
@inline
export function scoreOf(metric: u32, row: usize, query: usize, bytes: usize): f32 {
  if (metric == DOT) return dot(row, query, bytes)
  return metric == EUCLID ? euclid(row, query, bytes) : manhattan(row, query, bytes)
}
