import { assert } from '../../runtime/assert.ts'
import type { Kernels } from '../kernels.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import { putCentre } from './centre.ts'
import { elementNumbers, hasCodes, isMovable, rowBytesOf, type Elements } from './elements.ts'
import { placeOf, RowChunks, type RowChunk } from './row-chunks.ts'

/** Rows to be encoded by one call of the kernel: all are numbers and addresses in the memory that they share. */
export interface EncodeRun {
  readonly elements: number
  readonly from: number
  readonly count: number
  readonly floatBytes: number
  readonly centre: number
  readonly to: number
  readonly rowBytes: number
}

// Invariants:
//   - row n of the codes is that of the column, and lies in the same arena.
//   - a row never moves once it is encoded, nor do codes change.

export interface CodeOptions {
  /** Leaves the encoding to whoever takes `takeRuns`. */
  readonly encodesLater?: boolean
  /** What `centreSteps` gave for the column, if somebody has asked; found here otherwise. */
  readonly centre?: Float32Array | undefined
}

/**
 * The rows of a column as codes: derived from it, and good for ranking only. Rows without a vector are the codes of
 * zeros. Dispose it before its column.
 */
export class CodeColumn {
  readonly elements: Exclude<Elements, 'float32'>
  readonly #column: VectorColumn
  readonly #arena: Arena
  readonly #centre: Region | undefined
  readonly #chunks: RowChunks
  #rowCount = 0
  #isDisposed = false

  private constructor(
    column: VectorColumn,
    elements: Exclude<Elements, 'float32'>,
    place: { readonly arena: Arena; readonly centre: Region | undefined },
  ) {
    this.elements = elements
    this.#chunks = new RowChunks(place.arena, rowBytesOf(elements, column.dimensions))
    this.#column = column
    this.#arena = place.arena
    this.#centre = place.centre
  }

  /**
   * Encodes all rows that the column has now, for comparing them by a metric; `encodesLater`: leaves that to whoever takes
   * `takeRuns`. Undefined if they have too many dimensions, if
   * they lie in several memories, or if theirs has no room.
   * @throws overloaded if the system gives no more memory
   */
  static create(
    column: VectorColumn,
    elements: Exclude<Elements, 'float32'>,
    metric: Metric,
    { encodesLater = false, centre: middle }: CodeOptions = {},
  ): CodeColumn | undefined {
    const arena = arenaOf(column)
    if (arena === undefined || !hasCodes(elements, column.dimensions)) return undefined
    const centre = isMovable(metric) ? arena.allocate(rowBytesOf('float32', column.dimensions)) : undefined
    if (centre === undefined && isMovable(metric)) return undefined
    if (centre !== undefined) putCentre(column, centre, middle)
    const codes = new CodeColumn(column, elements, { arena, centre })
    const hasRoom = encodesLater ? codes.#makeRoom() : codes.grow()
    if (hasRoom) return codes
    codes.dispose()
    return undefined
  }

  get rowBytes(): number {
    return this.#chunks.rowBytes
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#chunks.bytes + (this.#centre?.bytes ?? 0)
  }

  /** Of the row of floats that is taken off each vector before it is encoded; 0 if none is. */
  get centreAddress(): number {
    return this.#centre?.offset ?? 0
  }

  /** Where the codes lie: those of a chunk together, the chunks in the order of their rows. */
  chunks(): readonly RowChunk[] {
    assert(!this.#isDisposed, 'disposed codes lie nowhere')
    return this.#chunks.list
  }

  /** Encodes rows that were appended to the column since. False if there is no room, and then nothing has changed. @throws overloaded */
  grow(): boolean {
    assert(!this.#isDisposed, 'disposed codes take no rows')
    if (!this.#makeRoom()) return false
    for (const run of this.takeRuns()) encodeRun(this.#arena.kernels, run)
    return true
  }

  /** What is to be encoded yet, in any thread that shares the memory, before anybody reads it. */
  takeRuns(): EncodeRun[] {
    assert(!this.#isDisposed, 'disposed codes take no rows')
    const runs: EncodeRun[] = []
    while (this.#rowCount < this.#column.rowCount) runs.push(this.#nextRun())
    return runs
  }

  #makeRoom(): boolean {
    return arenaOf(this.#column) === this.#arena && this.#chunks.reach(this.#column.rowCount)
  }

  /** Frees the memory. Whoever reads the codes is done by then. */
  dispose(): void {
    assert(!this.#isDisposed, 'codes are disposed once')
    this.#isDisposed = true
    this.#chunks.dispose()
    if (this.#centre !== undefined) this.#arena.free(this.#centre)
  }

  /** The next rows that lie together, here and there. */
  #nextRun(): EncodeRun {
    const first = this.#rowCount
    const floatBytes = rowBytesOf('float32', this.#column.dimensions)
    const from = placeOf(this.#column.chunks(), first, floatBytes)
    const to = placeOf(this.#chunks.list, first, this.rowBytes)
    this.#rowCount = Math.min(this.#column.rowCount, from.end, to.end)
    return {
      elements: elementNumbers[this.elements],
      from: from.address,
      count: this.#rowCount - first,
      floatBytes,
      centre: this.centreAddress,
      to: to.address,
      rowBytes: this.rowBytes,
    }
  }
}

export function encodeRun(kernels: Kernels, run: EncodeRun): void {
  const { elements, from, count, floatBytes, centre, to, rowBytes } = run
  kernels.encodeRows(elements, from, count, floatBytes, centre, to, rowBytes)
}

/** The memory in which all rows lie; undefined if there are none, or they lie in several. */
export function arenaOf(column: VectorColumn): Arena | undefined {
  const chunks = column.chunks()
  const arena = chunks[0]?.region.arena
  return chunks.every(({ region }) => region.arena === arena) ? arena : undefined
}
