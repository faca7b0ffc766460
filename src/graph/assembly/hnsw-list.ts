// The best rows of a search so far, as an ascending list of 64-bit keys: the order of the score (heap.ts) in the upper
// half, in the lower the row and, in bit 0, whether the row has been expanded. A list costs less than a pair of heaps up
// to some thousand keys, and it is its own queue: the next row to expand is the first that has not been.

// @ts-ignore: decorator
@inline
export function listKey(order: u32, row: u32): u64 {
  return (<u64>order << 32) | (<u64>row << 1)
}

// @ts-ignore: decorator
@inline
export function rowOfKey(key: u64): u32 {
  return <u32>key >> 1
}

// @ts-ignore: decorator
@inline
export function orderOfKey(key: u64): u32 {
  return <u32>(key >> 32)
}

// @ts-ignore: decorator
@inline
export function keyAt(list: usize, index: u32): usize {
  return list + (<usize>index << 3)
}

/** Puts the key in its place among `count` others; what stands at `end` and beyond is overwritten. Gives the place. */
export function insertKey(list: usize, count: u32, key: u64): u32 {
  let low = list
  let n = count
  while (n > 1) {
    const half = n >> 1
    const middle = low + (<usize>half << 3)
    low = select<usize>(middle, low, load<u64>(middle) < key)
    n -= half
  }
  if (n == 1 && load<u64>(low) < key) low += 8
  let at = keyAt(list, count)
  // Two keys at a time, from the end.
  for (; at >= low + 16; at -= 16) v128.store(at - 8, v128.load(at - 16))
  if (at > low) store<u64>(low, load<u64>(low), 8)
  store<u64>(low, key)
  return <u32>((low - list) >> 3)
}
