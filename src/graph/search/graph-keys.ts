import type { Kernels } from '../kernels.ts'
import { putQuery } from '../put-query.ts'
import type { GraphWay } from './vector-searcher.ts'

/** A search of a graph in numbers: all a thread needs to know that has the graph's memory. Addresses are bytes. */
export interface GraphSearch {
  /** The graph's record. */
  readonly graph: number
  /** The record of a scratch that is large enough, and its places for a query and for keys. */
  readonly scratch: number
  readonly queryAt: number
  readonly out: number
  /** Floats of a row with its padding. */
  readonly stride: number
  readonly query: Float32Array
  /** Rows that the search keeps in view. */
  readonly ef: number
  /** Hits at most; up to `ef`. */
  readonly limit: number
  /** Only the first n rows. */
  readonly rowLimit: number
  /** A bitset of the rows that may be hits, with a bit for each of the first `rowLimit`; 0: all. */
  readonly passing: number
  readonly way: GraphWay
  /** If less than this share of the rows around the query may be hits, none is given; of 65,536. */
  readonly shareMin: number
  /** Of a scan of codes: see `GraphTask`. */
  readonly deviations: number
}

/** Keys of the rows found, best first: a copy. */
export function graphKeys(kernels: Kernels, memory: WebAssembly.Memory, search: GraphSearch): BigUint64Array {
  const {
    graph,
    scratch,
    queryAt,
    out,
    stride,
    query,
    ef,
    limit,
    rowLimit,
    passing,
    way,
    shareMin,
    deviations,
  } = search
  putQuery(memory, queryAt, query, stride)
  if (way === 'wide') {
    const found = kernels.hnswSearch(graph, scratch, queryAt, ef, ef, 0, 0, 0xffffffff, 0)
    return keysThatPass(memory, search, found)
  }
  const found =
    way === 'codes'
      ? kernels.hnswScan(graph, scratch, queryAt, ef, limit, passing, rowLimit, deviations)
      : kernels.hnswSearch(graph, scratch, queryAt, ef, limit, passing, 0, rowLimit, shareMin)
  return new BigUint64Array(memory.buffer, out, found).slice()
}

/** The first `limit` of the keys in `out` whose rows may be hits. */
function keysThatPass(memory: WebAssembly.Memory, search: GraphSearch, found: number): BigUint64Array {
  const { out, limit, rowLimit, passing } = search
  const words = new Uint32Array(memory.buffer, out, found * 2)
  const bits = passing === 0 ? undefined : new Uint32Array(memory.buffer, passing, (rowLimit + 31) >>> 5)
  const kept = new Uint32Array(2 * Math.min(limit, found))
  let count = 0
  for (let at = 0; at < words.length && count < kept.length; at += 2) {
    const row = words[at]!
    if (row >= rowLimit) continue
    if (bits !== undefined && ((bits[row >>> 5]! >>> (row & 31)) & 1) === 0) continue
    kept[count] = row
    kept[count + 1] = words[at + 1]!
    count += 2
  }
  return new BigUint64Array(kept.buffer, 0, count >>> 1)
}
