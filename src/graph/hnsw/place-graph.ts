import { arenaOf, type CodeColumn, type RowChunk } from '../codes/code-column.ts'
import { elementNumbers, rowBytesOf } from '../codes/elements.ts'
import { metricNumbers } from '../exact-scan.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import type { GraphState, HnswParameters } from './hnsw-graph.ts'
import { recordBytes, wordsOfGraph } from './hnsw-records.ts'
import { layOut } from './hnsw-scratch.ts'

/** A graph's place in memory: its record and lists in the region, its codes beside it. */
export interface PlacedGraph {
  readonly arena: Arena
  readonly region: Region
  readonly capacityRows: number
  readonly codes: CodeColumn | undefined
}

interface Contents {
  readonly state: GraphState
  readonly spareUpperWords: number
  readonly codes: CodeColumn | undefined
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
  column: VectorColumn,
  metric: Metric,
  { m, efConstruct, seed, elements = 'float32' }: HnswParameters,
  { state, spareUpperWords, codes }: Contents,
): PlacedGraph | undefined {
  const arena = arenaOf(column)
  if (arena === undefined) return undefined
  const capacityRows = column.rowCount
  const exact = tableOf(column.chunks(), rowBytesOf('float32', column.dimensions), capacityRows)
  const own = codes === undefined ? exact : tableOf(codes.chunks(), codes.rowBytes, capacityRows)
  const coming = arena.kernels.hnswUpperWords(seed, m, state.nextRow, capacityRows)
  const { starts, end } = layOut({
    record: recordBytes,
    blocks: own.blocks * 4,
    exactBlocks: exact.blocks * 4,
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
    centre: codes?.centreAddress ?? 0,
    exactBlocks: at('exactBlocks'),
    exactBlockShift: exact.blockShift,
    exactRowBytes: exact.rowBytes,
  })
  arena.words(region.offset, words.length).set(words)
  arena.words(at('upper'), 1)[0] = 0
  putBlocks(arena.words(at('blocks'), own.blocks), own)
  putBlocks(arena.words(at('exactBlocks'), exact.blocks), exact)
  return { arena, region, capacityRows, codes }
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
  for (const { firstRow, rows, region } of chunks) {
    const end = Math.min(blocks.length, Math.ceil((firstRow + rows) / 2 ** blockShift))
    // Mod 2^32, as the kernels add to it.
    const base = region.offset - firstRow * rowBytes
    for (let block = firstRow / 2 ** blockShift; block < end; block++) blocks[block] = base
  }
}
