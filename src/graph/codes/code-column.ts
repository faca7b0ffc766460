import { assert } from '../../runtime/assert.ts'
import type { Chunk } from '../exact-scan.ts'
import type { VectorColumn } from '../vector-column.ts'
import type { Metric } from '../vector-hits.ts'
import type { Arena, Region } from '../vector-memory.ts'
import { putCentre } from './centre.ts'
import { elementNumbers, hasCodes, isMovable, rowBytesOf, type Elements } from './elements.ts'

/** Rows that lie together, of whatever elements. */
export type RowChunk = Pick<Chunk, 'region' | 'firstRow' | 'rows'>

/** A chunk begins at a multiple of so many rows, so that a graph finds a row's chunk by its highest bits. */
const chunkRows = 256

// Invariants:
//   - row n of the codes is that of the column, and lies in the same arena.
//   - a row never moves once it is encoded, nor do codes change.

/**
 * The rows of a column as codes: derived from it, and good for ranking only. Rows without a vector are the codes of
 * zeros. Dispose it before its column.
 */
export class CodeColumn {
  readonly elements: Exclude<Elements, 'float32'>
  readonly rowBytes: number
  readonly #column: VectorColumn
  readonly #arena: Arena
  readonly #centre: Region | undefined
  readonly #chunks: RowChunk[] = []
  #capacityRows = 0
  #rowCount = 0
  #isDisposed = false

  private constructor(
    column: VectorColumn,
    elements: Exclude<Elements, 'float32'>,
    place: { readonly arena: Arena; readonly centre: Region | undefined },
  ) {
    this.elements = elements
    this.rowBytes = rowBytesOf(elements, column.dimensions)
    this.#column = column
    this.#arena = place.arena
    this.#centre = place.centre
  }

  /**
   * Encodes all rows that the column has now, for comparing them by a metric. Undefined if they have too many dimensions, if
   * they lie in several memories, or if theirs has no room.
   * @throws overloaded if the system gives no more memory
   */
  static create(
    column: VectorColumn,
    elements: Exclude<Elements, 'float32'>,
    metric: Metric,
  ): CodeColumn | undefined {
    const arena = arenaOf(column)
    if (arena === undefined || !hasCodes(elements, column.dimensions)) return undefined
    const centre = isMovable(metric) ? arena.allocate(rowBytesOf('float32', column.dimensions)) : undefined
    if (centre === undefined && isMovable(metric)) return undefined
    if (centre !== undefined) putCentre(column, centre)
    const codes = new CodeColumn(column, elements, { arena, centre })
    if (codes.grow()) return codes
    codes.dispose()
    return undefined
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#chunks.reduce((sum, { region }) => sum + region.bytes, this.#centre?.bytes ?? 0)
  }

  /** Of the row of floats that is taken off each vector before it is encoded; 0 if none is. */
  get centreAddress(): number {
    return this.#centre?.offset ?? 0
  }

  /** Where the codes lie: those of a chunk together, the chunks in the order of their rows. */
  chunks(): readonly RowChunk[] {
    assert(!this.#isDisposed, 'disposed codes lie nowhere')
    return this.#chunks
  }

  /** Encodes rows that were appended to the column since. False if there is no room, and then nothing has changed. @throws overloaded */
  grow(): boolean {
    assert(!this.#isDisposed, 'disposed codes take no rows')
    const { rowCount } = this.#column
    if (arenaOf(this.#column) !== this.#arena) return false
    if (rowCount > this.#capacityRows && !this.#addChunk(rowCount - this.#capacityRows)) return false
    while (this.#rowCount < rowCount) this.#encodeRun(rowCount)
    return true
  }

  /** Frees the memory. Whoever reads the codes is done by then. */
  dispose(): void {
    assert(!this.#isDisposed, 'codes are disposed once')
    this.#isDisposed = true
    for (const { region } of this.#chunks) this.#arena.free(region)
    if (this.#centre !== undefined) this.#arena.free(this.#centre)
  }

  #addChunk(missing: number): boolean {
    const rows = Math.ceil(missing / chunkRows) * chunkRows
    const region = this.#arena.allocate(rows * this.rowBytes)
    if (region === undefined) return false
    this.#chunks.push({ region, firstRow: this.#capacityRows, rows })
    this.#capacityRows += rows
    return true
  }

  /** The next rows that lie together, here and there. */
  #encodeRun(end: number): void {
    const first = this.#rowCount
    const [from, to] = [chunkAt(this.#column.chunks(), first), chunkAt(this.#chunks, first)]
    const count = Math.min(end, from.firstRow + from.rows, to.firstRow + to.rows) - first
    const floatBytes = rowBytesOf('float32', this.#column.dimensions)
    this.#arena.kernels.encodeRows(
      elementNumbers[this.elements],
      from.region.offset + (first - from.firstRow) * floatBytes,
      count,
      floatBytes,
      this.centreAddress,
      to.region.offset + (first - to.firstRow) * this.rowBytes,
      this.rowBytes,
    )
    this.#rowCount = first + count
  }
}

/** The memory in which all rows lie; undefined if there are none, or they lie in several. */
export function arenaOf(column: VectorColumn): Arena | undefined {
  const chunks = column.chunks()
  const arena = chunks[0]?.region.arena
  return chunks.every(({ region }) => region.arena === arena) ? arena : undefined
}

function chunkAt(chunks: readonly RowChunk[], row: number): RowChunk {
  const found = chunks.findLast(({ firstRow }) => firstRow <= row)
  assert(found !== undefined && row < found.firstRow + found.rows, 'a row lies in a chunk')
  return found
}
