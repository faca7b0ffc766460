// Searching a graph: greedily down the upper layers, then the best `ef` rows of layer 0.
//
// A row that may not be a hit is not scored. The links of such a row are followed in its stead, so the rows that pass
// stay connected through it, and each expansion scores about as many rows as it would without a filter.

import { scoresOf, touch } from './distance'
import { codeScoresOf, FLOAT32 } from './distance-codes'
import { encodeRows } from './encode'
import { keyOf, orderOf } from './heap'
import { insertKey, keyAt, listKey, orderOfKey, rowOfKey } from './hnsw-list'
import {
  addressOf,
  afterEqual,
  baseList,
  exactAddressOf,
  Graph,
  isEqualLink,
  listOf,
  NONE,
  roomOf,
  ROW,
  Scratch,
} from './hnsw-memory'
import { hasSketches, sift, sketchOf, slackOf } from './hnsw-sift'

/** So many rows that pass, evenly over the column, are starts of a filtered search beside the graph's own. */
const SEEDS: u32 = 8
/** So many of the nearest rows of the first upper layer are, too. */
const ENTRIES: u32 = 32
/** So many rows that codes have found are ranked by their vectors. Among twice as many as are asked for, nearly all true ones are. */
const RANKED_PER_HIT: u64 = 2
const RANKED_MORE: u64 = 12
/** Sketches are looked at once so many rows have been read while there was no room for more in view: that of the query costs about as much. */
const READ_MIN: u32 = 128
/** If sketches left out less than a quarter of so many rows, they are looked at no more. Otherwise it is found out again how far they are off. */
const SIFTED: u32 = 512

/** Scores the first `count` rows of `rows`; there is room for three more. */
export function scoreList(g: Graph, query: usize, rows: usize, count: u32, scores: usize): void {
  if (count == 0) return
  // The kernel takes four at a time: the last row stands for those that are not there.
  const last = load<u32>(rows + (<usize>(count - 1) << 2))
  for (let i = count; (i & 3) != 0; i++) store<u32>(rows + (<usize>i << 2), last)
  // Loops of their own: this is where a search spends its time.
  if (g.elements == FLOAT32) scoreVectors(g, query, rows, count, scores)
  else scoreCodes(g, query, rows, count, scores)
}

// @ts-ignore: decorator
@inline
function scoreVectors(g: Graph, query: usize, rows: usize, count: u32, scores: usize): void {
  const metric = g.metric
  const rowBytes = <usize>g.rowBytes
  let na: usize = 0
  let nb: usize = 0
  let nc: usize = 0
  let nd: usize = 0
  let a = addressOf(g, load<u32>(rows))
  let b = addressOf(g, load<u32>(rows, 4))
  let c = addressOf(g, load<u32>(rows, 8))
  let d = addressOf(g, load<u32>(rows, 12))
  touchFour(a, b, c, d, rowBytes)
  for (let i: u32 = 0; i < count; i += 4, rows += 16, scores += 16) {
    if (i + 4 < count) {
      na = addressOf(g, load<u32>(rows, 16))
      nb = addressOf(g, load<u32>(rows, 20))
      nc = addressOf(g, load<u32>(rows, 24))
      nd = addressOf(g, load<u32>(rows, 28))
      touchFour(na, nb, nc, nd, rowBytes)
    }
    v128.store(scores, scoresOf(metric, a, b, c, d, query, rowBytes))
    a = na
    b = nb
    c = nc
    d = nd
  }
}

// @ts-ignore: decorator
@inline
function touchFour(a: usize, b: usize, c: usize, d: usize, bytes: usize): void {
  touch(a, bytes)
  touch(b, bytes)
  touch(c, bytes)
  touch(d, bytes)
}

function scoreCodes(g: Graph, query: usize, rows: usize, count: u32, scores: usize): void {
  const elements = g.elements
  const metric = g.metric
  const rowBytes = <usize>g.rowBytes
  for (let i: u32 = 0; i < count; i += 4, rows += 16, scores += 16) {
    const a = addressOf(g, load<u32>(rows))
    const b = addressOf(g, load<u32>(rows, 4))
    const c = addressOf(g, load<u32>(rows, 8))
    const d = addressOf(g, load<u32>(rows, 12))
    v128.store(scores, codeScoresOf(elements, metric, a, b, c, d, query, rowBytes))
  }
}

/** The nearest row that steps from `row` on a layer lead to. Gives its key. */
function descendLayer(g: Graph, s: Scratch, query: usize, key: u64, layer: u32): u64 {
  const pending = <usize>s.pending
  const scores = <usize>s.scores
  const room = roomOf(g, layer)
  let from: u64 = 0
  while (key != from) {
    from = key
    const links = listOf(g, rowOfKey(key), layer)
    let count: u32 = 0
    for (; count < room; count++) {
      const link = load<u32>(links + (<usize>count << 2))
      if (link == NONE) break
      store<u32>(pending + (<usize>count << 2), link)
    }
    scoreList(g, query, pending, count, scores)
    for (let i: u32 = 0; i < count; i++) {
      const order = orderOf(g.metric, load<f32>(scores + (<usize>i << 2)))
      if (order < orderOfKey(key)) key = listKey(order, load<u32>(pending + (<usize>i << 2)))
    }
  }
  return key
}

/** The nearest row found by steps down to, and on, layer `lowest`, from the entry. Gives its key. */
export function descend(g: Graph, s: Scratch, query: usize, lowest: u32): u64 {
  store<u32>(<usize>s.pending, g.entry)
  scoreList(g, query, <usize>s.pending, 1, <usize>s.scores)
  let key = listKey(orderOf(g.metric, load<f32>(<usize>s.scores)), g.entry)
  for (let layer = g.top; layer >= lowest && layer > 0; layer--) key = descendLayer(g, s, query, key, layer)
  return key
}

/** True if the row had not been visited. The caller logs it. */
// @ts-ignore: decorator
@inline
function visit(visited: usize, row: u32): bool {
  const word = visited + (<usize>(row >> 5) << 2)
  const bits = load<u32>(word)
  const bit: u32 = 1 << (row & 31)
  store<u32>(word, bits | bit)
  return (bits & bit) == 0
}

// @ts-ignore: decorator
@inline
function hasBit(bits: usize, row: u32): bool {
  return ((load<u32>(bits + (<usize>(row >> 5) << 2)) >> (row & 31)) & 1) != 0
}

/** Rows beyond `limit` have no bits. An address of 0: all pass. */
// @ts-ignore: decorator
@inline
function mayHit(passing: usize, alive: usize, limit: u32, row: u32): bool {
  if (row >= limit) return false
  if (passing != 0 && !hasBit(passing, row)) return false
  return alive == 0 || hasBit(alive, row)
}

/** The newest row equal to `row`, other than itself, that passes; NONE if there is none. */
function passingEqual(g: Graph, row: u32, passing: usize, alive: usize, limit: u32): u32 {
  for (let link = load<u32>(baseList(g, row)); isEqualLink(link); link = load<u32>(baseList(g, link & ROW))) {
    if (mayHit(passing, alive, limit, link & ROW)) return link & ROW
  }
  return NONE
}

/** Where the log goes on, with room for `count`. A log that is full begins anew, and all bits are cleared in the end. */
// @ts-ignore: decorator
@inline
function logEnd(s: Scratch, count: u32): usize {
  if ((s.logCount & 0x7fffffff) + count > s.logMax) s.logCount = 0x80000000
  return <usize>s.log + (<usize>(s.logCount & 0x7fffffff) << 2)
}

export function clearVisited(s: Scratch): void {
  const count = s.logCount
  s.logCount = 0
  // About what the one and the other cost.
  if (count > s.visitedBytes >> 3) {
    memory.fill(<usize>s.visited, 0, <usize>s.visitedBytes)
    return
  }
  const visited = <usize>s.visited
  const end = <usize>s.log + (<usize>count << 2)
  for (let at = <usize>s.log; at < end; at += 4) {
    store<u32>(visited + (<usize>(load<u32>(at) >> 5) << 2), 0)
  }
}

export function markVisited(s: Scratch, row: u32): void {
  visit(<usize>s.visited, row)
  store<u32>(logEnd(s, 1), row)
  s.logCount++
}

/** The linked rows of `row` that had not been visited; they are pending. Gives how many. */
// @ts-ignore: decorator
@inline
function gather(g: Graph, s: Scratch, row: u32, layer: u32): u32 {
  const room = roomOf(g, layer)
  const visited = <usize>s.visited
  const pending = <usize>s.pending
  const log = logEnd(s, room)
  const list = listOf(g, row, layer)
  const end = list + (<usize>room << 2)
  let count: u32 = 0
  for (let at = layer == 0 ? afterEqual(list) : list; at < end; at += 4) {
    const link = load<u32>(at)
    if (link == NONE) break
    const next = link & ROW
    // Written in any case, counted if it is new: a branch would be guessed wrong every other time.
    const place = <usize>count << 2
    store<u32>(pending + place, next)
    store<u32>(log + place, next)
    count += <u32>visit(visited, next)
  }
  s.logCount += count
  return count
}

/** Opens the rows that pass. */
function openPassing(s: Scratch, passing: usize, alive: usize, limit: u32): void {
  const open = <usize>s.open
  const bytes = <usize>((limit + 31) >> 5) << 2
  for (let at: usize = 0; at < bytes; at += 16) {
    let bits = passing == 0 ? i32x4.splat(-1) : v128.load(passing + at)
    if (alive != 0) bits = v128.and(bits, v128.load(alive + at))
    v128.store(open + at, bits)
  }
  if ((limit & 31) == 0) return
  const last = open + bytes - 4
  store<u32>(last, load<u32>(last) & ((1 << (limit & 31)) - 1))
}

/** True if the row was open: it no longer is. Rows from `limit` on never were. */
// @ts-ignore: decorator
@inline
function take(open: usize, limit: u32, row: u32): bool {
  // A row beyond the limit asks for no bit of word 0.
  const isWithin = <u32>(row < limit)
  const word = open + <usize>((row >> 5) * isWithin << 2)
  const bits = load<u32>(word)
  const bit = bits & (isWithin << (row & 31))
  store<u32>(word, bits ^ bit)
  return bit != 0
}

/** The same of those that pass, of layer 0; in the stead of one that does not, the rows linked from it that do, until there are `most`. */
function gatherPassing(
  g: Graph,
  s: Scratch,
  row: u32,
  passing: usize,
  alive: usize,
  limit: u32,
  most: u32,
): u32 {
  const room = roomOf(g, 0)
  const bytes = <usize>room << 2
  const visited = <usize>s.visited
  const open = <usize>s.open
  const pending = <usize>s.pending
  let count: u32 = 0
  let rejected: u32 = 0
  // Behind the rows that pass, of which there are never as many as two lists.
  const others = pending + 2 * bytes
  const list = baseList(g, row)
  for (let at = afterEqual(list); at < list + bytes; at += 4) {
    const link = load<u32>(at)
    if (link == NONE) break
    const next = link & ROW
    store<u32>(pending + (<usize>count << 2), next)
    store<u32>(others + (<usize>rejected << 2), next)
    if (take(open, limit, next)) count++
    else if (!mayHit(passing, alive, limit, next) && !hasBit(visited, next)) {
      rejected++
      touch(baseList(g, next), bytes)
    }
  }
  for (let i: u32 = 0; i < rejected && count < most; i++) {
    const between = load<u32>(others + (<usize>i << 2))
    // All of its links are looked at now, so it need not be looked at again.
    markVisited(s, between)
    // If an equal row passes, it takes the place of the link to it.
    const equal = passingEqual(g, between, passing, alive, limit)
    if (equal != NONE && take(open, limit, equal)) {
      store<u32>(pending + (<usize>count << 2), equal)
      count++
    }
    const second = baseList(g, between)
    for (let at = afterEqual(second); at < second + bytes; at += 4) {
      const link = load<u32>(at)
      if (link == NONE) break
      store<u32>(pending + (<usize>count << 2), link & ROW)
      count += <u32>take(open, limit, link & ROW)
    }
  }
  return count
}

/** Scores the pending rows and keeps the best. Gives the new count; the first place that changed is in `firstChanged`. */
// @ts-ignore: decorator
@inline
export function offerPending(g: Graph, s: Scratch, query: usize, pending: u32, held: u32, ef: u32): u64 {
  const rows = <usize>s.pending
  const scores = <usize>s.scores
  const list = <usize>s.list
  scoreList(g, query, rows, pending, scores)
  let first: u32 = ef
  for (let i: u32 = 0; i < pending; i++) {
    const order = orderOf(g.metric, load<f32>(scores + (<usize>i << 2)))
    if (held == ef) {
      // Among equals the first stays: otherwise many equal rows would displace each other for long.
      if (order >= orderOfKey(load<u64>(keyAt(list, ef - 1)))) continue
      held--
    }
    const place = insertKey(list, held, listKey(order, load<u32>(rows + (<usize>i << 2))))
    held++
    if (place < first) first = place
  }
  return (<u64>first << 32) | <u64>held
}

/**
 * Expands the best row that has not been, until there is none. Gives how many keys the list holds. `floats` is the query as its vector, or
 * 0: then every row is read. Otherwise rows are not, once there is no room for more in view, that are worse than all there by their sketches.
 */
// @ts-ignore: decorator
@inline
function expandAll(
  isFiltered: bool,
  g: Graph,
  s: Scratch,
  query: usize,
  floats: usize,
  layer: u32,
  held: u32,
  ef: u32,
  passing: usize,
  alive: usize,
  limit: u32,
): u32 {
  const list = <usize>s.list
  let place: u32 = 0
  let mayOut = floats != 0 && hasSketches(g)
  let sketch: usize = 0
  let slack: f32 = 0
  let looked: u32 = 0
  let left: u32 = 0
  for (;;) {
    while (place < held && (load<u64>(keyAt(list, place)) & 1) != 0) place++
    if (place >= held) break
    const key = load<u64>(keyAt(list, place))
    store<u64>(keyAt(list, place), key | 1)
    const row = rowOfKey(key)
    if (layer == 0 && place + 1 < held) touch(baseList(g, rowOfKey(load<u64>(keyAt(list, place + 1)))), <usize>g.m << 3)
    let pending = isFiltered ? gatherPassing(g, s, row, passing, alive, limit, 2 * g.m) : gather(g, s, row, layer)
    if (mayOut && held == ef) {
      looked += pending
      if (sketch != 0) {
        pending = sift(g, s, sketch, slack, pending, orderOfKey(load<u64>(keyAt(list, ef - 1))))
        left += pending
        if (looked >= SIFTED) {
          mayOut = left <= looked - (looked >> 2)
          if (mayOut) slack = slackOf(g, s, sketch, held)
          looked = 0
          left = 0
        }
      } else if (looked >= READ_MIN) {
        looked = 0
        sketch = sketchOf(g, s, floats, query)
        mayOut = sketch != 0
        if (mayOut) slack = slackOf(g, s, sketch, held)
      }
    }
    const result = offerPending(g, s, query, pending, held, ef)
    held = <u32>result
    const first = <u32>(result >> 32)
    if (first < place) place = first
  }
  return held
}

function offerRoot(g: Graph, s: Scratch, query: usize, held: u32, ef: u32): u32 {
  const root = g.root
  if (hasBit(<usize>s.visited, root)) return held
  markVisited(s, root)
  store<u32>(<usize>s.pending, root)
  return <u32>offerPending(g, s, query, 1, held, ef)
}

/** The best `ef` rows of a layer, from the row of `start` on, into the list. Gives how many. */
export function searchLayer(
  g: Graph,
  s: Scratch,
  query: usize,
  start: u64,
  layer: u32,
  ef: u32,
  floats: usize = 0,
): u32 {
  markVisited(s, rowOfKey(start))
  store<u64>(<usize>s.list, start)
  let held: u32 = 1
  // From the root every row can be reached, so a search that keeps as many rows as there are finds them all.
  if (layer == 0) held = offerRoot(g, s, query, held, ef)
  held = expandAll(false, g, s, query, floats, layer, held, ef, 0, 0, 0)
  clearVisited(s)
  return held
}

/** Rows that pass, from all over the column, become pending. Gives how many. */
function gatherSeeds(g: Graph, s: Scratch, limit: u32): u32 {
  const words = (min(limit, g.nextRow) + 31) >> 5
  let count: u32 = 0
  for (let i: u32 = 0; i < SEEDS; i++) {
    const end = <u32>((<u64>words * (i + 1)) / SEEDS)
    for (let word = <u32>((<u64>words * i) / SEEDS); word < end; word++) {
      const row = firstLinked(g, word, load<u32>(<usize>s.open + (<usize>word << 2)))
      if (row == NONE || !take(<usize>s.open, limit, row)) continue
      store<u32>(<usize>s.pending + (<usize>count << 2), row)
      count++
      break
    }
  }
  return count
}

/** The first row of a word that has its bit and a place in the graph: others have no links. */
function firstLinked(g: Graph, word: u32, bits: u32): u32 {
  for (; bits != 0; bits &= bits - 1) {
    const row = (word << 5) + <u32>ctz(bits)
    if (row >= g.nextRow) return NONE
    if (load<u32>(baseList(g, row)) != NONE) return row
  }
  return NONE
}

/** Keeps what passes of a row, or of the rows around it if it does not. Gives how many keys the list holds. */
function enterAt(
  g: Graph,
  s: Scratch,
  query: usize,
  row: u32,
  held: u32,
  ef: u32,
  passing: usize,
  alive: usize,
  limit: u32,
): u32 {
  const open = <usize>s.open
  if (take(open, limit, row)) {
    store<u32>(<usize>s.pending, row)
    return <u32>offerPending(g, s, query, 1, held, ef)
  }
  // It passes and is held, or all that is around it is.
  if (mayHit(passing, alive, limit, row) || hasBit(<usize>s.visited, row)) return held
  // One of several ways in: half of what an expansion takes finds as much, and more would be scored for nothing.
  let near = gatherPassing(g, s, row, passing, alive, limit, g.m)
  const equal = passingEqual(g, row, passing, alive, limit)
  if (equal != NONE && take(open, limit, equal)) {
    store<u32>(<usize>s.pending + (<usize>near << 2), equal)
    near++
  }
  return <u32>offerPending(g, s, query, near, held, ef)
}

/** Which share of the rows linked from these pass, of 65,536. Their lists are in the cache then. */
function shareAround(g: Graph, rows: usize, count: u32, passing: usize, alive: usize, limit: u32): u32 {
  const room = <usize>g.m << 3
  for (let i: u32 = 0; i < count; i++) touch(baseList(g, load<u32>(rows + (<usize>i << 2))), room)
  let near: u32 = 0
  let all: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const list = baseList(g, load<u32>(rows + (<usize>i << 2)))
    for (let at = afterEqual(list); at < list + room; at += 4) {
      const link = load<u32>(at)
      if (link == NONE) break
      all++
      near += <u32>mayHit(passing, alive, limit, link & ROW)
    }
  }
  return all == 0 ? 0xffff : <u32>((<u64>near << 16) / all)
}

function searchPassing(
  g: Graph,
  s: Scratch,
  query: usize,
  ef: u32,
  passing: usize,
  alive: usize,
  limit: u32,
  shareMin: u32,
): u32 {
  // Rows that pass may lie in places that no short way connects: all that are near on the first upper layer are entered.
  const entries = <usize>s.pruned
  let count: u32 = 1
  if (g.top == 0) store<u32>(entries, g.entry)
  else {
    count = searchLayer(g, s, query, descend(g, s, query, 2), 1, min(ef, min(ENTRIES, g.m << 2)))
    for (let i: u32 = 0; i < count; i++) {
      store<u32>(entries + (<usize>i << 2), rowOfKey(load<u64>(keyAt(<usize>s.list, i))))
    }
  }
  if (shareMin > 0 && shareAround(g, entries, count, passing, alive, limit) < shareMin) return 0
  openPassing(s, passing, alive, limit)
  let held: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    held = enterAt(g, s, query, load<u32>(entries + (<usize>i << 2)), held, ef, passing, alive, limit)
  }
  const seeds = gatherSeeds(g, s, limit)
  held = <u32>offerPending(g, s, query, seeds, held, ef)
  held = expandAll(true, g, s, query, 0, 0, held, ef, passing, alive, limit)
  clearVisited(s)
  return held
}

/** Puts a row out unless it is out already. Gives the new count. */
// @ts-ignore: decorator
@inline
function putOut(s: Scratch, count: u32, order: u32, row: u32): u32 {
  if (hasBit(<usize>s.visited, row)) return count
  markVisited(s, row)
  insertKey(<usize>s.out, count, (<u64>order << 32) | <u64>row)
  return count + 1
}

/** The best rows of the list, each followed by those equal to it that pass. */
function putOutList(g: Graph, s: Scratch, held: u32, most: u32, passing: usize, alive: usize, limit: u32): u32 {
  let count: u32 = 0
  for (let i: u32 = 0; i < held && count < most; i++) {
    const key = load<u64>(keyAt(<usize>s.list, i))
    const order = orderOfKey(key)
    count = putOut(s, count, order, rowOfKey(key))
    let link = load<u32>(baseList(g, rowOfKey(key)))
    for (; isEqualLink(link) && count < most; link = load<u32>(baseList(g, link & ROW))) {
      if (mayHit(passing, alive, limit, link & ROW)) count = putOut(s, count, order, link & ROW)
    }
  }
  clearVisited(s)
  return count
}

/** The exact keys of up to four of the rows that are put out, in the place of theirs. */
function rescoreFour(g: Graph, keys: usize, count: u32, query: usize): void {
  const a = load<u32>(keys)
  // The first stands for those that are not there.
  const b = count > 1 ? load<u32>(keys, 8) : a
  const c = count > 2 ? load<u32>(keys, 16) : a
  const d = count > 3 ? load<u32>(keys, 24) : a
  const scores = scoresOf(
    g.metric,
    exactAddressOf(g, a),
    exactAddressOf(g, b),
    exactAddressOf(g, c),
    exactAddressOf(g, d),
    query,
    <usize>g.exactRowBytes,
  )
  store<u64>(keys, keyOf(g.metric, f32x4.extract_lane(scores, 0), a))
  if (count > 1) store<u64>(keys, keyOf(g.metric, f32x4.extract_lane(scores, 1), b), 8)
  if (count > 2) store<u64>(keys, keyOf(g.metric, f32x4.extract_lane(scores, 2), c), 16)
  if (count > 3) store<u64>(keys, keyOf(g.metric, f32x4.extract_lane(scores, 3), d), 24)
}

/** Ranks the rows that are put out by their vectors. */
export function rescore(g: Graph, s: Scratch, count: u32, query: usize): void {
  const keys = <usize>s.out
  for (let i: u32 = 0; i < count; i += 4) rescoreFour(g, keyAt(keys, i), count - i, query)
  // Keys before the i-th are in order, and those behind it stay where they are.
  for (let i: u32 = 1; i < count; i++) insertKey(keys, i, load<u64>(keyAt(keys, i)))
}

/** The query as codes of the graph's kind. */
export function encoded(g: Graph, s: Scratch, query: usize): usize {
  const code = <usize>s.code
  encodeRows(g.elements, query, 1, <usize>g.exactRowBytes, <usize>g.centre, code, <usize>g.rowBytes)
  return code
}

/**
 * The best `most` rows, at most `ef`, as keys of heap.ts in the scratch's `out`. Gives how many. `query` is a row of float32.
 * `passing` and `alive` are 0, or addresses of bitsets that have a bit for each of the first `rowLimit` rows; rows beyond those
 * are no hits. If less than `shareMin` of 65,536 rows around the query pass, none is given. If the graph's rows are codes, the best in view are ranked by their vectors, if these are in memory: the keys are
 * exact then.
 */
export function hnswSearch(
  graph: usize,
  scratch: usize,
  query: usize,
  ef: u32,
  most: u32,
  passing: usize,
  alive: usize,
  rowLimit: u32,
  shareMin: u32,
): u32 {
  const g = changetype<Graph>(graph)
  const s = changetype<Scratch>(scratch)
  if (g.linkedCount == 0) return 0
  const hasCodes = g.elements != FLOAT32
  const asked = hasCodes ? encoded(g, s, query) : query
  const isFiltered = passing != 0 || alive != 0 || rowLimit < g.nextRow
  // What sketches lose is among the worst in view: who asks for these, as a search that is filtered behind does, gets all of them.
  const sifted = ef >= 2 * most ? query : 0
  const held = isFiltered
    ? searchPassing(g, s, asked, ef, passing, alive, rowLimit, shareMin)
    : searchLayer(g, s, asked, descend(g, s, asked, 1), 0, ef, sifted)
  if (!hasCodes || g.exactBlocks == 0) return putOutList(g, s, held, most, passing, alive, rowLimit)
  const ranked = <u32>min<u64>(ef, <u64>most * RANKED_PER_HIT + RANKED_MORE)
  const count = putOutList(g, s, held, ranked, passing, alive, rowLimit)
  rescore(g, s, count, query)
  return min(count, most)
}
