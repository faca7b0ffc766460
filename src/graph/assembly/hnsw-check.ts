// Checking a graph whose parts come from outside, before the first search follows a link.

import { baseList, CHILD, EQUAL, Graph, isEqualLink, LEVEL_MAX, NONE, roomOf, ROW, upperRecord } from './hnsw-memory'

// What is wrong, in the upper half of a result; in its lower half the index of the row, the link or the word.
const LINK: u64 = 1
const UPPER_AT: u64 = 2
const UPPER: u64 = 3
const PARENT: u64 = 4
const ENTRY: u64 = 5

// @ts-ignore: decorator
@inline
function fault(kind: u64, index: u32): u64 {
  return (kind << 32) | <u64>index
}

// @ts-ignore: decorator
@inline
function hasBit(bits: usize, row: u32): bool {
  return ((load<u32>(bits + (<usize>(row >> 5) << 2)) >> (row & 31)) & 1) != 0
}

// @ts-ignore: decorator
@inline
function levelAt(g: Graph, row: u32): u32 {
  const record = upperRecord(g, row)
  return record == 0 ? 0 : load<u32>(<usize>g.upper + (<usize>record << 2))
}

/** Records must follow each other in the order of their rows, and none may reach beyond the end. */
function checkRecords(g: Graph, present: usize): u64 {
  let next: u32 = 1
  for (let row: u32 = 0; row < g.nextRow; row++) {
    const record = upperRecord(g, row)
    if (record == 0) continue
    if (record != next || record >= g.upperWords || !hasBit(present, row)) return fault(UPPER_AT, row)
    const level = load<u32>(<usize>g.upper + (<usize>record << 2))
    if (level == 0 || level > LEVEL_MAX) return fault(UPPER, record)
    if (<u64>record + 1 + level * g.m > <u64>g.upperWords) return fault(UPPER, record)
    next = record + 1 + level * g.m
  }
  return next == g.upperWords ? 0 : fault(UPPER, next)
}

/** Gives the index of the first bad link of a list, or -1. */
function badLink(g: Graph, present: usize, row: u32, layer: u32, list: usize, room: u32): i32 {
  let ended = false
  for (let i: u32 = 0; i < room; i++) {
    const link = load<u32>(list + (<usize>i << 2))
    if (link == NONE) {
      ended = true
      continue
    }
    const target = layer == 0 ? link & ROW : link
    if (ended || target >= g.nextRow || target == row || !hasBit(present, target)) return i
    if (layer > 0 && levelAt(g, target) < layer) return i
    if (layer == 0 && (link & EQUAL) != 0 && (i > 0 || (link & CHILD) == 0)) return i
  }
  return -1
}

function checkUpperLists(g: Graph, present: usize, row: u32): u64 {
  const record = upperRecord(g, row)
  const level = levelAt(g, row)
  for (let layer: u32 = 1; layer <= level; layer++) {
    const word = record + 1 + (layer - 1) * g.m
    const bad = badLink(g, present, row, layer, <usize>g.upper + (<usize>word << 2), g.m)
    if (bad >= 0) return fault(UPPER, word + bad)
  }
  return 0
}

// @ts-ignore: decorator
@inline
function setBit(bits: usize, row: u32): void {
  const word = bits + (<usize>(row >> 5) << 2)
  store<u32>(word, load<u32>(word) | (1 << (row & 31)))
}

/** No row has two parents, and only equal rows have higher ones. `seen` and `equal` get the bits of children. */
function checkBaseList(g: Graph, present: usize, seen: usize, equal: usize, row: u32): u64 {
  const room = roomOf(g, 0)
  const list = baseList(g, row)
  const bad = badLink(g, present, row, 0, list, room)
  if (bad >= 0) return fault(LINK, row * room + bad)
  for (let i: u32 = 0; i < room; i++) {
    const link = load<u32>(list + (<usize>i << 2))
    if (link == NONE) break
    // A row without a vector is in no list, and has none.
    if (!hasBit(present, row)) return fault(LINK, row * room + i)
    if ((link & CHILD) == 0) continue
    const child = link & ROW
    const isEqual = (link & EQUAL) != 0
    if ((child <= row && !isEqual) || hasBit(seen, child)) return fault(LINK, row * room + i)
    setBit(seen, child)
    if (isEqual) setBit(equal, child)
  }
  return 0
}

/**
 * A chain of equal rows goes up from its node once and down from there, and its rows have no other children. So it ends, and
 * no row is below itself.
 */
function checkChain(g: Graph, equal: usize, row: u32): u64 {
  const room = roomOf(g, 0)
  const list = baseList(g, row)
  const first = load<u32>(list)
  const isInChain = hasBit(equal, row)
  if (isEqualLink(first) && (first & ROW) < row != isInChain) return fault(LINK, row * room)
  if (!isInChain) return 0
  for (let i: u32 = isEqualLink(first) ? 1 : 0; i < room; i++) {
    const link = load<u32>(list + (<usize>i << 2))
    if (link == NONE) break
    if ((link & CHILD) != 0) return fault(LINK, row * room + i)
  }
  return 0
}

/**
 * 0, or what is wrong first. `present` is a bitset of the rows that have a vector, `seen` and `equal` are zeros; all have a bit
 * for every row before nextRow. All rows before it must lie in the graph's memory.
 */
export function hnswCheck(graph: usize, present: usize, seen: usize, equal: usize): u64 {
  const g = changetype<Graph>(graph)
  let wrong = checkRecords(g, present)
  for (let row: u32 = 0; row < g.nextRow && wrong == 0; row++) {
    wrong = checkBaseList(g, present, seen, equal, row)
    if (wrong == 0) wrong = checkUpperLists(g, present, row)
  }
  return wrong == 0 ? checkWhole(g, present, seen, equal) : wrong
}

function checkWhole(g: Graph, present: usize, seen: usize, equal: usize): u64 {
  let count: u32 = 0
  let first = NONE
  let top: u32 = 0
  for (let row: u32 = 0; row < g.nextRow; row++) {
    if (!hasBit(present, row)) continue
    const wrong = checkChain(g, equal, row)
    if (wrong != 0) return wrong
    if (first == NONE) first = row
    if (hasBit(seen, row) == (row == first)) return fault(PARENT, row)
    top = max(top, levelAt(g, row))
    count++
  }
  if (count != g.linkedCount) return fault(ENTRY, 0)
  if (g.root != first) return fault(ENTRY, 3)
  if (count == 0) return g.entry == NONE && g.top == 0 ? 0 : fault(ENTRY, 1)
  if (g.entry >= g.nextRow || !hasBit(present, g.entry)) return fault(ENTRY, 1)
  return levelAt(g, g.entry) == g.top && top == g.top ? 0 : fault(ENTRY, 2)
}
