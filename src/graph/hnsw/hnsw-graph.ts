import { assert } from '../../runtime/assert.ts'
import { metricNumbers, type Chunk } from '../exact-scan.ts'
import { strideOf, type VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import {
  graphFields,
  noRow,
  readGraphRecord,
  recordBytes,
  wordsOfGraph,
  type GraphRecord,
} from './hnsw-records.ts'
import { HnswScratch, layOut } from './hnsw-scratch.ts'
import type { HnswImage, PlacedBits } from './hnsw-thread.ts'

export interface HnswParameters {
  /** Links per row on upper layers, twice as many on layer 0: 2 to `mMax`. */
  readonly m: number
  /** Rows that an insertion keeps in view: 1 to `efMax`. */
  readonly efConstruct: number
  /** Of the rows' levels: 32 bits. The same rows, parameters and seed give the same graph. */
  readonly seed: number
}

export const mMax = 512
/** Beyond this a list that is sorted by insertion costs more than scanning does. */
export const efMax = 4_096

/** What a new graph begins with, or one that was read goes on with. */
export type GraphState = Pick<
  GraphRecord,
  'upperWords' | 'nextRow' | 'linkedCount' | 'entry' | 'top' | 'root'
>

// Word 0 of the upper lists stands for "no record".
const emptyState: GraphState = {
  upperWords: 1,
  nextRow: 0,
  linkedCount: 0,
  entry: noRow,
  top: 0,
  root: noRow,
}

/**
 * A graph over the rows of one column, in the same memory: it owns the links and never touches the rows. Rows are put in
 * and searched through an `HnswThread`, here or in a worker. Dispose it before its column.
 */
export class HnswGraph {
  readonly column: VectorColumn
  readonly metric: Metric
  readonly parameters: HnswParameters
  readonly arena: Arena
  #region: Region
  #capacityRows: number
  #isDisposed = false

  private constructor(
    column: VectorColumn,
    metric: Metric,
    parameters: HnswParameters,
    placed: { readonly arena: Arena; readonly region: Region; readonly capacityRows: number },
  ) {
    this.column = column
    this.metric = metric
    this.parameters = parameters
    this.arena = placed.arena
    this.#region = placed.region
    this.#capacityRows = placed.capacityRows
  }

  /**
   * An empty graph with room for all rows that the column has now. Undefined if there are none, if they lie in several
   * memories, or if their memory has no room for the links: such a column must be laid out anew, or split.
   * @throws overloaded if the system gives no more memory
   */
  static create(column: VectorColumn, metric: Metric, parameters: HnswParameters): HnswGraph | undefined {
    return HnswGraph.place(column, metric, parameters, emptyState)
  }

  /** Room for a graph of this state; its lists are the caller's to fill. @throws overloaded */
  static place(
    column: VectorColumn,
    metric: Metric,
    parameters: HnswParameters,
    state: GraphState,
  ): HnswGraph | undefined {
    const { m, efConstruct, seed } = parameters
    assert(m >= 2 && m <= mMax && efConstruct >= 1 && efConstruct <= efMax, 'parameters are in range')
    assert(seed >>> 0 === seed, 'a seed has 32 bits')
    const chunks = column.chunks()
    const arena = chunks[0]?.region.arena
    if (arena === undefined || chunks.some(({ region }) => region.arena !== arena)) return undefined
    const rows = column.rowCount
    const coming = arena.kernels.hnswUpperWords(seed, m, state.nextRow, rows)
    const blockShift = blockShiftOf(chunks)
    const { starts, end } = layOut({
      record: recordBytes,
      blocks: (blockOf(rows, blockShift) + 1) * 4,
      upperAt: rows * 4,
      upper: (state.upperWords + coming) * 4,
      links: rows * 2 * m * 4,
    })
    const region = arena.allocate(end)
    if (region === undefined) return undefined
    const at = (name: keyof typeof starts) => region.offset + starts[name]
    const rowBytes = strideOf(column.dimensions) * 4
    const addresses = { links: at('links'), upperAt: at('upperAt'), upper: at('upper'), blocks: at('blocks') }
    const record = {
      metric: metricNumbers[metric],
      rowBytes,
      blockShift,
      m,
      efConstruct,
      seed,
      ...addresses,
      ...state,
    }
    const words = wordsOfGraph(record)
    arena.words(region.offset, words.length).set(words)
    arena.words(addresses.upper, 1)[0] = 0
    putBlocks(arena.words(addresses.blocks, blockOf(rows, blockShift) + 1), chunks, blockShift, rowBytes)
    return new HnswGraph(column, metric, parameters, { arena, region, capacityRows: rows })
  }

  /** The first row that is not in the graph yet: the column's row count once it is complete. */
  get nextRow(): number {
    return this.record().nextRow
  }

  /** Rows that there is room for. */
  get capacityRows(): number {
    return this.#capacityRows
  }

  get isComplete(): boolean {
    return this.nextRow === this.column.rowCount
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#region.bytes
  }

  record(): GraphRecord {
    assert(!this.#isDisposed, 'a disposed graph has no record')
    return readGraphRecord(this.arena.words(this.#region.offset, graphFields.length))
  }

  /** For a thread that inserts or searches. */
  image(): HnswImage {
    assert(!this.#isDisposed, 'a disposed graph has no image')
    const { dimensions } = this.column
    return {
      memory: this.arena.memory,
      address: this.#region.offset,
      metric: this.metric,
      dimensions,
      m: this.parameters.m,
      capacityRows: this.#capacityRows,
      presence: this.column.image().presence,
    }
  }

  /** Memory for one thread that works on this graph. Undefined if the arena has no room. @throws overloaded */
  allocateScratch(ef: number): HnswScratch | undefined {
    assert(ef >= 1 && ef <= efMax, 'ef is in range')
    return HnswScratch.allocate(this.arena, {
      rows: this.#capacityRows,
      ef: Math.max(ef, this.parameters.efConstruct),
      m: this.parameters.m,
      stride: strideOf(this.column.dimensions),
    })
  }

  /**
   * Makes room for rows that were appended to the column since. Images from before are no longer good. False if there is
   * none, and then nothing has changed. @throws overloaded
   */
  grow(): boolean {
    if (this.#capacityRows === this.column.rowCount) return true
    const { upperWords, nextRow, linkedCount, entry, top, root } = this.record()
    const state = { upperWords, nextRow, linkedCount, entry, top, root }
    const larger = HnswGraph.place(this.column, this.metric, this.parameters, state)
    if (larger === undefined) return false
    assert(larger.arena === this.arena, 'the rows of a column do not move')
    const [from, to] = [this.lists(), larger.lists()]
    to.links.set(from.links)
    to.upperAt.set(from.upperAt)
    to.upper.set(from.upper)
    this.arena.free(this.#region)
    this.#region = larger.#region
    this.#capacityRows = larger.#capacityRows
    return true
  }

  /** The lists of the rows before nextRow, as they lie in memory: views. */
  lists(): { readonly links: Uint8Array; readonly upperAt: Uint8Array; readonly upper: Uint8Array } {
    const { links, upperAt, upper, upperWords, nextRow, m } = this.record()
    return {
      links: this.arena.bytes(links, nextRow * 2 * m * 4),
      upperAt: this.arena.bytes(upperAt, nextRow * 4),
      upper: this.arena.bytes(upper, upperWords * 4),
    }
  }

  /** Frees the memory. Images and searches are over by then. */
  dispose(): void {
    assert(!this.#isDisposed, 'a graph is disposed once')
    this.#isDisposed = true
    this.arena.free(this.#region)
  }
}

/** Puts a bitset where searches need not copy it. Free the region afterwards. Undefined if there is no room. */
export function placeBits(
  arena: Arena,
  bits: Uint32Array,
  rowCount: number,
): { readonly bits: PlacedBits; readonly region: Region } | undefined {
  const words = Math.max(1, Math.ceil(rowCount / 32))
  const region = arena.allocate(words * 4)
  if (region === undefined) return undefined
  const target = arena.words(region.offset, words)
  target.set(bits.length > words ? bits.subarray(0, words) : bits)
  target.fill(0, Math.min(bits.length, words))
  return { bits: { address: region.offset, rowCount }, region }
}

/** Blocks of 2^shift rows, as large as possible, of which none lies in two chunks. */
function blockShiftOf(chunks: readonly Chunk[]): number {
  let starts = 0
  for (const { firstRow } of chunks) starts |= firstRow
  return starts === 0 ? 31 : 31 - Math.clz32(starts & -starts)
}

function blockOf(row: number, blockShift: number): number {
  return row >>> blockShift
}

function putBlocks(
  blocks: Uint32Array,
  chunks: readonly Chunk[],
  blockShift: number,
  rowBytes: number,
): void {
  for (const { firstRow, rows, region } of chunks) {
    const end = Math.min(blocks.length, Math.ceil((firstRow + rows) / 2 ** blockShift))
    // Mod 2^32, as the kernels add to it.
    const base = region.offset - firstRow * rowBytes
    for (let block = firstRow / 2 ** blockShift; block < end; block++) blocks[block] = base
  }
}
