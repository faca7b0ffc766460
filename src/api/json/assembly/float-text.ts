// The text of a list of JSON numbers to floats. Compiled by scripts/build-kernels.mjs; ../float-lists.ts is the host's side.
// Addresses and lengths are bytes. Behind the text stand 32 zero bytes.

const MINUS: u8 = 45
const PLUS: u8 = 43
const DOT: u8 = 46
const ZERO: u8 = 48
const COMMA: u8 = 44
const CLOSE: u8 = 93

/** A decimal of so much takes no more digits: another one, and it might not fit into 63 bits. */
const FULL: u64 = 900_000_000_000_000_000
/** Powers beyond this are no exact doubles. */
const EXACT_POWER: i32 = 22
// What the double may be off by: three roundings of 2^-53, and a bit.
const BELOW: f64 = 1.0 - 1e-15
const ABOVE: f64 = 1.0 + 1e-15

// prettier-ignore
const powers: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

/** Where free memory begins. */
export function heapBase(): usize {
  return __heap_base
}

// @ts-ignore: decorator
@inline
function digitAt(at: usize): u8 {
  return load<u8>(at) - ZERO
}

/** How many digits stand at an address, 16 at most. */
// @ts-ignore: decorator
@inline
function countDigits(at: usize): i32 {
  const isDigit = i8x16.lt_u(i8x16.sub(v128.load(at), i8x16.splat(ZERO)), i8x16.splat(10))
  return ctz(~i8x16.bitmask(isDigit) | 0x10000)
}

/** The value of the first `count` digits, 1 to 8: they move to the end of eight, behind zeros. */
// @ts-ignore: decorator
@inline
function valueOf(at: usize, count: i32): u64 {
  let digits = (load<u64>(at) << (<u64>(8 - count) << 3)) & 0x0f0f0f0f0f0f0f0f
  // Two digits in each 16 bits, four in 32, then all.
  digits = (digits * 2561) >> 8
  digits = ((digits & 0x00ff00ff00ff00ff) * 6553601) >> 16
  return ((digits & 0x0000ffff0000ffff) * 42949672960001) >> 32
}

// @ts-ignore: decorator
@inline
function isSpace(c: u8): bool {
  return c == 32 || c == 10 || c == 13 || c == 9
}

// @ts-ignore: decorator
@inline
function skipSpace(at: usize): usize {
  while (isSpace(load<u8>(at))) at++
  return at
}

/**
 * Reads numbers from `from`, behind the opening bracket, up to the closing one, the last byte before `end`. Gives how many
 * there are; -1 for anything else, and for numbers that take more care: those whose float depends on digits that a double
 * does not hold, and those beyond exact powers of ten.
 */
export function readFloats(from: usize, end: usize, out: usize): i32 {
  let at = skipSpace(from)
  const first = out
  while (true) {
    const isNegative = load<u8>(at) == MINUS
    if (isNegative) at++
    const whole = countDigits(at)
    // Nothing, or zeros in front, or more than is common.
    if (whole == 0 || whole > 8 || (whole > 1 && load<u8>(at) == ZERO)) return -1
    let mantissa = whole == 1 ? <u64>digitAt(at) : valueOf(at, whole)
    at += whole
    let places = 0
    if (load<u8>(at) == DOT) {
      at++
      const begin = at
      const count = countDigits(at)
      if (count == 0) return -1
      if (whole <= 2 && count >= 8) {
        mantissa = mantissa * 100_000_000 + valueOf(at, 8)
        if (count > 8) mantissa = mantissa * <u64>unchecked(tens[count - 8]) + valueOf(at + 8, count - 8)
        at += count
        places = count
      } else if (whole <= 2) {
        mantissa = mantissa * <u64>unchecked(tens[count]) + valueOf(at, count)
        at += count
        places = count
      }
      for (let digit = digitAt(at); digit <= 9; digit = digitAt(++at)) {
        // What does not fit any more is too little to count.
        if (mantissa >= FULL) continue
        mantissa = mantissa * 10 + digit
        places++
      }
      if (at == begin) return -1
    }
    if ((load<u8>(at) | 32) == 101) {
      at++
      const isFraction = load<u8>(at) == MINUS
      if (isFraction || load<u8>(at) == PLUS) at++
      const count = countDigits(at)
      if (count == 0 || count > 3) return -1
      const exponent = <i32>valueOf(at, count)
      places += isFraction ? exponent : -exponent
      at += count
    }
    let value = <f64>(<i64>mantissa)
    if (places > 0) {
      if (places > EXACT_POWER) return -1
      value /= unchecked(powers[places])
    } else if (places < 0) {
      if (places < -EXACT_POWER) return -1
      value *= unchecked(powers[-places])
    }
    // Unless a float ends between the least and the greatest that the decimal may be, it is that of the nearest double too.
    if (<f32>(value * BELOW) != <f32>(value * ABOVE)) return -1
    store<f32>(out, <f32>(isNegative ? -value : value))
    out += 4
    let next = load<u8>(at)
    if (next != COMMA && next != CLOSE) {
      at = skipSpace(at)
      next = load<u8>(at)
    }
    at++
    if (at >= end) return at == end && next == CLOSE ? <i32>((out - first) >> 2) : -1
    if (next != COMMA) return -1
    if (load<u8>(at) <= 32) at = skipSpace(at)
  }
}

// prettier-ignore
const tens: StaticArray<u32> = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
