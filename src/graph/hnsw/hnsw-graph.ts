import { assert } from '../../runtime/assert.ts'
import { runToEnd } from '../../runtime/steps.ts'
import { centreSteps } from '../codes/centre.ts'
import { CodeColumn, type CodeOptions } from '../codes/code-column.ts'
import { elementNumbers, isMovable, sketchBytesOf, type Elements } from '../codes/elements.ts'
import { hasFineCodes } from '../codes/fine-codes.ts'
import { deriveRows, SketchColumn, type DerivedRun } from '../codes/sketch-column.ts'
import type { DenseColumn } from '../stored/dense-column.ts'
import { StoredColumn } from '../stored/stored-column.ts'
import { strideOf, type VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import { graphFields, noRow, readGraphRecord, wordsOfGraph, type GraphRecord } from './hnsw-records.ts'
import { HnswScratch } from './hnsw-scratch.ts'
import type { HnswImage, PlacedBits } from './hnsw-thread.ts'
import { placeGraph, type DerivedRows, type PlacedGraph } from './place-graph.ts'

export interface HnswParameters {
  /** Links per row on upper layers, twice as many on layer 0: 2 to `mMax`. */
  readonly m: number
  /** Rows that an insertion keeps in view: 1 to `efMax`. */
  readonly efConstruct: number
  /** Of the rows' levels: 32 bits. The same rows, parameters and seed give the same graph. */
  readonly seed: number
  /**
   * What distances are taken of while the graph is built and walked. Codes take a quarter or half of the memory to read; what
   * a search finds by them it ranks by the vectors. Default: float32, the vectors themselves.
   */
  readonly elements?: Elements
}

const nextRowAt = graphFields.indexOf('nextRow') * 4

export const mMax = 512
/** Beyond this a list that is sorted by insertion costs more than scanning does. */
export const efMax = 4_096

/** What a new graph begins with, or one that was read goes on with. */
export type GraphState = Pick<
  GraphRecord,
  'upperWords' | 'nextRow' | 'linkedCount' | 'entry' | 'top' | 'root'
>

/** What a graph has room for beside its own rows. */
export interface SpareRoom {
  /** Of another graph whose rows are taken over (../adopt): the length of its upper lists. */
  readonly spareUpperWords?: number
}

export interface DerivedOptions extends CodeOptions {
  /**
   * Whether codes of a byte tell the vectors apart (`hasFineCodes`), if somebody has asked: rows of a graph over vectors have
   * sketches only if so. Found out here otherwise.
   */
  readonly isFine?: boolean | undefined
}

const noneDerived: DerivedRows = { codes: undefined, sketches: undefined }

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
 * A graph over the rows of one column, in the same memory: it owns the links, the codes if it is one over codes (those of
 * a stored column are the column's), and sketches of the rows, and never touches the rows. Rows are put in and searched through an `HnswThread`, here or in a worker. Dispose it before its column.
 */
export class HnswGraph {
  readonly column: DenseColumn
  readonly metric: Metric
  #parameters: HnswParameters
  readonly arena: Arena
  #codes: CodeColumn | undefined
  #sketches: SketchColumn | undefined
  #region: Region
  #capacityRows: number
  #isDisposed = false

  private constructor(
    column: DenseColumn,
    metric: Metric,
    parameters: HnswParameters,
    placed: PlacedGraph & { readonly derived: DerivedRows },
  ) {
    this.column = column
    this.metric = metric
    this.#parameters = parameters
    this.arena = placed.arena
    this.#codes = placed.derived.codes
    this.#sketches = placed.derived.sketches
    this.#region = placed.region
    this.#capacityRows = placed.capacityRows
  }

  /**
   * An empty graph with room for all rows that the column has now, which are encoded if it is one over codes. Undefined if
   * there are none, if they lie in several memories or have too many dimensions for the codes, or if their memory has no room
   * for links and codes: such a column must be laid out anew, or split.
   * @throws overloaded if the system gives no more memory
   */
  static create(
    column: DenseColumn,
    metric: Metric,
    parameters: HnswParameters,
    room: SpareRoom & Pick<DerivedOptions, 'isFine'> = {},
  ): HnswGraph | undefined {
    return HnswGraph.place(column, metric, parameters, emptyState, room)
  }

  /** The same, but its codes and sketches are not made yet: whoever builds it does that first, by `takeRuns`. @throws overloaded */
  static createUnencoded(
    column: DenseColumn,
    metric: Metric,
    parameters: HnswParameters,
    room: SpareRoom & Omit<DerivedOptions, 'encodesLater'> = {},
  ): HnswGraph | undefined {
    return HnswGraph.place(column, metric, parameters, emptyState, { ...room, encodesLater: true })
  }

  /** Room for a graph of this state; its lists are the caller's to fill. @throws overloaded */
  static place(
    column: DenseColumn,
    metric: Metric,
    parameters: HnswParameters,
    state: GraphState,
    { spareUpperWords = 0, ...options }: SpareRoom & DerivedOptions = {},
  ): HnswGraph | undefined {
    const { m, efConstruct, seed, elements = 'float32' } = parameters
    assert(m >= 2 && m <= mMax && efConstruct >= 1 && efConstruct <= efMax, 'parameters are in range')
    assert(seed >>> 0 === seed, 'a seed has 32 bits')
    if (column instanceof StoredColumn)
      return HnswGraph.#overStored(column, metric, parameters, { state, spareUpperWords })
    const derived = derivedOf(column, metric, elements, options)
    if (derived === undefined) return undefined
    const placed = placeGraph(column, metric, parameters, { state, spareUpperWords, derived })
    if (placed !== undefined) return new HnswGraph(column, metric, parameters, { ...placed, derived })
    derived.sketches?.dispose()
    derived.codes?.dispose()
    return undefined
  }

  /** Over the codes that the column has: whatever other links were made by, they are as good for these. */
  static #overStored(
    column: StoredColumn,
    metric: Metric,
    given: HnswParameters,
    room: { readonly state: GraphState; readonly spareUpperWords: number },
  ): HnswGraph | undefined {
    const parameters = { ...given, elements: column.elements }
    const placed = placeGraph(column, metric, parameters, { ...room, derived: noneDerived })
    return placed && new HnswGraph(column, metric, parameters, { ...placed, derived: noneDerived })
  }

  get parameters(): HnswParameters {
    return this.#parameters
  }

  /** What distances are taken of. */
  get elements(): Elements {
    return this.#parameters.elements ?? 'float32'
  }

  /** The first row that is not in the graph yet: the column's row count once it is complete. */
  get nextRow(): number {
    assert(!this.#isDisposed, 'a disposed graph has no record')
    return this.arena.words(this.#region.offset + nextRowAt, 1)[0]!
  }

  /** Whether sketches say which of the rows that pass a filter are worth comparing. */
  get hasSketches(): boolean {
    return this.#sketches !== undefined
  }

  /** Rows that there is room for. */
  get capacityRows(): number {
    return this.#capacityRows
  }

  get isComplete(): boolean {
    return this.nextRow === this.column.rowCount
  }

  /** Memory held, in bytes: of the links, the codes and the sketches. */
  get bytes(): number {
    return this.#region.bytes + (this.#codes?.bytes ?? 0) + (this.#sketches?.bytes ?? 0)
  }

  record(): GraphRecord {
    assert(!this.#isDisposed, 'a disposed graph has no record')
    return readGraphRecord(this.arena.words(this.#region.offset, graphFields.length))
  }

  /** Of the record that the kernels read. Until the graph grows or is disposed. */
  get address(): number {
    assert(!this.#isDisposed, 'a disposed graph lies nowhere')
    return this.#region.offset
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
      presence: this.column.presence,
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
    if (this.#codes?.grow() === false || this.#sketches?.reach() === false) return false
    for (const run of this.takeRuns()) deriveRows(this.arena.kernels, run)
    const derived = { codes: this.#codes, sketches: this.#sketches }
    const contents = { state, spareUpperWords: 0, derived }
    const larger = placeGraph(this.column, this.metric, this.parameters, contents)
    if (larger === undefined) return false
    assert(larger.arena === this.arena, 'the rows of a column do not move')
    const from = this.lists()
    this.arena.free(this.#region)
    this.#region = larger.region
    this.#capacityRows = larger.capacityRows
    const to = this.lists()
    to.links.set(from.links)
    to.upperAt.set(from.upperAt)
    to.upper.set(from.upper)
    return true
  }

  /** What of its codes and sketches is to be made yet, in any thread that shares the memory, before anybody reads them. */
  takeRuns(): DerivedRun[] {
    return [...(this.#codes?.takeRuns() ?? []), ...(this.#sketches?.takeRuns(this.#codes) ?? [])]
  }

  /**
   * From here on distances are taken of the vectors themselves, and the codes are gone: they build a graph in half the time, and
   * it is as good a graph for the vectors. Sketches stay if vectors have some. Images from before are no longer good.
   */
  dropCodes(): void {
    if (this.#codes === undefined) return
    const record = this.record()
    const { exactBlocks, exactBlockShift, exactRowBytes } = record
    assert(exactBlocks !== 0, 'a graph whose vectors are elsewhere keeps its codes')
    const rows = { blocks: exactBlocks, blockShift: exactBlockShift, rowBytes: exactRowBytes }
    if (sketchBytesOf('float32', this.metric, this.column.dimensions) === 0) {
      this.#sketches?.dispose()
      this.#sketches = undefined
    }
    const words = wordsOfGraph({
      ...{ ...record, ...rows, elements: elementNumbers.float32 },
      centre: this.#sketches?.centreAddress ?? 0,
      ...(this.#sketches === undefined && { sketchBlocks: 0, sketchBytes: 0 }),
    })
    this.arena.words(this.#region.offset, words.length).set(words)
    this.#parameters = { ...this.#parameters, elements: 'float32' }
    this.#codes.dispose()
    this.#codes = undefined
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
    this.#sketches?.dispose()
    this.#codes?.dispose()
  }
}

/** Undefined if there can be no codes that are asked for; sketches are left out if there is no room for them. @throws overloaded */
function derivedOf(
  column: VectorColumn,
  metric: Metric,
  elements: Elements,
  { isFine, ...options }: DerivedOptions,
): DerivedRows | undefined {
  const isSketched =
    sketchBytesOf(elements, metric, column.dimensions) > 0 &&
    (elements !== 'float32' || (isFine ?? hasFineCodes(column, metric)))
  const needsCentre = isMovable(metric) && (isSketched || elements !== 'float32')
  const centre = needsCentre ? (options.centre ?? runToEnd(centreSteps(column))) : undefined
  const codes =
    elements === 'float32' ? undefined : CodeColumn.create(column, elements, metric, { ...options, centre })
  if (codes === undefined && elements !== 'float32') return undefined
  const sketches = isSketched ? SketchColumn.create(column, elements, metric, centre) : undefined
  if (options.encodesLater !== true)
    for (const run of sketches?.takeRuns(codes) ?? []) deriveRows(sketches!.arena.kernels, run)
  return { codes, sketches }
}

/** Puts a bitset where searches need not copy it. Free the region afterwards. Undefined if there is no room. */
export function placeBits(
  arena: Arena,
  bits: Uint32Array,
  rowCount: number,
): { readonly bits: PlacedBits; readonly region: Region } | undefined {
  const region = arena.allocate(Math.max(1, Math.ceil(rowCount / 32)) * 4)
  if (region === undefined) return undefined
  putBits(arena, region.offset, bits, rowCount)
  return { bits: { address: region.offset, rowCount }, region }
}

/** Copies a bitset to an address, with zeros behind its end up to the last row. */
export function putBits(arena: Arena, address: number, bits: Uint32Array, rowCount: number): void {
  const words = Math.max(1, Math.ceil(rowCount / 32))
  const target = arena.words(address, words)
  target.set(bits.length > words ? bits.subarray(0, words) : bits)
  target.fill(0, Math.min(bits.length, words))
}
