// Comparing all rows that pass by their codes: no link is followed. Where they are many and have sketches (sketch.ts), these are read
// first, and the codes of those rows only that may be among the best by them: what a scan takes its time for is reading the codes,
// which lie all over the memory.
//
// While rows are sketched, the scratch's list holds the best by their estimates, and its log has a key of each row that may yet be
// among the best: in the upper half the order of the least that its distance may be, in the lower the row.

import { EUCLID, touch } from './distance'
import { orderOf } from './heap'
import { insertKey, keyAt, listKey, orderOfKey, rowOfKey } from './hnsw-list'
import { Graph, Scratch, sketchAddressOf } from './hnsw-memory'
import { encoded, offerPending, rescore } from './hnsw-search'
import { errorOf, estimateOf, isSketched, signBytesOf, sketchQuery, sumsAtOnes } from './sketch'

/** A scan of fewer rows for each that is kept in view takes no longer without sketches. */
const SKETCHED_PER_VIEW: u32 = 16
/** Instead of how many rows are kept: so many that sketches are of no use. */
const TOO_MANY: u32 = 0xffffffff

/** The rows that pass, up to 32 of them, of the first row's word. */
// @ts-ignore: decorator
@inline
function passingFrom(first: u32, passing: usize, rowLimit: u32): u32 {
  const bits = passing == 0 ? 0xffffffff : load<u32>(passing + <usize>(first >> 3))
  return rowLimit - first < 32 ? bits & ((1 << (rowLimit - first)) - 1) : bits
}

/** The best rows of the list. Gives how many. */
function putOutHeld(s: Scratch, held: u32, most: u32): u32 {
  const count = min(held, most)
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u64>(keyAt(<usize>s.list, i))
    store<u64>(keyAt(<usize>s.out, i), (<u64>orderOfKey(key) << 32) | <u64>rowOfKey(key))
  }
  return count
}

/**
 * Makes the next rows that pass the pending ones, from row `from` on: up to `batch`. Gives how many and, in the upper half, where to go
 * on; fewer than `batch` are the last.
 */
function gather(s: Scratch, from: u32, batch: u32, passing: usize, rowLimit: u32): u64 {
  const pending = <usize>s.pending
  let count: u32 = 0
  for (let first = from & ~31; first < rowLimit; first += 32) {
    let bits = passingFrom(first, passing, rowLimit)
    if (first < from) bits &= 0xffffffff << (from & 31)
    for (; bits != 0; bits &= bits - 1) {
      const row = first + <u32>ctz(bits)
      store<u32>(pending + (<usize>count << 2), row)
      count++
      if (count == batch) return (<u64>(row + 1) << 32) | <u64>count
    }
  }
  return (<u64>rowLimit << 32) | <u64>count
}

/** Compares all. Gives how many keys the list holds. */
function compareAll(g: Graph, s: Scratch, query: usize, ef: u32, passing: usize, rowLimit: u32): u32 {
  let held: u32 = 0
  for (let from: u32 = 0; from < rowLimit; ) {
    const found = gather(s, from, 2 * g.m, passing, rowLimit)
    from = <u32>(found >> 32)
    held = <u32>offerPending(g, s, query, <u32>found, held, ef)
  }
  return held
}

/** True if at least so many rows pass. */
function passAtLeast(least: u32, passing: usize, rowLimit: u32): bool {
  let count: u32 = 0
  for (let first: u32 = 0; first < rowLimit && count < least; first += 32) {
    count += popcnt(passingFrom(first, passing, rowLimit))
  }
  return count >= least
}

/** The order of the worst in view: what has a higher one is out. */
// @ts-ignore: decorator
@inline
function worstOf(s: Scratch, held: u32, ef: u32): u32 {
  return held < ef ? 0xffffffff : orderOfKey(load<u64>(keyAt(<usize>s.list, ef - 1)))
}

/** Puts a row into the log, and in view, if it belongs there. Gives how many rows are in view and, in the upper half, in the log. */
// @ts-ignore: decorator
@inline
function offerSketched(
  g: Graph,
  s: Scratch,
  query: usize,
  row: u32,
  tail: usize,
  sum: u32,
  held: u32,
  kept: u32,
  ef: u32,
  deviations: f32,
): u64 {
  const estimate = estimateOf(g.metric, tail, query, sum)
  const least = estimate - deviations * errorOf(g.metric, tail, query)
  const worst = worstOf(s, held, ef)
  // Of what is no number, as sums beyond float32 are not, nothing is known: the codes decide.
  const leastOrder = least == least ? orderOf(EUCLID, least) : 0
  if (leastOrder > worst) return (<u64>kept << 32) | <u64>held
  store<u64>(keyAt(<usize>s.log, kept), (<u64>leastOrder << 32) | <u64>row)
  kept++
  const order = orderOf(EUCLID, estimate)
  if (held < ef || order < worst) {
    if (held == ef) held--
    insertKey(<usize>s.list, held, listKey(order, row))
    held++
  }
  return (<u64>kept << 32) | <u64>held
}

/** Drops the rows in the log that are out by now. Gives how many are left. */
function dropWorse(s: Scratch, kept: u32, worst: u32): u32 {
  const log = <usize>s.log
  let left: u32 = 0
  for (let i: u32 = 0; i < kept; i++) {
    const key = load<u64>(keyAt(log, i))
    store<u64>(keyAt(log, left), key)
    left += <u32>(<u32>(key >> 32) <= worst)
  }
  return left
}

/** Offers the pending rows by their sketches; there is room for one more. Gives what `offerSketched` does. */
// @ts-ignore: decorator
@inline
function sketchPending(
  g: Graph,
  s: Scratch,
  query: usize,
  count: u32,
  both: u64,
  ef: u32,
  deviations: f32,
): u64 {
  const rows = <usize>s.pending
  const signBytes = signBytesOf(<usize>g.rowBytes)
  // Two are compared at a time: the last one stands for one that is not there, which is not offered.
  store<u32>(rows + (<usize>count << 2), load<u32>(rows + (<usize>(count - 1) << 2)))
  for (let i: u32 = 0; i < count; i++) touch(sketchAddressOf(g, load<u32>(rows + (<usize>i << 2))), signBytes + 16)
  for (let i: u32 = 0; i < count; i += 2) {
    const first = load<u32>(rows + (<usize>i << 2))
    const second = load<u32>(rows + (<usize>i << 2), 4)
    const a = sketchAddressOf(g, first)
    const b = sketchAddressOf(g, second)
    const sums = sumsAtOnes(a, b, query, signBytes)
    both = offerSketched(g, s, query, first, a + signBytes, <u32>sums, <u32>both, <u32>(both >> 32), ef, deviations)
    if (i + 1 == count) break
    both = offerSketched(g, s, query, second, b + signBytes, <u32>(sums >> 32), <u32>both, <u32>(both >> 32), ef, deviations)
  }
  return both
}

/** The rows that may be among the best, into the log. Gives how many, or that they are too many for it. */
function sieve(
  g: Graph,
  s: Scratch,
  query: usize,
  ef: u32,
  passing: usize,
  rowLimit: u32,
  deviations: f32,
): u32 {
  const batch: u32 = 2 * g.m
  const room = s.logMax >> 1
  let both: u64 = 0
  for (let from: u32 = 0; from < rowLimit; ) {
    const found = gather(s, from, batch, passing, rowLimit)
    const count = <u32>found
    from = <u32>(found >> 32)
    if (count == 0) break
    both = sketchPending(g, s, query, count, both, ef, deviations)
    if (count < batch || <u32>(both >> 32) + batch <= room) continue
    const left = dropWorse(s, <u32>(both >> 32), worstOf(s, <u32>both, ef))
    if (left > room >> 1) return TOO_MANY
    both = (<u64>left << 32) | (both & 0xffffffff)
  }
  return dropWorse(s, <u32>(both >> 32), worstOf(s, <u32>both, ef))
}

/** Compares the rows that are in the log. Gives how many keys the list holds. */
function compareKept(g: Graph, s: Scratch, query: usize, ef: u32, kept: u32): u32 {
  const log = <usize>s.log
  const pending = <usize>s.pending
  const batch: u32 = 2 * g.m
  let held: u32 = 0
  for (let first: u32 = 0; first < kept; first += batch) {
    const count = min(batch, kept - first)
    for (let i: u32 = 0; i < count; i++) {
      store<u32>(pending + (<usize>i << 2), <u32>load<u64>(keyAt(log, first + i)))
    }
    held = <u32>offerPending(g, s, query, count, held, ef)
  }
  return held
}

/** The best `ef` rows by their codes, into the list. Gives how many. */
function compare(
  g: Graph,
  s: Scratch,
  query: usize,
  ef: u32,
  passing: usize,
  rowLimit: u32,
  deviations: f32,
): u32 {
  if (g.sketchBlocks == 0 || !isSketched(g.metric)) return compareAll(g, s, query, ef, passing, rowLimit)
  const sketch = query + <usize>g.rowBytes
  if (!passAtLeast(SKETCHED_PER_VIEW * ef, passing, rowLimit) || !sketchQuery(query, <usize>g.rowBytes, sketch))
    return compareAll(g, s, query, ef, passing, rowLimit)
  const kept = sieve(g, s, sketch, ef, passing, rowLimit, deviations)
  if (kept == TOO_MANY) return compareAll(g, s, query, ef, passing, rowLimit)
  return compareKept(g, s, query, ef, kept)
}

/**
 * The best `most` rows, at most `ef`, of all that pass: no link is followed. `ef` are kept in view by their codes, and ranked by
 * their vectors as a search's are. Sketches may say which codes are worth comparing: those of a row are not if it would be worse
 * than the worst in view though it were so many standard deviations nearer than estimated. `passing` is 0, or the address of a
 * bitset that has a bit for each of the first `rowLimit` rows; all of these have a vector. For graphs over codes: of others the scan
 * of the vectors themselves is no slower.
 */
export function hnswScan(
  graph: usize,
  scratch: usize,
  query: usize,
  ef: u32,
  most: u32,
  passing: usize,
  rowLimit: u32,
  deviations: f32,
): u32 {
  const g = changetype<Graph>(graph)
  const s = changetype<Scratch>(scratch)
  const held = compare(g, s, encoded(g, s, query), ef, passing, rowLimit, deviations)
  if (g.exactBlocks == 0) return putOutHeld(s, held, most)
  const ranked = putOutHeld(s, held, ef)
  rescore(g, s, ranked, query)
  return min(ranked, most)
}
