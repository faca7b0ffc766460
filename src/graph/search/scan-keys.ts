import type { Kernels } from '../kernels.ts'
import { putQuery } from '../put-query.ts'

/** An exact scan of rows of one memory, in numbers. Addresses are bytes. */
export interface ScanSearch {
  /** Its number in assembly/distance.ts. */
  readonly metric: number
  /** Floats of a row with its padding. */
  readonly stride: number
  readonly query: Float32Array
  /** Where the query may be put, and a heap of `limit` keys. */
  readonly queryAt: number
  readonly heap: number
  readonly limit: number
  /** Only the rows from the first of these up to the second, which is none of them. */
  readonly firstRow: number
  readonly rowLimit: number
  /** A bitset of the rows that may be hits, with a bit for each of the first `rowLimit`; 0: all. */
  readonly passing: number
  readonly chunks: readonly { readonly offset: number; readonly firstRow: number; readonly rows: number }[]
}

/** Keys of the best rows, best first: a copy. */
export function scanKeys(kernels: Kernels, memory: WebAssembly.Memory, search: ScanSearch): BigUint64Array {
  const { metric, stride, query, queryAt, heap, limit, firstRow, rowLimit, passing, chunks } = search
  putQuery(memory, queryAt, query, stride)
  let held = 0
  for (const chunk of chunks) {
    const first = Math.max(chunk.firstRow, firstRow)
    const count = Math.min(chunk.firstRow + chunk.rows, rowLimit) - first
    if (count <= 0) continue
    const rows = chunk.offset + (first - chunk.firstRow) * stride * 4
    const bits = passing === 0 ? 0 : passing + (first >>> 5) * 4
    held = kernels.scan(metric, rows, count, first, stride * 4, queryAt, bits, heap, held, limit)
  }
  kernels.sortHeap(heap, held)
  return new BigUint64Array(memory.buffer, heap, held).slice()
}
