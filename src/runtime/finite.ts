// A function that is called often is compiled once, and as a whole; a long loop is compiled while it runs, without what is behind it.
// No multiple of four, so that it is seen in full.
const checkedAtOnce = 2_047

/** The index of the first of the numbers that is NaN or infinite; undefined if none is. */
export function firstNotFinite(numbers: Float32Array): number | undefined {
  let sum = 0
  for (let from = 0; from < numbers.length; from += checkedAtOnce)
    sum += sumOf(numbers, from, Math.min(from + checkedAtOnce, numbers.length))
  return sum === 0 ? undefined : numbers.findIndex((value) => !Number.isFinite(value))
}

/** Of some numbers: 0, or NaN as soon as one of them is NaN or infinite. In four sums, none of which waits for the others. */
function sumOf(numbers: Float32Array, from: number, to: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = from
  for (; i + 3 < to; i += 4) {
    a += numbers[i]! - numbers[i]!
    b += numbers[i + 1]! - numbers[i + 1]!
    c += numbers[i + 2]! - numbers[i + 2]!
    d += numbers[i + 3]! - numbers[i + 3]!
  }
  for (; i < to; i++) a += numbers[i]! - numbers[i]!
  return a + b + c + d
}
