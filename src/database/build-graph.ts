import { codedDimensionsMin, lastingElements, type WantedGraph } from '../collection/graph-params.ts'
import type { SegmentHandle } from '../collection/segment-handle.ts'
import type { ViewEntry } from '../collection/view.ts'
import { sourceOf, spareRoomFor } from '../graph/adopt/source-graph.ts'
import {
  newBuildControl,
  orderBuild,
  type AdoptedLinks,
  type BuildControl,
} from '../graph/hnsw/build-links.ts'
import { isMovable, type Elements } from '../graph/codes/elements.ts'
import { centreSteps } from '../graph/codes/centre.ts'
import { fineCodesSteps } from '../graph/codes/fine-codes.ts'
import { HnswGraph } from '../graph/hnsw/hnsw-graph.ts'
import { isDenseColumn, type DenseColumn } from '../graph/stored/dense-column.ts'
import { StoredColumn } from '../graph/stored/stored-column.ts'
import { VectorColumn } from '../graph/vector-column.ts'
import { assert } from '../runtime/assert.ts'
import { runWithPauses } from '../runtime/steps.ts'
import type { EngineParts } from './engine.ts'

// Of a graph that has lost more of its rows a new one is better.
const adoptedGoneMax = 0.3

export type BuildParts = Pick<EngineParts, 'links' | 'pins' | 'random' | 'logger' | 'pause'>

/** One graph on its way. */
export interface GraphBuild {
  readonly handle: SegmentHandle
  /** Rows that are in it. */
  rowsDone(): number
  /** Ends it soon, with a file of what there is, or without one. */
  stop(order: 'save' | 'giveUp'): void
}

/**
 * Goes on with a graph of a written segment, or begins one, until it is complete, has been going on for some minutes, or is
 * stopped. The segment is retained by the caller. What there is stands in a file when this resolves, and the segment's
 * description lists it: the caller makes it known. False: the rows cannot have a graph, or not
 * one over the codes that are wanted. `adopt`: what a new one takes over.
 * @throws cancelled, write-failed, database-closed
 */
export async function buildGraph(
  parts: BuildParts,
  handle: SegmentHandle,
  wanted: WantedGraph,
  onStart: (build: GraphBuild) => void,
  adopt?: AdoptedLinks,
): Promise<boolean> {
  const { rows } = handle
  const column = rows.vectors.get(wanted.column)
  assert(isDenseColumn(column) && handle.info !== undefined, 'graphs are of written dense vectors')
  // Of 1,536 dimensions both take tens of milliseconds.
  const isFine =
    dependsOnFineness(column, wanted) &&
    (await runWithPauses(fineCodesSteps(column, wanted.metric), parts.pause))
  const lasting = lastingElements(wanted.params, column, () => isFine)
  const centre =
    column instanceof VectorColumn && isMovable(wanted.metric) && (isFine || lasting !== 'float32')
      ? await runWithPauses(centreSteps(column), parts.pause)
      : undefined
  const graph = graphToBuild(handle, column, wanted, { lasting, isFine, centre }, adopt)
  if (graph === undefined) return false
  const scratch = graph.allocateScratch(graph.parameters.efConstruct)
  if (scratch === undefined) return false
  const control: BuildControl = newBuildControl()
  onStart({
    handle,
    rowsDone: () => graph.nextRow,
    stop: (order) => orderBuild(control, order),
  })
  const unpin = parts.pins.pin([handle.id])
  try {
    const job = {
      image: graph.image(),
      scratch: scratch.image(),
      control,
      derive: graph.takeRuns(),
      ...(adopt !== undefined && graph.nextRow === 0 && { adopt }),
      dropsCodes: lasting === 'float32',
    }
    const unique = parts.random.uuid().slice(0, 8)
    const file = await parts.links.writeLinks(handle.id, wanted.column, unique, job)
    if (graph.isComplete) {
      if (lasting === 'float32') graph.dropCodes()
      rows.attachGraph(wanted.column, graph)
    }
    handle.linked(file)
    return !graph.isComplete || graph.elements === lasting
  } catch (error) {
    // It may not even have codes yet.
    if (graph.nextRow === 0) rows.dropUnfinished(wanted.column)
    throw error
  } finally {
    scratch.dispose()
    unpin()
  }
}

interface CodesOfGraph {
  readonly lasting: Elements
  readonly isFine: boolean
  readonly centre: Float32Array | undefined
}

function graphToBuild(
  handle: SegmentHandle,
  column: DenseColumn,
  wanted: WantedGraph,
  { lasting, isFine, centre }: CodesOfGraph,
  adopt: AdoptedLinks | undefined,
): HnswGraph | undefined {
  const { metric, params } = wanted
  const { m, efConstruct } = params
  const begun = handle.rows.unfinishedGraphOf(wanted.column)
  const isOne =
    begun?.metric === metric && begun.parameters.m === m && begun.parameters.efConstruct === efConstruct
  if (isOne && (lasting === 'float32' || begun.parameters.elements === lasting)) return begun
  const parameters = { m, efConstruct, seed: seedOf(handle.id) }
  const room = adopt === undefined ? {} : spareRoomFor(adopt.source)
  const elements = lasting === 'float32' ? buildingElements(column, isFine) : lasting
  // Where there is no room for codes there may be for links.
  const graph =
    HnswGraph.createUnencoded(column, metric, { ...parameters, elements }, { ...room, centre, isFine }) ??
    HnswGraph.create(column, metric, parameters, { ...room, isFine })
  if (graph !== undefined) handle.rows.keepUnfinished(wanted.column, graph)
  return graph
}

/** Built over codes of a byte per component a graph takes half the time, if there are some dimensions, and is as good. */
function buildingElements(column: DenseColumn, isFine: boolean): Elements {
  if (column instanceof StoredColumn) return column.elements
  return isFine ? 'int8' : 'float32'
}

/** Whether codes depend on how fine they are. A stored column has those that it has. */
function dependsOnFineness(
  column: DenseColumn,
  { params: { codes = 'auto' } }: WantedGraph,
): column is VectorColumn {
  const isOpen = codes === 'auto' || codes === 'none'
  return column instanceof VectorColumn && column.dimensions >= codedDimensionsMin && isOpen
}

/**
 * What a segment's graph may take over from one whose rows became its first ones, `newRows` of them; undefined if there is
 * nothing, or too little of it.
 */
export function adoptableFrom(
  { handle }: ViewEntry,
  newRows: Int32Array,
  { column, metric, params }: WantedGraph,
): AdoptedLinks | undefined {
  const graph = handle.rows.graphOf(column)
  if (graph?.metric !== metric || graph.parameters.m !== params.m) return undefined
  let gone = 0
  for (const row of newRows) if (row < 0) gone += 1
  if (gone > adoptedGoneMax * newRows.length) return undefined
  // What is -1 there is 2^32 - 1 here.
  return {
    source: sourceOf(graph),
    rowOf: new Uint32Array(newRows.buffer, newRows.byteOffset, newRows.length),
  }
}

/** Any number will do; this one is the same whenever the graph of this segment is built. */
function seedOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16)
}
