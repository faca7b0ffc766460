// Exact scans over rows of float32 in a shared memory. Compiled by scripts/build-kernels.mjs.
//
// A result is a key of 64 bits: in its upper half the score as an unsigned integer that orders like the score (the
// better, the smaller), in its lower half the row. So one unsigned comparison orders by score, then by row, and a NaN
// is the worst of all. The best `limit` keys stand in a heap whose root is the worst of them.

const DOT: u32 = 0
const EUCLID: u32 = 1

// @ts-ignore: decorator
@inline
function lanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)
}

function dot(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const end = a + bytes
  const unrolled = a + (bytes & ~(<usize>63))
  while (a < unrolled) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)))
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)))
    s2 = f32x4.add(s2, f32x4.mul(v128.load(a, 32), v128.load(b, 32)))
    s3 = f32x4.add(s3, f32x4.mul(v128.load(a, 48), v128.load(b, 48)))
    a += 64
    b += 64
  }
  while (a < end) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)))
    a += 16
    b += 16
  }
  return lanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)))
}

function squaredEuclid(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const end = a + bytes
  const unrolled = a + (bytes & ~(<usize>63))
  while (a < unrolled) {
    const d0 = f32x4.sub(v128.load(a), v128.load(b))
    const d1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16))
    const d2 = f32x4.sub(v128.load(a, 32), v128.load(b, 32))
    const d3 = f32x4.sub(v128.load(a, 48), v128.load(b, 48))
    s0 = f32x4.add(s0, f32x4.mul(d0, d0))
    s1 = f32x4.add(s1, f32x4.mul(d1, d1))
    s2 = f32x4.add(s2, f32x4.mul(d2, d2))
    s3 = f32x4.add(s3, f32x4.mul(d3, d3))
    a += 64
    b += 64
  }
  while (a < end) {
    const d = f32x4.sub(v128.load(a), v128.load(b))
    s0 = f32x4.add(s0, f32x4.mul(d, d))
    a += 16
    b += 16
  }
  return lanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)))
}

function manhattan(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  const end = a + bytes
  const unrolled = a + (bytes & ~(<usize>31))
  while (a < unrolled) {
    s0 = f32x4.add(s0, f32x4.abs(f32x4.sub(v128.load(a), v128.load(b))))
    s1 = f32x4.add(s1, f32x4.abs(f32x4.sub(v128.load(a, 16), v128.load(b, 16))))
    a += 32
    b += 32
  }
  while (a < end) {
    s0 = f32x4.add(s0, f32x4.abs(f32x4.sub(v128.load(a), v128.load(b))))
    a += 16
    b += 16
  }
  return lanes(f32x4.add(s0, s1))
}

// @ts-ignore: decorator
@inline
function scoreOf(metric: u32, a: usize, b: usize, bytes: usize): f32 {
  if (metric == DOT) return dot(a, b, bytes)
  if (metric == EUCLID) return f32.sqrt(squaredEuclid(a, b, bytes))
  return manhattan(a, b, bytes)
}

// @ts-ignore: decorator
@inline
function keyOf(metric: u32, score: f32, row: u32): u64 {
  let order: u32
  if (score != score) {
    order = 0xffffffff
  } else {
    const bits = reinterpret<u32>(score)
    order = (bits >> 31) == 1 ? ~bits : bits | 0x80000000
    if (metric == DOT) order = ~order
  }
  return (<u64>order << 32) | <u64>row
}

function siftUp(heap: usize, index: u32, key: u64): void {
  let i = index
  while (i > 0) {
    const parent = (i - 1) >> 1
    const above = load<u64>(heap + (<usize>parent << 3))
    if (above >= key) break
    store<u64>(heap + (<usize>i << 3), above)
    i = parent
  }
  store<u64>(heap + (<usize>i << 3), key)
}

function siftDown(heap: usize, count: u32, key: u64): void {
  let i: u32 = 0
  for (;;) {
    let child: u32 = 2 * i + 1
    if (child >= count) break
    let below = load<u64>(heap + (<usize>child << 3))
    if (child + 1 < count) {
      const other = load<u64>(heap + (<usize>(child + 1) << 3))
      if (other > below) {
        below = other
        child++
      }
    }
    if (key >= below) break
    store<u64>(heap + (<usize>i << 3), below)
    i = child
  }
  store<u64>(heap + (<usize>i << 3), key)
}

/**
 * Scans `count` rows from `base`, which are the rows from `firstRow` on, and keeps the best in the heap. `bits` is a
 * bitset over all rows (bit row & 31 of word row >>> 5) of those that may pass, or 0. Gives the heap's new count.
 */
export function scan(
  metric: u32,
  base: usize,
  count: u32,
  firstRow: u32,
  strideBytes: u32,
  query: usize,
  bits: usize,
  heap: usize,
  heapCount: u32,
  limit: u32,
): u32 {
  let held = heapCount
  let i: u32 = 0
  while (i < count) {
    const row = firstRow + i
    if (bits != 0) {
      const word = load<u32>(bits + (<usize>(row >> 5) << 2)) >> (row & 31)
      if (word == 0) {
        i += 32 - (row & 31)
        continue
      }
      const skipped = <u32>ctz(word)
      if (skipped != 0) {
        i += skipped
        continue
      }
    }
    const key = keyOf(metric, scoreOf(metric, base + <usize>i * <usize>strideBytes, query, <usize>strideBytes), row)
    if (held < limit) {
      siftUp(heap, held, key)
      held++
    } else if (key < load<u64>(heap)) {
      siftDown(heap, held, key)
    }
    i++
  }
  return held
}

/** Turns the heap into a list, best first, in place. */
export function sortHeap(heap: usize, count: u32): void {
  for (let last = count; last > 1; last--) {
    const at = heap + (<usize>(last - 1) << 3)
    const worst = load<u64>(heap)
    const key = load<u64>(at)
    siftDown(heap, last - 1, key)
    store<u64>(at, worst)
  }
}

/** The score of one row. */
export function score(metric: u32, row: usize, query: usize, strideBytes: u32): f32 {
  return scoreOf(metric, row, query, <usize>strideBytes)
}
