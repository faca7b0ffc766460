// Inserting rows into a graph, one thread at a time.

import { FLOAT32 } from './distance-codes'
import { orderOf } from './heap'
import { insertKey, keyAt, listKey, orderOfKey, rowOfKey } from './hnsw-list'
import {
  addressOf,
  baseList,
  CHILD,
  EQUAL,
  exactAddressOf,
  Graph,
  isEqualLink,
  levelOf,
  listOf,
  NONE,
  roomOf,
  ROW,
  scoresIn,
  Scratch,
  upperRecord,
} from './hnsw-memory'
import { descend, scoreList, searchLayer } from './hnsw-search'

/** A search for an equal row finds it with so few: it is the best there is. */
const EQUALS_IN_VIEW: u32 = 16

// @ts-ignore: decorator
@inline
function wordAt(words: usize, index: u32): usize {
  return words + (<usize>index << 2)
}

// @ts-ignore: decorator
@inline
function spread(row: u32): u32 {
  return (row * 0x9e3779b1) >> 8
}

/** True if no chosen row is nearer to the candidate than `order`. There is room for three more chosen rows. */
function isApart(g: Graph, candidate: u32, order: u32, chosen: usize, count: u32): bool {
  if (count == 0) return true
  const metric = g.metric
  const row = addressOf(g, candidate)
  for (let i: u32 = 0; i < count; i += 4) {
    // Beyond the last chosen row its first stands in.
    const a = addressOf(g, load<u32>(wordAt(chosen, i)) & ROW)
    const b = i + 1 < count ? addressOf(g, load<u32>(wordAt(chosen, i + 1)) & ROW) : a
    const c = i + 2 < count ? addressOf(g, load<u32>(wordAt(chosen, i + 2)) & ROW) : a
    const d = i + 3 < count ? addressOf(g, load<u32>(wordAt(chosen, i + 3)) & ROW) : a
    const scores = scoresIn(g, a, b, c, d, row)
    if (orderOf(metric, f32x4.extract_lane(scores, 0)) < order) return false
    if (orderOf(metric, f32x4.extract_lane(scores, 1)) < order) return false
    if (orderOf(metric, f32x4.extract_lane(scores, 2)) < order) return false
    if (orderOf(metric, f32x4.extract_lane(scores, 3)) < order) return false
  }
  return true
}

/**
 * Of the keys, best first, those that are nearer to the base than to any chosen before: links in all directions rather
 * than many into one. Joins the `held` that are chosen already; gives how many there are then, at most `limit`.
 *
 * Of equal rows, which `turn` come first is left to the row that is inserted: were they always the same, they alone would
 * be linked to.
 */
function choose(g: Graph, keys: usize, count: u32, chosen: usize, held: u32, limit: u32, turn: u32): u32 {
  let end: u32 = 0
  for (let start: u32 = 0; start < count; start = end) {
    const order = orderOfKey(load<u64>(keyAt(keys, start)))
    end = start + 1
    while (end < count && orderOfKey(load<u64>(keyAt(keys, end))) == order) end++
    for (let i = start; i < end; i++) {
      const place = end - start == 1 ? i : start + ((i - start + turn) % (end - start))
      const row = rowOfKey(load<u64>(keyAt(keys, place)))
      if (!isApart(g, row, order, chosen, held)) continue
      store<u32>(wordAt(chosen, held), row)
      if (++held == limit) return held
    }
  }
  return held
}

function storeList(list: usize, room: u32, links: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(wordAt(list, i), load<u32>(wordAt(links, i)))
  for (let i = count; i < room; i++) store<u32>(wordAt(list, i), NONE)
}

/** Chooses anew among the links of a full list and one more. Children are kept in any case. */
function prune(g: Graph, s: Scratch, base: u32, list: usize, room: u32, link: u32): void {
  const rows = <usize>s.pending
  const chosen = <usize>s.chosen
  let held: u32 = 0
  let count: u32 = 0
  for (let i: u32 = 0; i <= room; i++) {
    const other = i < room ? load<u32>(wordAt(list, i)) : link
    if ((other & CHILD) != 0) store<u32>(wordAt(chosen, held++), other)
    else store<u32>(wordAt(rows, count++), other)
  }
  scoreList(g, addressOf(g, base), rows, count, <usize>s.scores)
  for (let i: u32 = 0; i < count; i++) {
    const order = orderOf(g.metric, load<f32>(wordAt(<usize>s.scores, i)))
    insertKey(<usize>s.pruned, i, listKey(order, load<u32>(wordAt(rows, i))))
  }
  held = choose(g, <usize>s.pruned, count, chosen, held, room, spread(link & ROW))
  storeList(list, room, chosen, held)
}

/**
 * Fills a list up: the first `held` links of `chosen` stay, and of the `count` rows of `pending` those join that deserve it,
 * up to `limit` links. No row of `pending` is the base or among the links that stay.
 */
export function hnswFill(
  graph: usize,
  scratch: usize,
  base: u32,
  layer: u32,
  held: u32,
  count: u32,
  limit: u32,
): void {
  const g = changetype<Graph>(graph)
  const s = changetype<Scratch>(scratch)
  scoreList(g, addressOf(g, base), <usize>s.pending, count, <usize>s.scores)
  for (let i: u32 = 0; i < count; i++) {
    const order = orderOf(g.metric, load<f32>(wordAt(<usize>s.scores, i)))
    insertKey(<usize>s.pruned, i, listKey(order, load<u32>(wordAt(<usize>s.pending, i))))
  }
  if (held < limit) held = choose(g, <usize>s.pruned, count, <usize>s.chosen, held, limit, spread(base))
  storeList(listOf(g, base, layer), roomOf(g, layer), <usize>s.chosen, held)
}

/** Links `base` to the row of `link`, if it deserves it or is a child. */
function connect(g: Graph, s: Scratch, base: u32, link: u32, layer: u32): void {
  const list = listOf(g, base, layer)
  const room = roomOf(g, layer)
  for (let i: u32 = 0; i < room; i++) {
    if (load<u32>(wordAt(list, i)) != NONE) continue
    store<u32>(wordAt(list, i), link)
    return
  }
  prune(g, s, base, list, room, link)
}

/** True for a child that is no equal row: nothing but its equals leads to such a row. */
// @ts-ignore: decorator
@inline
function isChild(link: u32): bool {
  return link >> 30 == 2
}

function childrenOf(g: Graph, row: u32): u32 {
  const list = baseList(g, row)
  const room = roomOf(g, 0)
  let count: u32 = 0
  for (let i: u32 = 0; i < room; i++) {
    const link = load<u32>(wordAt(list, i))
    if (link == NONE) break
    if (isChild(link)) count++
  }
  return count
}

/** The nearest of the links that has room for a child, or a row below the nearest. */
function parentAmong(g: Graph, row: u32, links: usize, count: u32): u32 {
  // An eighth of a list: children have it whether or not they deserve it.
  const most = max<u32>(2, g.m >> 2)
  for (let i: u32 = 0; i < count; i++) {
    const candidate = load<u32>(wordAt(links, i))
    if (childrenOf(g, candidate) < most) return candidate
  }
  // Rows have children until they are full, so there is one with room below; which way is left to the row's bits.
  let parent = load<u32>(links)
  let way = row
  for (let children = childrenOf(g, parent); children >= most; children = childrenOf(g, parent)) {
    let skipped = way % children
    way = way * 0x9e3779b1 + 0x7f4a7c15
    const list = baseList(g, parent)
    for (let i: u32 = 0; ; i++) {
      const link = load<u32>(wordAt(list, i))
      if (!isChild(link)) continue
      if (skipped-- > 0) continue
      parent = link & ROW
      break
    }
  }
  return parent
}

/** The row's own links on a layer, from the keys found there; then the links back. */
function connectLayer(g: Graph, s: Scratch, row: u32, layer: u32, found: u32): void {
  const count = choose(g, <usize>s.list, found, <usize>s.chosen, 0, g.m, spread(row))
  const own = listOf(g, row, layer)
  storeList(own, roomOf(g, layer), <usize>s.chosen, count)
  const parent = layer == 0 ? parentAmong(g, row, own, count) : NONE
  // Pruning uses `chosen`, and may never reach this list: nothing leads to the row yet.
  for (let i: u32 = 0; i < count; i++) {
    const base = load<u32>(wordAt(own, i))
    if (base != parent) connect(g, s, base, row, layer)
  }
  if (layer == 0) connect(g, s, parent, row | CHILD, 0)
}

function openRecord(g: Graph, row: u32, level: u32): void {
  storeList(baseList(g, row), roomOf(g, 0), 0, 0)
  store<u32>(wordAt(<usize>g.upperAt, row), level == 0 ? 0 : g.upperWords)
  if (level == 0) return
  store<u32>(wordAt(<usize>g.upper, g.upperWords), level)
  g.upperWords += 1 + level * g.m
  for (let layer: u32 = 1; layer <= level; layer++) storeList(listOf(g, row, layer), g.m, 0, 0)
}

function haveEqualBytes(a: usize, b: usize, bytes: usize): bool {
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false
  }
  return true
}

/** Codes alone do not make rows equal, as long as there are vectors to look at: these may take the codes' place later on. */
function areEqual(g: Graph, row: u32, other: u32): bool {
  if (!haveEqualBytes(addressOf(g, row), addressOf(g, other), <usize>g.rowBytes)) return false
  if (g.elements == FLOAT32 || g.exactBlocks == 0) return true
  return haveEqualBytes(exactAddressOf(g, row), exactAddressOf(g, other), <usize>g.exactRowBytes)
}

/** A row with the same vector among the first `found` of the list, NONE if there is none. */
function equalAmong(g: Graph, s: Scratch, row: u32, found: u32): u32 {
  store<u32>(<usize>s.pending, row)
  scoreList(g, addressOf(g, row), <usize>s.pending, 1, <usize>s.scores)
  // An equal row has the same score, to the bit.
  const own = orderOf(g.metric, load<f32>(<usize>s.scores))
  for (let i: u32 = 0; i < found; i++) {
    const key = load<u64>(keyAt(<usize>s.list, i))
    if (orderOfKey(key) > own) break
    if (orderOfKey(key) < own) continue
    if (areEqual(g, row, rowOfKey(key))) return rowOfKey(key)
  }
  return NONE
}

/** Frees the first place of a list for the link to an equal row. */
function freeFirst(list: usize, room: u32): void {
  const first = load<u32>(list)
  let place: u32 = 0
  for (let i: u32 = 1; i < room; i++) {
    const link = load<u32>(wordAt(list, i))
    // The last one that is no child has to go, unless there is room. Children are never so many.
    if ((link & CHILD) == 0 || link == NONE) place = i
    if (link == NONE) break
  }
  store<u32>(wordAt(list, place), first)
}

/** Makes the row the newest of those that `node` stands for. It may be expanded, so it takes over links of the node's. */
function joinEqual(g: Graph, row: u32, node: u32): void {
  const room = roomOf(g, 0)
  const list = baseList(g, node)
  const own = baseList(g, row)
  let count: u32 = 0
  if (isEqualLink(load<u32>(list))) store<u32>(wordAt(own, count++), load<u32>(list))
  else if (load<u32>(list) != NONE) freeFirst(list, room)
  store<u32>(list, row | CHILD | EQUAL)
  store<u32>(wordAt(own, count++), node)
  for (let i: u32 = 1; i < room && count < room; i++) {
    const link = load<u32>(wordAt(list, i))
    if (link == NONE) break
    store<u32>(wordAt(own, count++), link & ROW)
  }
}

/** Puts `nextRow` into the graph, or only counts it if it has no vector. */
export function hnswInsert(graph: usize, scratch: usize, hasVector: u32): void {
  const g = changetype<Graph>(graph)
  const s = changetype<Scratch>(scratch)
  const row = g.nextRow
  if (hasVector == 0) {
    openRecord(g, row, 0)
  } else {
    const level = levelOf(row, g.seed, g.m)
    if (g.linkedCount == 0) {
      openRecord(g, row, level)
      g.root = row
    }
    const isNode = g.linkedCount == 0 || insertBelow(g, s, row, level)
    if (g.linkedCount == 0 || (isNode && level > g.top)) {
      g.entry = row
      g.top = level
    }
    g.linkedCount++
  }
  // Last: a graph that is looked at meanwhile has whole rows only.
  g.nextRow = row + 1
}

/** False if the row joined one with the same vector. */
function insertBelow(g: Graph, s: Scratch, row: u32, level: u32): bool {
  const query = addressOf(g, row)
  if (level > 0) {
    // Before it is linked on upper layers, which rows that join others are not on.
    const near = searchLayer(g, s, query, descend(g, s, query, 1), 0, min(g.efConstruct, EQUALS_IN_VIEW))
    if (joinAmong(g, s, row, near)) return false
  }
  openRecord(g, row, level)
  let key = descend(g, s, query, level + 1)
  for (let layer = min(level, g.top); layer > 0; layer--) {
    const found = searchLayer(g, s, query, key & ~(<u64>1), layer, g.efConstruct)
    key = load<u64>(<usize>s.list)
    connectLayer(g, s, row, layer, found)
  }
  const found = searchLayer(g, s, query, key & ~(<u64>1), 0, g.efConstruct)
  if (level == 0 && joinAmong(g, s, row, found)) return false
  connectLayer(g, s, row, 0, found)
  return true
}

function joinAmong(g: Graph, s: Scratch, row: u32, found: u32): bool {
  const node = equalAmong(g, s, row, found)
  if (node == NONE) return false
  openRecord(g, row, 0)
  joinEqual(g, row, node)
  return true
}

/** Words of `upper` that rows take which all have vectors. */
export function hnswUpperWords(seed: u32, m: u32, firstRow: u32, endRow: u32): u32 {
  let words: u32 = 0
  for (let row = firstRow; row < endRow; row++) {
    const level = levelOf(row, seed, m)
    if (level > 0) words += 1 + level * m
  }
  return words
}
