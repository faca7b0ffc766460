import type { Readable } from '../../read-runs.ts'

/** Rows of one size, one behind the other, as bytes from 0 to `count * rowBytes`. */
export interface RowFile extends Readable {
  /** For messages. */
  readonly name: string
  readonly count: number
  readonly rowBytes: number
  readonly rowsPerChunk: number
  /** Where a byte of the rows is, for messages. */
  place(offset: number): string
}
