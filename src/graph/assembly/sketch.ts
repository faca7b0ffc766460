// Sketches of rows of 8-bit codes (distance-codes.ts), or of vectors by way of such: a bit or two per component. A scan of many rows
// reads these first, an eighth of the codes or less, and compares those rows only that may be among the best.
//
// A component has a level: -1 or 1, its sign; or, of two bits, -3, -1, 1 or 3, the outer ones if it is beyond the root of the row's mean
// square. The bits of a level are the number l of levels below it. A sketch is `signs | outer | square | factor | error | sum`: the
// upper bits in words of 64, zeros behind the last component, the lower ones if there are two, then four floats. The row is about
// factor x levels, as long as `square` says, and its product with a query that has nothing to do with it is off by `error` times the
// query's length, as a standard deviation; `sum` is that of all l. Of a row without a number, or of next to nothing, all are NaN.
//
// The query has four bits per component, u: it is about step x (u - 7.5). They lie in four planes, word by word, behind `step | sum of
// all u | length | components`.

import { COSINE, DOT, EUCLID } from './distance'
import { INT8, TAIL_BYTES } from './distance-codes'
import { encodeRows } from './encode'

/** Of the floats before the planes of a query. */
const QUERY_HEAD: usize = 16
/** A step of the query's 16, of the root of its mean square: the least error where components are normal. */
const STEP: f32 = 0.335

/** The square of the least length of which there is a sketch: what products of shorter ones say is lost below float32. */
const LEAST_SQUARE: f32 = 1e-28

/** Of a row of codes of so many bytes, the bytes of its signs. */
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

function sketchRow(codes: usize, bytes: usize, sketch: usize, signBytes: usize, bits: u32): void {
  const tail = sketch + <usize>bits * signBytes
  const scale = load<f32>(codes + bytes)
  const squares = load<f32>(codes + bytes, 4)
  // Of one bit none is outer.
  const least = bits == 1 ? 127 : min<u32>(127, <u32>sqrt<f32>(max<f32>(squares, 0) / <f32>bytes))
  const inner = i8x16.splat(<i8>least)
  let sums = i32x4.splat(0)
  let sum: u32 = 0
  let outers: u32 = 0
  store<u64>(sketch + signBytes - 8, 0)
  store<u64>(tail - 8, 0)
  for (let at: usize = 0; at < bytes; at += 16) {
    const sixteen = v128.load(codes + at)
    const signs = signsOf(sixteen)
    const sizes = i8x16.abs(sixteen)
    const outer = i8x16.gt_u(sizes, inner)
    store<u16>(sketch + (at >> 3), <u16>signs)
    const pairs = i16x8.extadd_pairwise_i8x16_u(sizes)
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(pairs))
    sum += popcnt(signs)
    if (bits == 1) continue
    const outerBits = <u32>i8x16.bitmask(outer)
    const lower = ~(signs ^ outerBits) & 0xffff
    store<u16>(sketch + signBytes + (at >> 3), <u16>lower)
    outers += popcnt(outerBits)
    // Once for both signs of an outer one, twice for the upper bits.
    sum += popcnt(signs) + popcnt(lower)
    const twice = i16x8.shl(i16x8.extadd_pairwise_i8x16_u(v128.and(sizes, outer)), 1)
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(twice))
  }
  const along = sumOf(sums)
  const square = scale * scale * squares
  const factor = along == 0 ? scale * 0 : scale * (squares / along)
  if (squares != 0 && !(square >= LEAST_SQUARE)) {
    v128.store(tail, f32x4.splat(NaN))
    return
  }
  store<f32>(tail, square)
  store<f32>(tail, factor, 4)
  // What the levels leave over, over the root of the number of components; of the levels' squares this is the mean.
  const mean = <f32>1 + <f32>(outers << 3) / <f32>bytes
  store<f32>(tail, sqrt<f32>(max<f32>(factor * factor * mean - square / <f32>bytes, 0)), 8)
  store<f32>(tail, <f32>sum, 12)
}

/** Sketches of so many bits, of `count` rows of codes, each of `codeBytes`, from `codes` on. */
export function sketchRows(
  codes: usize,
  count: u32,
  codeBytes: usize,
  sketches: usize,
  sketchBytes: usize,
  bits: u32,
): void {
  const signBytes = signBytesOf(codeBytes)
  for (let i: u32 = 0; i < count; i++, codes += codeBytes, sketches += sketchBytes) {
    sketchRow(codes, codeBytes - TAIL_BYTES, sketches, signBytes, bits)
  }
}

/** Bytes of a row of 8-bit codes of a row of so many bytes of float32. */
export function codeBytesOf(rowBytes: usize): usize {
  return (((rowBytes + 63) >> 6) << 4) + TAIL_BYTES
}

/** The same of rows of float32, each of `rowBytes`, as if they were codes. `centre`: see `encodeRows`. `code`: room for one row of codes. */
export function sketchVectors(
  rows: usize,
  count: u32,
  rowBytes: usize,
  centre: usize,
  code: usize,
  sketches: usize,
  sketchBytes: usize,
  bits: u32,
): void {
  const codeBytes = codeBytesOf(rowBytes)
  for (let i: u32 = 0; i < count; i++, rows += rowBytes, sketches += sketchBytes) {
    encodeRows(INT8, rows, 1, rowBytes, centre, code, codeBytes)
    sketchRows(code, 1, codeBytes, sketches, sketchBytes, bits)
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

/** The sum of all u x l. `tail` is where a sketch's floats are. What counts as much is summed up before it is multiplied. */
// @ts-ignore: decorator
@inline
export function productOf(bits: u32, sketch: usize, tail: usize, query: usize): u32 {
  let once: u64 = 0
  let twice: u64 = 0
  let fourfold: u64 = 0
  let eightfold: u64 = 0
  let planes = query + QUERY_HEAD
  if (bits == 1) {
    for (; sketch < tail; sketch += 8, planes += 32) {
      const signs = load<u64>(sketch)
      once += popcnt(signs & load<u64>(planes))
      twice += popcnt(signs & load<u64>(planes, 8))
      fourfold += popcnt(signs & load<u64>(planes, 16))
      eightfold += popcnt(signs & load<u64>(planes, 24))
    }
    return <u32>(once + (twice << 1) + (fourfold << 2) + (eightfold << 3))
  }
  let most: u64 = 0
  const signBytes = (tail - sketch) >> 1
  for (const end = sketch + signBytes; sketch < end; sketch += 8, planes += 32) {
    const upper = load<u64>(sketch)
    const lower = load<u64>(sketch + signBytes)
    const p0 = load<u64>(planes)
    const p1 = load<u64>(planes, 8)
    const p2 = load<u64>(planes, 16)
    const p3 = load<u64>(planes, 24)
    once += popcnt(lower & p0)
    twice += popcnt(lower & p1) + popcnt(upper & p0)
    fourfold += popcnt(lower & p2) + popcnt(upper & p1)
    eightfold += popcnt(lower & p3) + popcnt(upper & p2)
    most += popcnt(upper & p3)
  }
  return <u32>(once + (twice << 1) + (fourfold << 2) + (eightfold << 3) + (most << 4))
}

// @ts-ignore: decorator
@inline
export function stepOf(query: usize): f32 {
  return load<f32>(query)
}

/** The sum of (u - 7.5) x the lowest level. */
// @ts-ignore: decorator
@inline
export function offsetOf(query: usize, bits: u32): f32 {
  const lowest: f32 = bits == 1 ? 1 : 3
  return lowest * (<f32>7.5 * load<f32>(query, 12) - load<f32>(query, 4))
}

// @ts-ignore: decorator
@inline
export function lengthOf(query: usize): f32 {
  return load<f32>(query, 8)
}

/** What a distance is taken to be: the less, the nearer. Two of one metric can be compared, and that is all. */
// @ts-ignore: decorator
@inline
export function estimateOf(metric: u32, tail: usize, step: f32, offset: f32, product: u32): f32 {
  // (2 l + the lowest level) x (u - 7.5), summed up.
  const signed = <f32>2 * <f32>product - <f32>15 * load<f32>(tail, 12) + offset
  const whole = load<f32>(tail, 4) * (step * signed)
  if (metric == EUCLID) return load<f32>(tail) - <f32>2 * whole
  return metric == DOT ? -whole : -whole / sqrt<f32>(load<f32>(tail))
}

/** By how much that is off, in standard deviations times the query's length of which there are `errors`. */
// @ts-ignore: decorator
@inline
export function errorOf(metric: u32, tail: usize, errors: f32): f32 {
  const error = load<f32>(tail, 8) * errors
  if (metric == EUCLID) return <f32>2 * error
  return metric == DOT ? error : error / sqrt<f32>(load<f32>(tail))
}
