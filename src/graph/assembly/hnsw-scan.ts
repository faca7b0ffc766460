// Comparing all rows that pass, by their codes or vectors: no link is followed. Where they are many and have sketches (sketch.ts),
// these are read first, and those rows only that may be among the best by them: what a scan takes its time for is reading rows,
// which lie all over the memory.
//
// While rows are sketched, the scratch's list holds the best by their estimates, and its log has a key of each row that may yet be
// among the best: in the upper half the order of the least that its distance may be, in the lower the row.

import { COSINE, DOT, EUCLID, touch } from './distance'
import { FLOAT32 } from './distance-codes'
import { orderOf, scoreOf } from './heap'
import { insertKey, keyAt, listKey, orderOfKey, rowOfKey } from './hnsw-list'
import { Graph, Scratch, sketchAddressOf } from './hnsw-memory'
import { encoded, offerPending, rescore } from './hnsw-search'
import { hasSketches, sketchedBytesOf, sketchOf } from './hnsw-sift'
import {
  errorOf,
  estimateOf,
  lengthOf,
  offsetOf,
  productOf,
  signBytesOf,
  stepOf,
} from './sketch'

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

/** The estimate of the worst in view: what is surely worse is out. */
function boundOf(s: Scratch, held: u32, ef: u32): f32 {
  if (held < ef) return Infinity
  return scoreOf(worstOf(s, held, ef))
}

/** Puts a row that may be among the best into the log, and in view, if it belongs there. Gives how many rows are in view. */
function keep(s: Scratch, row: u32, estimate: f32, least: f32, held: u32, kept: u32, ef: u32): u32 {
  // Of what is no number, as sums beyond float32 are not, nothing is known: the rows decide.
  const leastOrder = least == least ? orderOf(EUCLID, least) : 0
  store<u64>(keyAt(<usize>s.log, kept), (<u64>leastOrder << 32) | <u64>row)
  const order = orderOf(EUCLID, estimate)
  if (held == ef) {
    if (order >= worstOf(s, held, ef)) return held
    held--
  }
  insertKey(<usize>s.list, held, listKey(order, row))
  return held + 1
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

/**
 * The next rows that pass, from row `from` on, and where their sketches lie, become pending: up to `batch`. Gives how many and, in the
 * upper half, where to go on; fewer than `batch` are the last.
 */
function gatherSketches(g: Graph, s: Scratch, from: u32, batch: u32, passing: usize, rowLimit: u32): u64 {
  const pending = <usize>s.pending
  const sketchBytes = g.sketchBytes
  let count: u32 = 0
  for (let first = from & ~31; first < rowLimit; first += 32) {
    let bits = passingFrom(first, passing, rowLimit)
    if (first < from) bits &= 0xffffffff << (from & 31)
    if (bits == 0) continue
    // No block ends within a word.
    const base = <u32>sketchAddressOf(g, first)
    for (; bits != 0; bits &= bits - 1) {
      const at = <u32>ctz(bits)
      const sketch = base + at * sketchBytes
      touch(<usize>sketch, <usize>sketchBytes)
      load<u8>(<usize>(sketch + sketchBytes - 1))
      store<u64>(pending + (<usize>count << 3), (<u64>sketch << 32) | <u64>(first + at))
      count++
      if (count == batch) return (<u64>(first + at + 1) << 32) | <u64>count
    }
  }
  return (<u64>rowLimit << 32) | <u64>count
}

/**
 * Keeps the pending rows that may be among the best by their sketches. Gives how many rows are in view and, in the upper half, in the
 * log.
 */
// @ts-ignore: decorator
@inline
function sketchPending(
  metric: u32,
  bits: u32,
  s: Scratch,
  query: usize,
  signBytes: usize,
  count: u32,
  both: u64,
  ef: u32,
  deviations: f32,
): u64 {
  let held = <u32>both
  let kept = <u32>(both >> 32)
  let worst = boundOf(s, held, ef)
  const step = stepOf(query)
  const offset = offsetOf(query, bits)
  const errors = deviations * lengthOf(query)
  const end = <usize>s.pending + (<usize>count << 3)
  for (let at = <usize>s.pending; at < end; at += 8) {
    const sketch = <usize>load<u32>(at, 4)
    const tail = sketch + <usize>bits * signBytes
    // -0 would have another order than 0.
    const estimate: f32 = <f32>0 + estimateOf(metric, tail, step, offset, productOf(bits, sketch, tail, query))
    const least = estimate - errorOf(metric, tail, errors)
    if (least > worst) continue
    held = keep(s, load<u32>(at), estimate, least, held, kept, ef)
    kept++
    worst = boundOf(s, held, ef)
  }
  return (<u64>kept << 32) | <u64>held
}

/** The same with what does not change known while it is compiled. A function of its own: inlined into the loop below it would spill registers. */
function sketchKnown(
  metric: u32,
  bits: u32,
  s: Scratch,
  query: usize,
  signBytes: usize,
  count: u32,
  both: u64,
  ef: u32,
  deviations: f32,
): u64 {
  if (bits == 1) {
    if (metric == EUCLID) return sketchPending(EUCLID, 1, s, query, signBytes, count, both, ef, deviations)
    if (metric == DOT) return sketchPending(DOT, 1, s, query, signBytes, count, both, ef, deviations)
    return sketchPending(COSINE, 1, s, query, signBytes, count, both, ef, deviations)
  }
  if (metric == EUCLID) return sketchPending(EUCLID, 2, s, query, signBytes, count, both, ef, deviations)
  if (metric == DOT) return sketchPending(DOT, 2, s, query, signBytes, count, both, ef, deviations)
  return sketchPending(COSINE, 2, s, query, signBytes, count, both, ef, deviations)
}

/** The rows that may be among the best, into the log. Gives how many, or that they are too many for it. */
function sieve(
  g: Graph,
  s: Scratch,
  query: usize,
  signBytes: usize,
  ef: u32,
  passing: usize,
  rowLimit: u32,
  deviations: f32,
): u32 {
  const batch: u32 = 2 * g.m
  const room = s.logMax >> 1
  const metric = g.metric
  const bits = g.sketchBits
  let both: u64 = 0
  for (let from: u32 = 0; from < rowLimit; ) {
    const found = gatherSketches(g, s, from, batch, passing, rowLimit)
    const count = <u32>found
    from = <u32>(found >> 32)
    both = sketchKnown(metric, bits, s, query, signBytes, count, both, ef, deviations)
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

/** The best `ef` rows by their codes or, of a graph over vectors, by these, into the list. Gives how many. */
function compare(
  g: Graph,
  s: Scratch,
  query: usize,
  ef: u32,
  passing: usize,
  rowLimit: u32,
  deviations: f32,
): u32 {
  const isCoded = g.elements != FLOAT32
  const asked = isCoded ? encoded(g, s, query) : query
  if (!hasSketches(g) || !passAtLeast(SKETCHED_PER_VIEW * ef, passing, rowLimit))
    return compareAll(g, s, asked, ef, passing, rowLimit)
  const sketch = sketchOf(g, s, query, asked)
  if (sketch == 0) return compareAll(g, s, asked, ef, passing, rowLimit)
  const kept = sieve(g, s, sketch, signBytesOf(sketchedBytesOf(g)), ef, passing, rowLimit, deviations)
  if (kept == TOO_MANY) return compareAll(g, s, asked, ef, passing, rowLimit)
  return compareKept(g, s, asked, ef, kept)
}

/**
 * The best `most` rows, at most `ef`, of all that pass: no link is followed. `ef` are kept in view, and ranked by
 * their vectors as a search's are. Sketches may say which rows are worth comparing: one is not if it would be worse
 * than the worst in view though it were so many standard deviations nearer than estimated. `passing` is 0, or the address of a
 * bitset that has a bit for each of the first `rowLimit` rows; all of these have a vector. For graphs over codes, or with sketches: of
 * others the scan of the vectors themselves is no slower.
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
  const held = compare(g, s, query, ef, passing, rowLimit, deviations)
  if (g.elements == FLOAT32 || g.exactBlocks == 0) return putOutHeld(s, held, most)
  const ranked = putOutHeld(s, held, ef)
  rescore(g, s, ranked, query)
  return min(ranked, most)
}
