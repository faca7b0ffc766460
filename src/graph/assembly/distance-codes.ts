// Scores of four rows of codes against a query of the same codes: the counterpart of distance.ts for rows that take less
// memory. They only rank; what a search answers is scored again by the rows of float32 (rescore.ts).
//
// A row of 8-bit codes is `codes | scale | squares | 8 zeros`: components are code x scale, and `squares` is the sum of the
// squared codes. A row that has an infinite or no number has NaN in both. A row of bfloat16 is the upper halves of its floats.
// Both are padded with zeros to a multiple of 16 bytes.
//
// Invariants: as in distance.ts, and a row has the Euclidean distance 0 to one with equal bytes.

import { add, COSINE, DOT, EUCLID, JACCARD, MANHATTAN, sumsOfLanes } from './distance'

export const FLOAT32: u32 = 0
export const INT8: u32 = 1
export const BFLOAT16: u32 = 2

/** Bytes behind the codes of a row of 8-bit codes. */
export const TAIL_BYTES: usize = 16

/** The floats at four addresses. */
// @ts-ignore: decorator
@inline
function floatsAt(a: usize, b: usize, c: usize, d: usize): v128 {
  const first = v128.load_lane<f32>(b, v128.load32_zero(a), 1)
  return v128.load_lane<f32>(d, v128.load_lane<f32>(c, first, 2), 3)
}

// @ts-ignore: decorator
@inline
function addProducts(sum: v128, row: usize, low: v128, high: v128): v128 {
  const products = i32x4.dot_i16x8_s(v128.load_ext<i8>(row), low)
  return i32x4.add(sum, i32x4.add(products, i32x4.dot_i16x8_s(v128.load_ext<i8>(row, 8), high)))
}

/** Lane i of the result is the sum of the products of the codes of row i and the query, as a float. */
function productsOf(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0)
  let s1 = i32x4.splat(0)
  let s2 = i32x4.splat(0)
  let s3 = i32x4.splat(0)
  for (const end = query + bytes; query < end; query += 16) {
    const low = v128.load_ext<i8>(query)
    const high = v128.load_ext<i8>(query, 8)
    s0 = addProducts(s0, a, low, high)
    s1 = addProducts(s1, b, low, high)
    s2 = addProducts(s2, c, low, high)
    s3 = addProducts(s3, d, low, high)
    a += 16
    b += 16
    c += 16
    d += 16
  }
  const low = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 1, 5), v128.shuffle<i32>(s0, s1, 2, 6, 3, 7))
  const high = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 1, 5), v128.shuffle<i32>(s2, s3, 2, 6, 3, 7))
  const sums = i32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7))
  return f32x4.convert_i32x4_s(sums)
}

/** Four codes from `at` on, times the scale. */
// @ts-ignore: decorator
@inline
function componentsAt(at: usize, scale: v128): v128 {
  const words = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(at)))
  return f32x4.mul(f32x4.convert_i32x4_s(words), scale)
}

/** Rows have scales of their own, so this one is summed up in floats. */
function codesManhattan(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const ka = v128.load32_splat(a + bytes)
  const kb = v128.load32_splat(b + bytes)
  const kc = v128.load32_splat(c + bytes)
  const kd = v128.load32_splat(d + bytes)
  const kq = v128.load32_splat(query + bytes)
  for (const end = query + bytes; query < end; query += 4) {
    const q = componentsAt(query, kq)
    s0 = add(MANHATTAN, s0, componentsAt(a, ka), q)
    s1 = add(MANHATTAN, s1, componentsAt(b, kb), q)
    s2 = add(MANHATTAN, s2, componentsAt(c, kc), q)
    s3 = add(MANHATTAN, s3, componentsAt(d, kd), q)
    a += 4
    b += 4
    c += 4
    d += 4
  }
  return sumsOfLanes(s0, s1, s2, s3)
}

function int8Scores(
  metric: u32,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  query: usize,
  rowBytes: usize,
): v128 {
  const bytes = rowBytes - TAIL_BYTES
  if (metric == MANHATTAN) return codesManhattan(a, b, c, d, query, bytes)
  const zero = f32x4.splat(0)
  const products = productsOf(a, b, c, d, query, bytes)
  a += bytes
  b += bytes
  c += bytes
  d += bytes
  query += bytes
  const scales = floatsAt(a, b, c, d)
  const scale = v128.load32_splat(query)
  // Every sum of codes is finite: what is no number comes from a scale or the squares.
  if (metric == DOT) return f32x4.add(f32x4.mul(f32x4.mul(products, scale), scales), zero)
  const squares = floatsAt(a + 4, b + 4, c + 4, d + 4)
  const square = v128.load32_splat(query + 4)
  if (metric == COSINE) {
    const scores = f32x4.div(products, f32x4.sqrt(f32x4.mul(squares, square)))
    const hasLength = v128.and(f32x4.ne(squares, zero), f32x4.ne(square, zero))
    return f32x4.add(v128.and(scores, hasLength), zero)
  }
  // |a - q|² as |a|² + |q|² - 2 a·q, of the codes: what is equal cancels out.
  const own = f32x4.mul(f32x4.mul(scale, scale), square)
  const others = f32x4.mul(f32x4.mul(scales, scales), squares)
  const both = f32x4.mul(f32x4.mul(scale, scales), products)
  const beyond = f32x4.max(f32x4.sub(f32x4.add(own, others), f32x4.add(both, both)), zero)
  if (metric == EUCLID) return f32x4.sqrt(beyond)
  const union = f32x4.add(beyond, both)
  return v128.and(f32x4.div(beyond, union), f32x4.ne(union, zero))
}

/** Components 0, 2, 4, 6 of eight. */
// @ts-ignore: decorator
@inline
function even(halves: v128): v128 {
  return i32x4.shl(halves, 16)
}

/** Components 1, 3, 5, 7 of eight. */
// @ts-ignore: decorator
@inline
function odd(halves: v128): v128 {
  return v128.and(halves, i32x4.splat(0xffff0000))
}

// @ts-ignore: decorator
@inline
function addHalves(metric: u32, sum: v128, row: usize, evenQ: v128, oddQ: v128): v128 {
  const halves = v128.load(row)
  return add(metric, add(metric, sum, even(halves), evenQ), odd(halves), oddQ)
}

// @ts-ignore: decorator
@inline
function sumsOverHalves(metric: u32, a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  for (const end = query + bytes; query < end; query += 16) {
    const q = v128.load(query)
    const evenQ = even(q)
    const oddQ = odd(q)
    s0 = addHalves(metric, s0, a, evenQ, oddQ)
    s1 = addHalves(metric, s1, b, evenQ, oddQ)
    s2 = addHalves(metric, s2, c, evenQ, oddQ)
    s3 = addHalves(metric, s3, d, evenQ, oddQ)
    a += 16
    b += 16
    c += 16
    d += 16
  }
  return sumsOfLanes(s0, s1, s2, s3)
}

// Functions of their own, as in distance.ts.
function halvesDot(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  return sumsOverHalves(DOT, a, b, c, d, query, bytes)
}

function halvesEuclid(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  return f32x4.sqrt(sumsOverHalves(EUCLID, a, b, c, d, query, bytes))
}

function halvesManhattan(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  return sumsOverHalves(MANHATTAN, a, b, c, d, query, bytes)
}

/** The sums of the squares of four rows. */
function halvesSquares(a: usize, b: usize, c: usize, d: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  for (const end = a + bytes; a < end; a += 16, b += 16, c += 16, d += 16) {
    const r0 = v128.load(a)
    s0 = addHalves(DOT, s0, a, even(r0), odd(r0))
    const r1 = v128.load(b)
    s1 = addHalves(DOT, s1, b, even(r1), odd(r1))
    const r2 = v128.load(c)
    s2 = addHalves(DOT, s2, c, even(r2), odd(r2))
    const r3 = v128.load(d)
    s3 = addHalves(DOT, s3, d, even(r3), odd(r3))
  }
  return sumsOfLanes(s0, s1, s2, s3)
}

// @ts-ignore: decorator
@inline
function halvesCosine(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  const zero = f32x4.splat(0)
  const products = halvesDot(a, b, c, d, query, bytes)
  const squares = halvesSquares(a, b, c, d, bytes)
  const own = halvesSquares(query, query, query, query, bytes)
  const scores = f32x4.div(products, f32x4.mul(f32x4.sqrt(squares), f32x4.sqrt(own)))
  const hasLength = v128.and(f32x4.ne(squares, zero), f32x4.ne(own, zero))
  return f32x4.add(v128.and(scores, hasLength), zero)
}

// @ts-ignore: decorator
@inline
function halvesJaccard(a: usize, b: usize, c: usize, d: usize, query: usize, bytes: usize): v128 {
  const beyond = sumsOverHalves(EUCLID, a, b, c, d, query, bytes)
  const union = f32x4.add(beyond, halvesDot(a, b, c, d, query, bytes))
  return v128.and(f32x4.div(beyond, union), f32x4.ne(union, f32x4.splat(0)))
}

function halvesScores(
  metric: u32,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  query: usize,
  bytes: usize,
): v128 {
  if (metric == DOT) return halvesDot(a, b, c, d, query, bytes)
  if (metric == COSINE) return halvesCosine(a, b, c, d, query, bytes)
  if (metric == JACCARD) return halvesJaccard(a, b, c, d, query, bytes)
  return metric == EUCLID
    ? halvesEuclid(a, b, c, d, query, bytes)
    : halvesManhattan(a, b, c, d, query, bytes)
}

/** The scores of the rows at a, b, c and d, which are codes, in the lanes of the result. */
export function codeScoresOf(
  elements: u32,
  metric: u32,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  query: usize,
  rowBytes: usize,
): v128 {
  return elements == INT8
    ? int8Scores(metric, a, b, c, d, query, rowBytes)
    : halvesScores(metric, a, b, c, d, query, rowBytes)
}
