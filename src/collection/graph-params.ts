import { hasCodes, type Elements } from '../graph/codes/elements.ts'
import { efMax, mMax } from '../graph/hnsw/hnsw-graph.ts'
import { StoredColumn } from '../graph/stored/stored-column.ts'
import { isDenseColumn, type DenseColumn } from '../graph/stored/dense-column.ts'
import type { DeclaredVector, DeclaredVectors } from '../segment/row-set.ts'
import type { SegmentHandle } from './segment-handle.ts'
import { countPresent } from './segment-report.ts'
import { metricOf } from './metric.ts'
import type { CollectionConfig, GraphParams, VectorParams } from './types.ts'
import { columnNameOf, declaredColumns } from './vector-columns.ts'
import type { View } from './view.ts'

/**
 * What holds for the graphs of a vector, before what it says itself; what is left out has its default. Numbers beyond what a graph
 * can have stand for the nearest that it can; m 0 is no graph.
 */
export type GraphSettings = (
  config: CollectionConfig,
  vector: string,
) => (Partial<GraphParams> & Pick<VectorParams, 'onDisk'>) | undefined

/** With less the codes are hardly smaller than the vectors, and nothing is faster. */
export const codedDimensionsMin = 64
/** From here on codes stay unless somebody says otherwise: searches take half the time, for a quarter more memory (ADR 0022). */
const codesStayMin = 256

const defaults: GraphParams = { m: 16, efConstruct: 100, minBytes: 10_000 * 1_024 }

/** Nothing more than what vectors say of themselves. */
export const noGraphSettings: GraphSettings = () => undefined

export interface WantedGraph {
  /** The name under which the rows keep the vector. */
  readonly column: string
  readonly metric: HnswMetric
  readonly params: GraphParams
}

/** Columns of rows that are written or loaded: those of vectors that stay in files say so. */
export function writtenColumns(config: CollectionConfig, settings: GraphSettings): DeclaredVectors {
  const columns: Record<string, DeclaredVector> = { ...declaredColumns(config.vectors) }
  for (const [name, params] of Object.entries(config.vectors)) {
    const { onDisk = false, codes = 'auto' } = { ...params.graph, ...params, ...settings(config, name) }
    if (!onDisk || (params.kind ?? 'dense') !== 'dense') continue
    const column = columnNameOf(name, params)
    const stored = { metric: metricOf(params), ...(codes !== 'none' && codes !== 'auto' && { codes }) }
    columns[column] = { ...columns[column]!, stored }
  }
  return columns
}

type HnswMetric = ReturnType<typeof metricOf>

/** The graphs that the vectors of a collection are to have where a segment is large enough. */
export function wantedGraphs(config: CollectionConfig, settings: GraphSettings): WantedGraph[] {
  return Object.entries(config.vectors).flatMap(([name, params]) => {
    if ((params.kind ?? 'dense') !== 'dense') return []
    const said = { ...defaults, ...params.graph, ...settings(config, name) }
    if (said.m === 0) return []
    const wanted = { ...said, m: within(2, said.m, mMax), efConstruct: within(1, said.efConstruct, efMax) }
    return [{ column: columnNameOf(name, params), metric: metricOf(params), params: wanted }]
  })
}

function within(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}

/** Those of them that these rows are large enough for and do not have. */
export function missingGraphs(
  { rows }: Pick<SegmentHandle, 'rows'>,
  wanted: readonly WantedGraph[],
): WantedGraph[] {
  return wanted.filter(({ column: name, metric, params }) => {
    const column = rows.vectors.get(name)
    if (!isDenseColumn(column)) return false
    if (column.presentCount * column.dimensions * 4 < params.minBytes || column.presentCount === 0)
      return false
    const graph = rows.graphOf(name)
    if (graph === undefined) return true
    const { m, efConstruct } = graph.parameters
    if (graph.metric !== metric || m !== params.m || efConstruct !== params.efConstruct) return true
    return graph.elements !== lastingElements(params, column, () => graph.elements === 'int8')
  })
}

/**
 * What searches of a graph take distances of: where the vectors are in a file, of the codes that the column has. `isFine`: whether
 * codes of a byte tell the vectors apart; asked if that decides.
 */
export function lastingElements(
  { codes = 'auto' }: Pick<GraphParams, 'codes'>,
  column: DenseColumn,
  isFine: () => boolean,
): Elements {
  if (column instanceof StoredColumn) return column.elements
  const { dimensions } = column
  if (codes === 'none' || dimensions < codedDimensionsMin) return 'float32'
  if (codes === 'auto')
    return dimensions >= codesStayMin && hasCodes('int8', dimensions) && isFine() ? 'int8' : 'float32'
  return hasCodes(codes, dimensions) ? codes : 'float32'
}

/** By name: present vectors in segments with a graph of the metric that is asked for. */
export function countIndexedVectors(view: View): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [name, params] of Object.entries(view.config.vectors)) {
    if ((params.kind ?? 'dense') !== 'dense') continue
    counts[name] = 0
    for (const entry of view.entries()) {
      const graph = entry.handle.rows.graphOf(columnNameOf(name, params))
      if (graph?.metric === metricOf(params)) counts[name] += countPresent(entry, graph.column)
    }
  }
  return counts
}
