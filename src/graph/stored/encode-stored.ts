import { encodeRun, type EncodeRun } from '../codes/code-column.ts'
import { elementNumbers, rowBytesOf } from '../codes/elements.ts'
import { checkPlannedRows, type ReadablePlan } from '../graph-reader.ts'
import { kernelsOf } from '../hnsw/hnsw-thread.ts'
import { rowSum } from './row-sum.ts'
import type { StoredColumn } from './stored-column.ts'

/** Rows of a file whose codes and sums are to be made, in any thread: all of it lies in shared memory. */
export interface EncodeJob {
  readonly memory: WebAssembly.Memory
  readonly plan: ReadablePlan
  /** As they lie in the file, whose checksum is right. */
  readonly rows: Uint8Array
  readonly firstRow: number
  /** Its `from` is where the rows may be put. */
  readonly run: EncodeRun
  /** The address of the sum of `firstRow`. */
  readonly sums: number
}

/** For `count` rows of a column from `firstRow` on, which may be put to `from`. */
export function encodeRunOf(column: StoredColumn, firstRow: number, count: number, from: number): EncodeRun {
  const [codes] = column.codes()
  return {
    elements: elementNumbers[column.elements],
    from,
    count,
    floatBytes: rowBytesOf('float32', column.dimensions),
    centre: column.centreAddress,
    to: codes!.region.offset + firstRow * column.codeBytes,
    rowBytes: column.codeBytes,
  }
}

/** @throws segment-corrupt if rows are not zero where they have no vector */
export function encodeStored({ memory, plan, rows, firstRow, run, sums }: EncodeJob): undefined {
  checkPlannedRows(plan, rows, firstRow)
  new Uint8Array(memory.buffer, run.from, rows.length).set(rows)
  encodeRun(kernelsOf(memory), run)
  const rowWords = run.floatBytes / 4
  const words = new Uint32Array(memory.buffer, run.from, run.count * rowWords)
  const target = new Uint32Array(memory.buffer, sums, run.count)
  for (let row = 0; row < run.count; row++) target[row] = rowSum(words, row * rowWords, rowWords)
}
