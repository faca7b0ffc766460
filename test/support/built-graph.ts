import { HnswGraph, type HnswParameters } from '../../src/graph/hnsw/hnsw-graph.ts'
import type { HnswScratch } from '../../src/graph/hnsw/hnsw-scratch.ts'
import { HnswThread, type HnswRequest } from '../../src/graph/hnsw/hnsw-thread.ts'
import { VectorColumn, type Metric, type VectorHits } from '../../src/graph/vector-column.ts'
import { VectorMemory } from '../../src/graph/vector-memory.ts'

export interface BuiltGraph extends Disposable {
  readonly column: VectorColumn
  readonly graph: HnswGraph
  readonly scratch: HnswScratch
  readonly thread: HnswThread
}

export interface GraphOptions {
  readonly metric?: Metric
  readonly parameters?: Partial<HnswParameters>
  /** Default: a memory of its own. */
  readonly memory?: VectorMemory
  /** Largest ef of a search. */
  readonly ef?: number
  /** Rows to put in at once; 0: none. Default: all. */
  readonly insert?: number
  readonly dimensions?: number
  /** Whether codes of a byte tell the vectors apart. Default: found out. */
  readonly isFine?: boolean
}

export const usualParameters: HnswParameters = { m: 16, efConstruct: 100, seed: 1 }

/** A column of these rows and a graph over it. */
export function graphOf(rows: readonly (Float32Array | undefined)[], options: GraphOptions = {}): BuiltGraph {
  const dimensions = options.dimensions ?? rows.find((row) => row !== undefined)?.length ?? 1
  const column = new VectorColumn(dimensions, rows.length, options.memory ?? new VectorMemory())
  for (const row of rows) column.append(row)
  const graph = present(
    HnswGraph.create(
      column,
      options.metric ?? 'euclid',
      { ...usualParameters, ...options.parameters },
      { isFine: options.isFine },
    ),
  )
  const built = threadOn(column, graph, options.ef)
  built.thread.insert(options.insert ?? rows.length)
  return built
}

/** A scratch and a thread for a graph that is there; all of it is disposed together. */
export function threadOn(column: VectorColumn, graph: HnswGraph, ef = 512): BuiltGraph {
  const scratch = present(graph.allocateScratch(ef))
  const thread = new HnswThread(graph.image(), scratch.image())
  const dispose = () => {
    scratch.dispose()
    graph.dispose()
    column.dispose()
  }
  return { column, graph, scratch, thread, [Symbol.dispose]: dispose }
}

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is missing')
  return value
}

/** Which share of the best rows, found by comparing all, a search of the graph finds, over several queries. */
export function recallOf(
  { column, graph, thread }: BuiltGraph,
  queries: readonly Float32Array[],
  request: Omit<HnswRequest, 'query' | 'passing' | 'alive'> & {
    readonly passing?: Uint32Array
    readonly alive?: Uint32Array
  },
): number {
  const { passing, alive, limit } = request
  const bits =
    passing === undefined || alive === undefined ? (passing ?? alive) : passing.map((w, i) => w & alive[i]!)
  let [found, all] = [0, 0]
  for (const query of queries) {
    const exact = column.search({
      query,
      metric: graph.metric,
      limit,
      ...(bits && { passing: bits }),
      ...(request.rowCount !== undefined && { rowCount: request.rowCount }),
    })
    const hits = thread.search({ ...request, query })
    all += exact.rows.length
    found += sharedScores(exact, hits)
  }
  return all === 0 ? 1 : found / all
}

/** Hits at least as good as the worst exact one: equal scores are as good as each other. */
function sharedScores(exact: VectorHits, hits: VectorHits): number {
  const rows = new Set(exact.rows)
  const worst = exact.scores.at(-1)
  return [...hits.rows].filter((row, index) => rows.has(row) || hits.scores[index] === worst).length
}

export function linksOf(graph: HnswGraph): Buffer {
  const { links, upperAt, upper } = graph.lists()
  return Buffer.concat([links, upperAt, upper])
}
