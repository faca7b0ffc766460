// The best keys so far, in a heap whose root is the worst of them.
//
// A key is 64 bits: in its upper half the score as an unsigned integer that orders like the score (the better, the
// smaller), in its lower half the row. So one unsigned comparison orders by score, then by row, and a NaN, whatever its
// bits, is worse than every number. ../vector-hits.ts turns keys back into scores.

import { COSINE, DOT } from './distance'

/** The upper half of a key. */
// @ts-ignore: decorator
@inline
export function orderOf(metric: u32, score: f32): u32 {
  let order: u32 = 0xffffffff
  if (score == score) {
    const bits = reinterpret<u32>(score)
    order = bits >> 31 == 1 ? ~bits : bits | 0x80000000
    if (metric == DOT || metric == COSINE) order = ~order
  }
  return order
}

/** The score of which this is the order, where less is better. */
// @ts-ignore: decorator
@inline
export function scoreOf(order: u32): f32 {
  return reinterpret<f32>(order >> 31 == 1 ? order & 0x7fffffff : ~order)
}

// @ts-ignore: decorator
@inline
export function keyOf(metric: u32, score: f32, row: u32): u64 {
  return (<u64>orderOf(metric, score) << 32) | <u64>row
}

// @ts-ignore: decorator
@inline
function at(heap: usize, index: u32): usize {
  return heap + (<usize>index << 3)
}

function siftUp(heap: usize, index: u32, key: u64): void {
  let i = index
  while (i > 0) {
    const parent = (i - 1) >> 1
    const above = load<u64>(at(heap, parent))
    if (above >= key) break
    store<u64>(at(heap, i), above)
    i = parent
  }
  store<u64>(at(heap, i), key)
}

function siftDown(heap: usize, count: u32, key: u64): void {
  let i: u32 = 0
  for (;;) {
    let child: u32 = 2 * i + 1
    if (child >= count) break
    let below = load<u64>(at(heap, child))
    if (child + 1 < count) {
      const other = load<u64>(at(heap, child + 1))
      if (other > below) {
        below = other
        child++
      }
    }
    if (key >= below) break
    store<u64>(at(heap, i), below)
    i = child
  }
  store<u64>(at(heap, i), key)
}

/** Keeps the key if it is one of the best `limit`, which is at least 1. Gives the new count. */
// @ts-ignore: decorator
@inline
export function offer(heap: usize, count: u32, limit: u32, key: u64): u32 {
  if (count < limit) {
    siftUp(heap, count, key)
    return count + 1
  }
  if (key < load<u64>(heap)) siftDown(heap, count, key)
  return count
}

/** Turns the heap into a list, best first, in place. */
export function sortHeap(heap: usize, count: u32): void {
  for (let last = count; last > 1; last--) {
    const end = at(heap, last - 1)
    const worst = load<u64>(heap)
    siftDown(heap, last - 1, load<u64>(end))
    store<u64>(end, worst)
  }
}
