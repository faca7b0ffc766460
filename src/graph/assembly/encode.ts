// Rows of float32 into rows of codes (distance-codes.ts).

import { INT8, TAIL_BYTES } from './distance-codes'

/** Four components, less those of the centre; zeros beyond the row. */
// @ts-ignore: decorator
@inline
function componentsAt(row: usize, end: usize, centre: isize): v128 {
  if (row >= end) return f32x4.splat(0)
  const floats = v128.load(row)
  return centre == 0 ? floats : f32x4.sub(floats, v128.load(row + centre))
}

/** The largest lane of the components, without their signs; NaN if one of them is. */
function largestOf(row: usize, end: usize, centre: isize): f32 {
  let most = f32x4.splat(0)
  for (let at = row; at < end; at += 16) most = f32x4.max(most, f32x4.abs(componentsAt(at, end, centre)))
  const low = max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1))
  return max(low, max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)))
}

// @ts-ignore: decorator
@inline
function eightCodes(row: usize, end: usize, centre: isize, inverse: v128): v128 {
  const low = f32x4.nearest(f32x4.mul(componentsAt(row, end, centre), inverse))
  const high = f32x4.nearest(f32x4.mul(componentsAt(row + 16, end, centre), inverse))
  return i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(low), i32x4.trunc_sat_f32x4_s(high))
}

function encodeInt8(row: usize, rowBytes: usize, centre: isize, target: usize, codeBytes: usize): void {
  const end = row + rowBytes
  const most = largestOf(row, end, centre)
  // Of a row with NaN or an infinity no component is kept, of one of next to nothing (or zeros) none is worth keeping.
  const inverse = <f32>127 / most
  const isUsual = most < <f32>Infinity && inverse < <f32>Infinity
  const factor = f32x4.splat(isUsual ? inverse : 0)
  let squares = i32x4.splat(0)
  const tail = target + codeBytes - TAIL_BYTES
  for (let at = target; at < tail; at += 16, row += 64) {
    const low = eightCodes(row, end, centre, factor)
    const high = eightCodes(row + 32, end, centre, factor)
    const codes = i8x16.narrow_i16x8_s(low, high)
    v128.store(at, codes)
    squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)))
  }
  const sum =
    <i64>i32x4.extract_lane(squares, 0) +
    <i64>i32x4.extract_lane(squares, 1) +
    <i64>i32x4.extract_lane(squares, 2) +
    <i64>i32x4.extract_lane(squares, 3)
  const isNumber = most < <f32>Infinity
  store<f32>(tail, isNumber ? (isUsual ? most / <f32>127 : 0) : <f32>NaN)
  store<f32>(tail, isNumber ? <f32>sum : <f32>NaN, 4)
  store<u64>(tail, 0, 8)
}

/** The upper halves of four floats, rounded to the nearest, in the lower halves of the lanes. */
// @ts-ignore: decorator
@inline
function halvesOf(floats: v128): v128 {
  const upper = i32x4.shr_u(floats, 16)
  const rounded = i32x4.add(i32x4.add(floats, i32x4.splat(0x7fff)), v128.and(upper, i32x4.splat(1)))
  // Rounding could make a number of a NaN.
  return v128.bitselect(i32x4.shr_u(rounded, 16), i32x4.splat(0x7fc0), f32x4.eq(floats, floats))
}

function encodeHalves(row: usize, rowBytes: usize, centre: isize, target: usize, codeBytes: usize): void {
  const rowEnd = row + rowBytes
  for (const end = target + codeBytes; target < end; target += 16, row += 32) {
    const low = halvesOf(componentsAt(row, rowEnd, centre))
    const high = halvesOf(componentsAt(row + 16, rowEnd, centre))
    v128.store(target, i16x8.narrow_i32x4_u(low, high))
  }
}

/**
 * Encodes `count` rows of `rowBytes` from `rows` on into rows of `codeBytes` from `codes` on. `centre` is 0, or the address
 * of a row of floats that is taken off each.
 */
export function encodeRows(
  elements: u32,
  rows: usize,
  count: u32,
  rowBytes: usize,
  centre: usize,
  codes: usize,
  codeBytes: usize,
): void {
  for (let i: u32 = 0; i < count; i++, rows += rowBytes, codes += codeBytes) {
    // From a component to that of the centre.
    const offset: isize = centre == 0 ? 0 : <isize>(centre - rows)
    if (elements == INT8) encodeInt8(rows, rowBytes, offset, codes, codeBytes)
    else encodeHalves(rows, rowBytes, offset, codes, codeBytes)
  }
}
