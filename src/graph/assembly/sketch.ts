// Sketches of rows of 8-bit codes (distance-codes.ts): a bit per component, which says its sign. A scan of many rows reads these
// first, an eighth of the codes, and compares the codes of those only that may be among the best.
//
// A sketch is `signs | square | factor | error | ones`: bits in words of 64, zeros behind the last component, then four floats. The
// row is about factor x signs, as long as `square` says, and its product with a query that has nothing to do with it is off by
// `error` times the query's length, as a standard deviation. Of a row without a number, or of next to nothing, all are NaN.
//
// The query has four bits per component, u: it is about step x (u - 7.5). They lie in four planes, word by word, behind `step | sum of
// all u | length | components`.

import { COSINE, DOT, EUCLID } from './distance'
import { TAIL_BYTES } from './distance-codes'

/** Of the floats before the planes of a query. */
const QUERY_HEAD: usize = 16
/** A step of the query's 16, of the root of its mean square: the least error where components are normal. */
const STEP: f32 = 0.335

/** The square of the least length of which there is a sketch: what products of shorter ones say is lost below float32. */
const LEAST_SQUARE: f32 = 1e-28

/** Of a row of codes of so many bytes, the bytes of its signs: its tail lies behind them. */
export function signBytesOf(codeBytes: usize): usize {
  return ((codeBytes - TAIL_BYTES + 63) >> 6) << 3
}

/** Rows that differ by a product or a sum of squares have a sketch that tells something. */
export function isSketched(metric: u32): bool {
  return metric == EUCLID || metric == DOT || metric == COSINE
}

/** Components at odd places that are zero count as negative: otherwise all that rows have in common where they are zero would. */
// @ts-ignore: decorator
@inline
function signsOf(codes: v128): u32 {
  const odd = i8x16.sub(codes, v128(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1))
  return ~i8x16.bitmask(odd) & 0xffff
}

// @ts-ignore: decorator
@inline
function sumOf(lanes: v128): f32 {
  return <f32>(
    (<i64>i32x4.extract_lane(lanes, 0) +
      <i64>i32x4.extract_lane(lanes, 1) +
      <i64>i32x4.extract_lane(lanes, 2) +
      <i64>i32x4.extract_lane(lanes, 3))
  )
}

function sketchRow(codes: usize, bytes: usize, sketch: usize, tail: usize): void {
  let sums = i32x4.splat(0)
  let ones: u32 = 0
  store<u64>(tail - 8, 0)
  for (let at: usize = 0; at < bytes; at += 16) {
    const sixteen = v128.load(codes + at)
    const signs = signsOf(sixteen)
    store<u16>(sketch + (at >> 3), <u16>signs)
    ones += popcnt(signs)
    const pairs = i16x8.extadd_pairwise_i8x16_u(i8x16.abs(sixteen))
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(pairs))
  }
  const scale = load<f32>(codes + bytes)
  const squares = load<f32>(codes + bytes, 4)
  const sum = sumOf(sums)
  const square = scale * scale * squares
  const factor = sum == 0 ? scale * 0 : scale * (squares / sum)
  if (squares != 0 && !(square >= LEAST_SQUARE)) {
    v128.store(tail, f32x4.splat(NaN))
    return
  }
  store<f32>(tail, square)
  store<f32>(tail, factor, 4)
  // What the signs leave over, over the root of the number of components.
  store<f32>(tail, sqrt<f32>(max<f32>(factor * factor - square / <f32>bytes, 0)), 8)
  store<f32>(tail, <f32>ones, 12)
}

/** Sketches of `count` rows of codes, each of `codeBytes`, from `codes` on. */
export function sketchRows(
  codes: usize,
  count: u32,
  codeBytes: usize,
  sketches: usize,
  sketchBytes: usize,
): void {
  const signBytes = signBytesOf(codeBytes)
  for (let i: u32 = 0; i < count; i++, codes += codeBytes, sketches += sketchBytes) {
    sketchRow(codes, codeBytes - TAIL_BYTES, sketches, sketches + signBytes)
  }
}

/** Which of the 16 steps four components are nearest to; those beyond are clamped later. */
// @ts-ignore: decorator
@inline
function stepsOf(codes: usize, inverse: v128): v128 {
  const words = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(codes)))
  const places = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(words), inverse), f32x4.splat(8))
  return i32x4.trunc_sat_f32x4_s(f32x4.floor(places))
}

/** Sketches a query that is codes of a row. False if there is nothing to tell by: it is next to nothing, or has no number. */
export function sketchQuery(code: usize, codeBytes: usize, target: usize): bool {
  const bytes = codeBytes - TAIL_BYTES
  const scale = load<f32>(code + bytes)
  const squares = load<f32>(code + bytes, 4)
  if (!(scale * scale * squares >= LEAST_SQUARE)) return false
  const step = STEP * sqrt<f32>(squares / <f32>bytes)
  const inverse = f32x4.splat(1 / step)
  const planes = target + QUERY_HEAD
  // Where the last word is not full, nothing else writes its end.
  memory.fill(planes + (((bytes - 1) & ~63) >> 1), 0, 32)
  let sums = i32x4.splat(0)
  for (let at: usize = 0; at < bytes; at += 16) {
    const low = i16x8.narrow_i32x4_s(stepsOf(code + at, inverse), stepsOf(code + at + 4, inverse))
    const high = i16x8.narrow_i32x4_s(stepsOf(code + at + 8, inverse), stepsOf(code + at + 12, inverse))
    const u = i8x16.min_u(i8x16.narrow_i16x8_u(low, high), i8x16.splat(15))
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(u)))
    const word = planes + ((at & ~63) >> 1) + ((at & 63) >> 3)
    // The highest bit of each byte after a shift of 16-bit lanes is its own.
    store<u16>(word, <u16>i8x16.bitmask(i16x8.shl(u, 7)))
    store<u16>(word, <u16>i8x16.bitmask(i16x8.shl(u, 6)), 8)
    store<u16>(word, <u16>i8x16.bitmask(i16x8.shl(u, 5)), 16)
    store<u16>(word, <u16>i8x16.bitmask(i16x8.shl(u, 4)), 24)
  }
  store<f32>(target, step * scale)
  store<f32>(target, sumOf(sums), 4)
  store<f32>(target, scale * sqrt<f32>(squares), 8)
  store<f32>(target, <f32>bytes, 12)
  return true
}

// @ts-ignore: decorator
@inline
function bitsOf(signs: u64, p0: u64, p1: u64, p2: u64, p3: u64): u64 {
  return popcnt(signs & p0) + (popcnt(signs & p1) << 1) + (popcnt(signs & p2) << 2) + (popcnt(signs & p3) << 3)
}

/** The sums of the u of the query where a row has a one: of the first row in the lower half, of the second in the upper. */
export function sumsAtOnes(a: usize, b: usize, query: usize, signBytes: usize): u64 {
  let sumA: u64 = 0
  let sumB: u64 = 0
  let planes = query + QUERY_HEAD
  for (const end = a + signBytes; a < end; a += 8, b += 8, planes += 32) {
    const p0 = load<u64>(planes)
    const p1 = load<u64>(planes, 8)
    const p2 = load<u64>(planes, 16)
    const p3 = load<u64>(planes, 24)
    sumA += bitsOf(load<u64>(a), p0, p1, p2, p3)
    sumB += bitsOf(load<u64>(b), p0, p1, p2, p3)
  }
  return sumA | (sumB << 32)
}

/** What a distance is taken to be: the less, the nearer. Two of one metric can be compared, and that is all. */
// @ts-ignore: decorator
@inline
export function estimateOf(metric: u32, tail: usize, query: usize, sumAtOnes: u32): f32 {
  const step = load<f32>(query)
  const sum = load<f32>(query, 4)
  const components = load<f32>(query, 12)
  const ones = load<f32>(tail, 12)
  // (2 s - 1) x (u - 7.5), summed up.
  const signed = <f32>2 * <f32>sumAtOnes - <f32>15 * ones - sum + <f32>7.5 * components
  const product = load<f32>(tail, 4) * (step * signed)
  if (metric == EUCLID) return load<f32>(tail) - <f32>2 * product
  return metric == DOT ? -product : -product / sqrt<f32>(load<f32>(tail))
}

/** By how much that is off, as a standard deviation. */
// @ts-ignore: decorator
@inline
export function errorOf(metric: u32, tail: usize, query: usize): f32 {
  const error = load<f32>(tail, 8) * load<f32>(query, 8)
  if (metric == EUCLID) return <f32>2 * error
  return metric == DOT ? error : error / sqrt<f32>(load<f32>(tail))
}
