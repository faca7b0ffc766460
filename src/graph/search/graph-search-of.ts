import { strideOf } from '../vector-column.ts'
import type { GraphSearch } from './graph-keys.ts'
import type { GraphTask } from './vector-searcher.ts'

/** The task in numbers, with the places of a scratch; `passing` is where its bits lie, or 0. */
export function graphSearchOf(
  { graph, query, ef, limit, rowLimit, way, shareMin, deviations }: GraphTask,
  scratch: { readonly address: number; readonly query: number; readonly out: number },
  passing: number,
): GraphSearch {
  return {
    graph: graph.address,
    scratch: scratch.address,
    queryAt: scratch.query,
    out: scratch.out,
    stride: strideOf(graph.column.dimensions),
    passing,
    query,
    ef,
    limit,
    rowLimit,
    way,
    shareMin,
    deviations,
  }
}
