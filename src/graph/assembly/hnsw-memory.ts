// Where a graph's parts lie in memory. The host writes these records (../hnsw/hnsw-records.ts) and allocates what they
// point to; all fields are 32 bits, addresses in bytes.
//
// Invariants:
//   - a row's links fill its list from the start; what is left of the list is NONE.
//   - a link leads to another row that is linked and, in an upper list, has that layer.
//   - every linked row but the first has exactly one parent, whose link to it on layer 0 is marked CHILD and never given
//     up. So all rows can be reached from the first.
//   - rows with equal vectors are one node: the first of them stands for all. The link marked EQUAL, always in the first
//     place, leads from it to the newest of the others, from there to the next older one, and so on; nothing else leads to
//     them. Otherwise a search that comes upon many equal rows would hold nothing else, and get no further.
//   - other children are higher rows than their parents.
//   - an upper record is [level, level lists of m links]; records lie in the order of their rows, the first at word 1.
//   - searching writes nothing but the searcher's own scratch, so any number of threads may search at once.

import { scoresOf } from './distance'
import { codeScoresOf, FLOAT32 } from './distance-codes'

export const NONE: u32 = 0xffffffff
/** A link is a row and, on layer 0, two marks. */
export const ROW: u32 = 0x3fffffff
export const CHILD: u32 = 0x80000000
export const EQUAL: u32 = 0x40000000
export const LEVEL_MAX: u32 = 15

// @ts-ignore: decorator
@unmanaged
export class Graph {
  metric: u32
  rowBytes: u32
  /** Per 2^blockShift rows the address that the column's row 0 would have if it lay in one run with them, mod 2^32. */
  blocks: u32
  blockShift: u32
  /** Links per list on upper layers; twice as many on layer 0. */
  m: u32
  efConstruct: u32
  seed: u32
  /** Lists of layer 0, row after row. */
  links: u32
  /** Per row the word of `upper` where its record begins, 0 if it is on layer 0 only. */
  upperAt: u32
  upper: u32
  upperWords: u32
  /** Rows from here on are not in the graph yet. */
  nextRow: u32
  /** Rows that are in the graph: those before nextRow that have a vector. */
  linkedCount: u32
  entry: u32
  top: u32
  /** The first row that is linked: all others are below it. NONE as long as there is none. */
  root: u32
  /** What a row consists of (distance-codes.ts). */
  elements: u32
  /** A row of floats that is taken off a query before it is encoded or sketched, or 0. */
  centre: u32
  /** As `blocks`, if rows are codes, for those of float32 that searches rank what they found by; 0 if they are not in this memory. */
  exactBlocks: u32
  exactBlockShift: u32
  exactRowBytes: u32
  /** As `blocks`, for sketches of the rows (sketch.ts); 0 if there are none. */
  sketchBlocks: u32
  sketchBlockShift: u32
  sketchBytes: u32
  /** Per component: 1 or 2. */
  sketchBits: u32
}

/** One thread's own memory for searching and inserting. */
// @ts-ignore: decorator
@unmanaged
export class Scratch {
  /** A bitset of rows; all zero between calls. */
  visited: u32
  visitedBytes: u32
  /** The rows whose bits are set; if there are more, all bits are cleared afterwards. */
  log: u32
  logMax: u32
  logCount: u32
  /** Rows to be scored, and their scores. Room for four lists of layer 0. */
  pending: u32
  scores: u32
  /** Keys, best first (hnsw-list.ts). */
  list: u32
  /** Keys of a list that is pruned or filled up. Room for four lists of layer 0. */
  pruned: u32
  /** Links that are chosen: room for a list of layer 0 and three. */
  chosen: u32
  /** Keys of heap.ts that a search gives, best first. */
  out: u32
  /** A bitset of the rows that pass and have not been found yet. Room for a multiple of 16 bytes. */
  open: u32
  /** The query as codes. */
  code: u32
}

// @ts-ignore: decorator
@inline
export function addressOf(g: Graph, row: u32): usize {
  // Addition mod 2^32, so that a block's base may lie "before" address 0.
  return <usize>(load<u32>(<usize>g.blocks + (<usize>(row >> g.blockShift) << 2)) + row * g.rowBytes)
}

// @ts-ignore: decorator
@inline
export function exactAddressOf(g: Graph, row: u32): usize {
  const block = load<u32>(<usize>g.exactBlocks + (<usize>(row >> g.exactBlockShift) << 2))
  return <usize>(block + row * g.exactRowBytes)
}

// @ts-ignore: decorator
@inline
export function sketchAddressOf(g: Graph, row: u32): usize {
  const block = load<u32>(<usize>g.sketchBlocks + (<usize>(row >> g.sketchBlockShift) << 2))
  return <usize>(block + row * g.sketchBytes)
}

// @ts-ignore: decorator
@inline
export function baseList(g: Graph, row: u32): usize {
  return <usize>g.links + <usize>row * <usize>(g.m << 3)
}

// @ts-ignore: decorator
@inline
export function upperRecord(g: Graph, row: u32): u32 {
  return load<u32>(<usize>g.upperAt + (<usize>row << 2))
}

// @ts-ignore: decorator
@inline
export function upperList(g: Graph, row: u32, layer: u32): usize {
  return <usize>g.upper + (<usize>(upperRecord(g, row) + 1 + (layer - 1) * g.m) << 2)
}

/** True for a link to a row with the same vector. */
// @ts-ignore: decorator
@inline
export function isEqualLink(link: u32): bool {
  return link >> 30 == 3 && link != NONE
}

/** Past the link to an equal row, if a list of layer 0 begins with one. */
// @ts-ignore: decorator
@inline
export function afterEqual(list: usize): usize {
  // A list that is empty may lose its first place, too.
  return list + (load<u32>(list) >> 30 == 3 ? 4 : 0)
}

/** The list of a row on a layer, and how many links it has room for. */
// @ts-ignore: decorator
@inline
export function listOf(g: Graph, row: u32, layer: u32): usize {
  return layer == 0 ? baseList(g, row) : upperList(g, row, layer)
}

// @ts-ignore: decorator
@inline
export function roomOf(g: Graph, layer: u32): u32 {
  return layer == 0 ? 2 * g.m : g.m
}

/** The scores of the rows at a, b, c and d, in the lanes of the result. */
// @ts-ignore: decorator
@inline
export function scoresIn(g: Graph, a: usize, b: usize, c: usize, d: usize, query: usize): v128 {
  const metric = g.metric
  const rowBytes = <usize>g.rowBytes
  const elements = g.elements
  if (elements == FLOAT32) return scoresOf(metric, a, b, c, d, query, rowBytes)
  return codeScoresOf(elements, metric, a, b, c, d, query, rowBytes)
}

export function levelOf(row: u32, seed: u32, m: u32): u32 {
  // A finalizer whose output bits all depend on all input bits; each digit to the base m is 0 once in m rows.
  let h = row * 0x9e3779b1 + seed * 0x85ebca77 + 0x165667b1
  h ^= h >> 16
  h *= 0x7feb352d
  h ^= h >> 15
  h *= 0x846ca68b
  h ^= h >> 16
  let level: u32 = 0
  while (level < LEVEL_MAX && h % m == 0) {
    h /= m
    level++
  }
  return level
}
