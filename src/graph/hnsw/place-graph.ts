import { arenaOf, type CodeColumn } from '../codes/code-column.ts'
import { elementNumbers, rowBytesOf } from '../codes/elements.ts'
import type { RowChunk } from '../codes/row-chunks.ts'
import type { SketchColumn } from '../codes/sketch-column.ts'
import { metricNumbers } from '../exact-scan.ts'
import type { DenseColumn } from '../stored/dense-column.ts'
import { StoredColumn } from '../stored/stored-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import type { GraphState, HnswParameters } from './hnsw-graph.ts'
import { recordBytes, wordsOfGraph } from './hnsw-records.ts'
import { layOut } from './hnsw-scratch.ts'

/** What of a graph is derived from the rows. */
export interface DerivedRows {
  readonly codes: CodeColumn | undefined
  readonly sketches: SketchColumn | undefined
}

/** A graph's place in memory: its record and lists in the region, what is derived from the rows beside it. */
export interface PlacedGraph {
  readonly arena: Arena
  readonly region: Region
  readonly capacityRows: number
}

interface Contents {
  readonly state: GraphState
  readonly spareUpperWords: number
  readonly derived: DerivedRows
}

/** Where rows lie, as kernels find them: a table of blocks of 2^shift rows. */
interface RowTable {
  readonly chunks: readonly RowChunk[]
  readonly rowBytes: number
  readonly blockShift: number
  readonly blocks: number
}

/** Writes the record and the tables of a graph of this state; lists are the caller's to fill. Undefined if there is no room. @throws overloaded */
export function placeGraph(
  column: DenseColumn,
  metric: Metric,
  { m, efConstruct, seed, elements = 'float32' }: HnswParameters,
  { state, spareUpperWords, derived }: Contents,
): PlacedGraph | undefined {
  const arena = column instanceof StoredColumn ? column.arena : arenaOf(column)
  if (arena === undefined) return undefined
  const capacityRows = column.rowCount
  const { exact, own, sketches, centre } = tablesOf(column, derived)
  const coming = arena.kernels.hnswUpperWords(seed, m, state.nextRow, capacityRows)
  const { starts, end } = layOut({
    record: recordBytes,
    blocks: own.blocks * 4,
    exactBlocks: (exact?.blocks ?? 0) * 4,
    sketchBlocks: (sketches?.blocks ?? 0) * 4,
    upperAt: capacityRows * 4,
    upper: (state.upperWords + spareUpperWords + coming) * 4,
    links: capacityRows * 2 * m * 4,
  })
  const region = arena.allocate(end)
  if (region === undefined) return undefined
  const at = (name: keyof typeof starts) => region.offset + starts[name]
  const words = wordsOfGraph({
    metric: metricNumbers[metric],
    rowBytes: own.rowBytes,
    blocks: at('blocks'),
    blockShift: own.blockShift,
    m,
    efConstruct,
    seed,
    links: at('links'),
    upperAt: at('upperAt'),
    upper: at('upper'),
    ...state,
    elements: elementNumbers[elements],
    centre,
    // 0: what is found is ranked by whoever has the rows.
    exactBlocks: exact === undefined ? 0 : at('exactBlocks'),
    exactBlockShift: exact?.blockShift ?? 0,
    exactRowBytes: rowBytesOf('float32', column.dimensions),
    sketchBlocks: sketches === undefined ? 0 : at('sketchBlocks'),
    sketchBlockShift: sketches?.blockShift ?? 0,
    sketchBytes: sketches?.rowBytes ?? 0,
    sketchBits: derived.sketches?.bits ?? 0,
  })
  arena.words(region.offset, words.length).set(words)
  arena.words(at('upper'), 1)[0] = 0
  putBlocks(arena.words(at('blocks'), own.blocks), own)
  if (exact !== undefined) putBlocks(arena.words(at('exactBlocks'), exact.blocks), exact)
  if (sketches !== undefined) putBlocks(arena.words(at('sketchBlocks'), sketches.blocks), sketches)
  return { arena, region, capacityRows }
}

interface RowTables {
  /** Of the vectors, if they are in memory. */
  readonly exact: RowTable | undefined
  /** Of what distances are taken of. */
  readonly own: RowTable
  /** Of sketches, if there are any. */
  readonly sketches: RowTable | undefined
  readonly centre: number
}

function tablesOf(column: DenseColumn, { codes, sketches: sketchColumn }: DerivedRows): RowTables {
  const { rowCount, dimensions } = column
  if (column instanceof StoredColumn) {
    const own = tableOf(column.codes(), column.codeBytes, rowCount)
    return { exact: undefined, own, sketches: undefined, centre: column.centreAddress }
  }
  const exact = tableOf(column.chunks(), rowBytesOf('float32', dimensions), rowCount)
  const sketches = sketchColumn && tableOf(sketchColumn.chunks(), sketchColumn.rowBytes, rowCount)
  if (codes === undefined) return { exact, own: exact, sketches, centre: sketchColumn?.centreAddress ?? 0 }
  const own = tableOf(codes.chunks(), codes.rowBytes, rowCount)
  return { exact, own, sketches, centre: codes.centreAddress }
}

function tableOf(chunks: readonly RowChunk[], rowBytes: number, rowCount: number): RowTable {
  const blockShift = blockShiftOf(chunks)
  return { chunks, rowBytes, blockShift, blocks: (rowCount >>> blockShift) + 1 }
}

/** Blocks of 2^shift rows, as large as possible, of which none lies in two chunks. */
function blockShiftOf(chunks: readonly RowChunk[]): number {
  let starts = 0
  for (const { firstRow } of chunks) starts |= firstRow
  return starts === 0 ? 31 : 31 - Math.clz32(starts & -starts)
}

function putBlocks(blocks: Uint32Array, { chunks, blockShift, rowBytes }: RowTable): void {
  for (const chunk of chunks) {
    const { region, firstRow, rows } = chunk
    const end = Math.min(blocks.length, Math.ceil((firstRow + rows) / 2 ** blockShift))
    // Mod 2^32, as the kernels add to it.
    const base = region.offset - firstRow * rowBytes
    for (let block = firstRow / 2 ** blockShift; block < end; block++) blocks[block] = base
  }
}
