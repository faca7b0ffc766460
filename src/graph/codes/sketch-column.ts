import { assert } from '../../runtime/assert.ts'
import type { Kernels } from '../kernels.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import { putCentre } from './centre.ts'
import { arenaOf, encodeRun, type CodeColumn, type EncodeRun } from './code-column.ts'
import { hasCodes, isMovable, rowBytesOf, sketchBitsOf, sketchBytesOf, type Elements } from './elements.ts'
import { placeOf, RowChunks, type RowChunk } from './row-chunks.ts'

/** Rows to be sketched by one call of the kernel: numbers and addresses in the memory that they share. */
export interface SketchRun {
  readonly from: number
  readonly count: number
  readonly rowBytes: number
  readonly centre: number
  /** Where there is room for a row of codes; 0: the rows are codes already. */
  readonly code: number
  readonly sketches: number
  readonly sketchBytes: number
  readonly bits: number
}

/** Whatever is derived from rows. Runs are done in their order, by one thread. */
export type DerivedRun = EncodeRun | SketchRun

export function deriveRows(kernels: Kernels, run: DerivedRun): void {
  if (!('sketches' in run)) return encodeRun(kernels, run)
  const { from, count, rowBytes, centre, code, sketches, sketchBytes, bits } = run
  if (code === 0) kernels.sketchRows(from, count, rowBytes, sketches, sketchBytes, bits)
  else kernels.sketchVectors(from, count, rowBytes, centre, code, sketches, sketchBytes, bits)
}

interface Place {
  readonly arena: Arena
  /** The centre, if the metric has one, and behind it room for a row of codes. */
  readonly room: Region
  readonly sketchBytes: number
}

// Invariants:
//   - row n of the sketches is that of the column, and lies in the same arena.
//   - a sketch is the same whether it is made of a vector or of its codes.

/** Sketches of the rows of a column, which say which of them a scan has to compare. Dispose it before its column. */
export class SketchColumn {
  readonly arena: Arena
  readonly #column: VectorColumn
  readonly #room: Region
  readonly #centreBytes: number
  readonly #chunks: RowChunks
  #rowCount = 0
  #isDisposed = false

  private constructor(column: VectorColumn, { arena, room, sketchBytes }: Place, centreBytes: number) {
    this.arena = arena
    this.#column = column
    this.#room = room
    this.#centreBytes = centreBytes
    this.#chunks = new RowChunks(arena, sketchBytes)
  }

  /**
   * For all rows that the column has now; `takeRuns` says what makes them. `centre`: of the column, as its codes have it, if the
   * metric is one of those that have. Undefined if such rows have no sketches, or if their memory has no room for any.
   * @throws overloaded if the system gives no more memory
   */
  static create(
    column: VectorColumn,
    elements: Elements,
    metric: Metric,
    centre: Float32Array | undefined,
  ): SketchColumn | undefined {
    const { dimensions } = column
    const arena = arenaOf(column)
    const sketchBytes = sketchBytesOf(elements, metric, dimensions)
    if (arena === undefined || sketchBytes === 0 || !hasCodes('int8', dimensions)) return undefined
    const centreBytes = isMovable(metric) ? rowBytesOf('float32', dimensions) : 0
    const room = arena.allocate(centreBytes + rowBytesOf('int8', dimensions))
    if (room === undefined) return undefined
    if (centreBytes > 0) putCentre(column, { ...room, arena, bytes: centreBytes }, centre)
    const sketches = new SketchColumn(column, { arena, room, sketchBytes }, centreBytes)
    if (sketches.reach()) return sketches
    sketches.dispose()
    return undefined
  }

  get rowBytes(): number {
    return this.#chunks.rowBytes
  }

  /** Per component. */
  get bits(): number {
    return sketchBitsOf(this.#column.dimensions)
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#chunks.bytes + this.#room.bytes
  }

  /** Of the row of floats that is taken off each vector before it is sketched; 0 if none is. */
  get centreAddress(): number {
    return this.#centreBytes === 0 ? 0 : this.#room.offset
  }

  chunks(): readonly RowChunk[] {
    assert(!this.#isDisposed, 'disposed sketches lie nowhere')
    return this.#chunks.list
  }

  /** Makes room for rows that were appended to the column since. False if there is none, and then nothing has changed. @throws overloaded */
  reach(): boolean {
    assert(!this.#isDisposed, 'disposed sketches take no rows')
    return this.#chunks.reach(this.#column.rowCount)
  }

  /** What is to be sketched yet, in any thread that shares the memory, before anybody reads it: of codes, if the column has some. */
  takeRuns(codes: CodeColumn | undefined): SketchRun[] {
    assert(!this.#isDisposed, 'disposed sketches take no rows')
    const runs: SketchRun[] = []
    while (this.#rowCount < this.#column.rowCount) runs.push(this.#nextRun(codes))
    return runs
  }

  /** Frees the memory. Whoever reads the sketches is done by then. */
  dispose(): void {
    assert(!this.#isDisposed, 'sketches are disposed once')
    this.#isDisposed = true
    this.#chunks.dispose()
    this.#room.arena.free(this.#room)
  }

  #nextRun(codes: CodeColumn | undefined): SketchRun {
    const first = this.#rowCount
    const source = codes ?? this.#column
    const rowBytes = codes?.rowBytes ?? rowBytesOf('float32', this.#column.dimensions)
    const from = placeOf(source.chunks(), first, rowBytes)
    const to = placeOf(this.#chunks.list, first, this.rowBytes)
    this.#rowCount = Math.min(this.#column.rowCount, from.end, to.end)
    return {
      from: from.address,
      count: this.#rowCount - first,
      rowBytes,
      centre: this.centreAddress,
      code: codes === undefined ? this.#room.offset + this.#centreBytes : 0,
      sketches: to.address,
      sketchBytes: this.rowBytes,
      bits: this.bits,
    }
  }
}
