import { assert } from '../../runtime/assert.ts'
import type { Chunk } from '../exact-scan.ts'
import type { Arena } from '../vector-memory.ts'

/** Rows that lie together, of whatever elements. */
export type RowChunk = Pick<Chunk, 'region' | 'firstRow' | 'rows'>

/** A chunk begins at a multiple of so many rows, so that a graph finds a row's chunk by its highest bits. */
const chunkRows = 256

/** Where rows lie that are derived from those of a column, in the same arena. A row never moves once it has a place. */
export class RowChunks {
  readonly rowBytes: number
  readonly #arena: Arena
  readonly #chunks: RowChunk[] = []
  #capacityRows = 0

  constructor(arena: Arena, rowBytes: number) {
    this.#arena = arena
    this.rowBytes = rowBytes
  }

  /** In the order of their rows. */
  get list(): readonly RowChunk[] {
    return this.#chunks
  }

  /** Memory held. */
  get bytes(): number {
    return this.#chunks.reduce((sum, { region }) => sum + region.bytes, 0)
  }

  /** Makes room for so many rows. False if there is none, and then nothing has changed. @throws overloaded */
  reach(rowCount: number): boolean {
    if (rowCount <= this.#capacityRows) return true
    const rows = Math.ceil((rowCount - this.#capacityRows) / chunkRows) * chunkRows
    const region = this.#arena.allocate(rows * this.rowBytes)
    if (region === undefined) return false
    this.#chunks.push({ region, firstRow: this.#capacityRows, rows })
    this.#capacityRows += rows
    return true
  }

  /** Whoever reads the rows is done by then. */
  dispose(): void {
    for (const { region } of this.#chunks) this.#arena.free(region)
  }
}

/** Where a row lies, and the first row that does not lie behind it. */
export function placeOf(
  chunks: readonly RowChunk[],
  row: number,
  rowBytes: number,
): { readonly address: number; readonly end: number } {
  const found = chunks.findLast(({ firstRow }) => firstRow <= row)
  assert(found !== undefined && row < found.firstRow + found.rows, 'a row lies in a chunk')
  const { region, firstRow, rows } = found
  return { address: region.offset + (row - firstRow) * rowBytes, end: firstRow + rows }
}
