// What sketches (sketch.ts) say of rows that a search of a graph comes by: most of them are farther off than all that it keeps in view, and need
// not be read.

import { COSINE, DOT, EUCLID, touch } from './distance'
import { FLOAT32, INT8 } from './distance-codes'
import { encodeRows } from './encode'
import { scoreOf } from './heap'
import { keyAt, orderOfKey, rowOfKey } from './hnsw-list'
import { Graph, Scratch, sketchAddressOf } from './hnsw-memory'
import {
  codeBytesOf,
  estimateOf,
  isSketched,
  lengthOf,
  offsetOf,
  productOf,
  signBytesOf,
  sketchQuery,
  stepOf,
} from './sketch'

/** A row is left out if it would be worse than the worst in view though its estimate were off by so many standard deviations. */
const DEVIATIONS: f64 = 2
/** How far estimates are off is found out with so many rows. */
const LOOKED_MAX: u32 = 32

/** Bytes of a row's codes, of which its sketch is one. */
export function sketchedBytesOf(g: Graph): usize {
  const rowBytes = <usize>g.rowBytes
  return g.elements == FLOAT32 ? codeBytesOf(rowBytes) : rowBytes
}

export function hasSketches(g: Graph): bool {
  return g.sketchBlocks != 0 && isSketched(g.metric)
}

/**
 * The sketch of a query, in the scratch, for a graph that has sketches; 0 if there is none of this query. `query` is a row of float32, and
 * `asked` what rows of the graph are compared with.
 */
export function sketchOf(g: Graph, s: Scratch, query: usize, asked: usize): usize {
  const code = <usize>s.code
  const codeBytes = sketchedBytesOf(g)
  if (asked == query) encodeRows(INT8, query, 1, <usize>g.rowBytes, <usize>g.centre, code, codeBytes)
  const sketch = code + codeBytes
  return sketchQuery(code, codeBytes, sketch) ? sketch : 0
}

/** What the estimate would be of a row with this order, if it were exact. */
// @ts-ignore: decorator
@inline
function exactOf(metric: u32, order: u32, length: f32): f32 {
  if (metric == DOT) return -scoreOf(~order)
  if (metric == COSINE) return -scoreOf(~order) * length
  const distance = scoreOf(order)
  return distance * distance - length * length
}

// @ts-ignore: decorator
@inline
function estimated(metric: u32, bits: u32, sketch: usize, signBytes: usize, step: f32, offset: f32, query: usize): f32 {
  const tail = sketch + <usize>bits * signBytes
  return estimateOf(metric, tail, step, offset, productOf(bits, sketch, tail, query))
}

/**
 * By how much the estimate of a row may be above what is exact. Found out with the best rows in view: whatever is near the query is
 * off by about as much as these are, and not at random only.
 */
export function slackOf(g: Graph, s: Scratch, query: usize, held: u32): f32 {
  const metric = g.metric
  const bits = g.sketchBits
  const signBytes = signBytesOf(sketchedBytesOf(g))
  const length = lengthOf(query)
  const step = stepOf(query)
  const offset = offsetOf(query, bits)
  const count = min(held, LOOKED_MAX)
  const list = <usize>s.list
  for (let i: u32 = 0; i < count; i++) {
    touch(sketchAddressOf(g, rowOfKey(load<u64>(keyAt(list, i)))), <usize>g.sketchBytes)
  }
  let sum: f64 = 0
  let squares: f64 = 0
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u64>(keyAt(list, i))
    const sketch = sketchAddressOf(g, rowOfKey(key))
    const estimate = estimated(metric, bits, sketch, signBytes, step, offset, query)
    const off = <f64>(estimate - exactOf(metric, orderOfKey(key), length))
    sum += off
    squares += off * off
  }
  const mean = sum / <f64>count
  const deviation = sqrt<f64>(max<f64>(squares / <f64>count - mean * mean, 0))
  return <f32>(mean + DEVIATIONS * deviation)
}

// @ts-ignore: decorator
@inline
function siftPending(
  metric: u32,
  bits: u32,
  g: Graph,
  s: Scratch,
  query: usize,
  slack: f32,
  count: u32,
  worst: u32,
): u32 {
  const rows = <usize>s.pending
  const sketches = <usize>s.scores
  const sketchBytes = <usize>g.sketchBytes
  for (let i: u32 = 0; i < count; i++) {
    const sketch = sketchAddressOf(g, load<u32>(rows + (<usize>i << 2)))
    touch(sketch, sketchBytes)
    load<u8>(sketch + sketchBytes - 1)
    store<u32>(sketches + (<usize>i << 2), <u32>sketch)
  }
  const signBytes = signBytesOf(sketchedBytesOf(g))
  const most = exactOf(metric, worst, lengthOf(query)) + slack
  const step = stepOf(query)
  const offset = offsetOf(query, bits)
  let left: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const sketch = <usize>load<u32>(sketches + (<usize>i << 2))
    store<u32>(rows + (<usize>left << 2), load<u32>(rows + (<usize>i << 2)))
    // Of what is no number nothing is known: the row decides.
    left += <u32>!(estimated(metric, bits, sketch, signBytes, step, offset, query) > most)
  }
  return left
}

/** Drops the pending rows that are worse than one of the order `worst`, by their sketches. Gives how many are left. */
export function sift(g: Graph, s: Scratch, query: usize, slack: f32, count: u32, worst: u32): u32 {
  const metric = g.metric
  if (g.sketchBits == 1) {
    if (metric == EUCLID) return siftPending(EUCLID, 1, g, s, query, slack, count, worst)
    if (metric == DOT) return siftPending(DOT, 1, g, s, query, slack, count, worst)
    return siftPending(COSINE, 1, g, s, query, slack, count, worst)
  }
  if (metric == EUCLID) return siftPending(EUCLID, 2, g, s, query, slack, count, worst)
  if (metric == DOT) return siftPending(DOT, 2, g, s, query, slack, count, worst)
  return siftPending(COSINE, 2, g, s, query, slack, count, worst)
}
