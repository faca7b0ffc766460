import { alignedBytes } from '../exact-scan.ts'
import type { RowRun } from '../row-runs.ts'

/** Bytes of a table of so many runs. */
export function runTableBytes(runCount: number): number {
  return alignedBytes(runCount * 12)
}

/**
 * Where runs of rows lie in a file, in shared memory: of each the offset (float64), and behind all of these of each its first row
 * (uint32).
 */
export class RunTable {
  readonly #offsets: Float64Array
  readonly #firstRows: Uint32Array

  /** @param address a multiple of 8 */
  constructor(memory: WebAssembly.Memory, address: number, runCount: number) {
    this.#offsets = new Float64Array(memory.buffer, address, runCount)
    this.#firstRows = new Uint32Array(memory.buffer, address + runCount * 8, runCount)
  }

  fill(runs: readonly RowRun[]): void {
    let row = 0
    for (const [index, { offset, rowCount }] of runs.entries()) {
      this.#offsets[index] = offset
      this.#firstRows[index] = row
      row += rowCount
    }
  }

  /** Offsets of rows, each of which is in a run. Rows that follow each other are found at once. */
  placesOf(rows: Uint32Array, rowBytes: number): Float64Array {
    const places = new Float64Array(rows.length)
    let run = 0
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!
      if (!this.#isIn(run, row)) run = this.#find(row)
      places[at] = this.#offsets[run]! + (row - this.#firstRows[run]!) * rowBytes
    }
    return places
  }

  #isIn(run: number, row: number): boolean {
    const next = this.#firstRows[run + 1]
    return row >= this.#firstRows[run]! && (next === undefined || row < next)
  }

  /** The last one that does not begin behind the row. */
  #find(row: number): number {
    let [from, to] = [0, this.#firstRows.length - 1]
    while (from < to) {
      const middle = (from + to + 1) >>> 1
      if (this.#firstRows[middle]! <= row) from = middle
      else to = middle - 1
    }
    return from
  }
}
