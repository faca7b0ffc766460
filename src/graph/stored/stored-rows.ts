import { readAtOnce } from '../../storage/read-at-once.ts'
import { alignedBytes } from '../exact-scan.ts'
import type { Kernels } from '../kernels.ts'
import { putQuery } from '../put-query.ts'
import { rowSum } from './row-sum.ts'
import { RunTable } from './run-table.ts'

/** Rows of float32 in an open file, in numbers: all that a thread needs to know. */
export interface StoredRows {
  readonly descriptor: number
  /** The address of a table of the runs that rows lie in (run-table.ts), in the memory that they are read to. */
  readonly table: number
  readonly runCount: number
  /** Of a row with its padding. */
  readonly rowBytes: number
  /** The address of a sum for each row (row-sum.ts), in the memory that rows are read to. */
  readonly sums: number
}

/** The best of some rows, in numbers. Addresses are bytes. */
export interface StoredSearch {
  readonly stored: StoredRows
  /** Its number in assembly/distance.ts. */
  readonly metric: number
  readonly query: Float32Array
  /** Ascending, each with a vector. */
  readonly rows: Uint32Array
  readonly limit: number
  /** Where a search may write: `searchBytes` of it. */
  readonly scratch: number
}

/** Rows are read in runs: what lies between two rows is read as well if it is not more. A system call takes as long. */
const gapBytesMax = 8_192
/** Parts of a run: no system takes fewer. */
const partsMax = 64
/** Of rows that are read before they are compared; a longer row by itself. */
const batchBytes = 2 ** 18

const trash = new Uint8Array(gapBytesMax)

/** A row that is not what it was when its file was checked. */
export class ChangedRow extends Error {
  readonly row: number

  constructor(row: number, why: string) {
    super(why)
    this.row = row
  }
}

/** Rows of one batch. */
export function batchRowsOf(rowBytes: number): number {
  return Math.max(1, Math.floor(batchBytes / rowBytes))
}

/** What a search needs at `scratch`: a heap, the query, and a batch of rows. */
export function searchBytes(rowBytes: number, limit: number): number {
  return alignedBytes(limit * 8) + rowBytes * (1 + batchRowsOf(rowBytes))
}

/**
 * Keys of the best of the rows, best first: the bits of an exact scan of rows in memory. @throws ChangedRow, what the system
 * says
 */
export function storedKeys(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  search: StoredSearch,
): BigUint64Array {
  const { stored, metric, query, rows, scratch, limit } = search
  const { rowBytes } = stored
  const queryAt = scratch + alignedBytes(limit * 8)
  const rowsAt = queryAt + rowBytes
  putQuery(memory, queryAt, query, rowBytes / 4)
  const batch = batchRowsOf(rowBytes)
  let held = 0
  for (let first = 0; first < rows.length; first += batch) {
    const some = rows.subarray(first, first + batch)
    readRows(memory, stored, some, rowsAt)
    // A row's number is its place in the list, which ascends: so equal scores come in the order of rows.
    held = kernels.scan(metric, rowsAt, some.length, first, rowBytes, queryAt, 0, scratch, held, limit)
  }
  kernels.sortHeap(scratch, held)
  const keys = new BigUint64Array(memory.buffer, scratch, held).slice()
  const words = new Uint32Array(keys.buffer)
  for (let at = 0; at < words.length; at += 2) words[at] = rows[words[at]!]!
  return keys
}

/** Reads rows, which ascend, one behind the other to an address. @throws ChangedRow, what the system says */
export function readRows(
  memory: WebAssembly.Memory,
  { descriptor, table, runCount, rowBytes, sums }: StoredRows,
  rows: Uint32Array,
  address: number,
): void {
  const bytes = new Uint8Array(memory.buffer, address, rows.length * rowBytes)
  const places = new RunTable(memory, table, runCount).placesOf(rows, rowBytes)
  for (let start = 0; start < rows.length;) {
    const { end, parts, length } = readFrom(places, start, rowBytes, bytes)
    if (readAtOnce(descriptor, places[start]!, parts) !== length)
      throw new ChangedRow(rows[start]!, 'it ends before its rows do')
    start = end
  }
  checkSums(memory, rows, { address, sums, rowWords: rowBytes / 4 })
}

function checkSums(
  memory: WebAssembly.Memory,
  rows: Uint32Array,
  { address, sums, rowWords }: { readonly address: number; readonly sums: number; readonly rowWords: number },
): void {
  const words = new Uint32Array(memory.buffer, address, rows.length * rowWords)
  const expected = new Uint32Array(memory.buffer, sums, rows.length === 0 ? 0 : rows.at(-1)! + 1)
  for (let at = 0; at < rows.length; at++) {
    if (rowSum(words, at * rowWords, rowWords) !== expected[rows[at]!])
      throw new ChangedRow(rows[at]!, `row ${rows[at]!} is not what it was when the file was opened`)
  }
}

/** The rows from the `start`-th on that one call reads, and where to. */
function readFrom(
  places: Float64Array,
  start: number,
  rowBytes: number,
  bytes: Uint8Array,
): { readonly end: number; readonly parts: Uint8Array[]; readonly length: number } {
  const parts: Uint8Array[] = []
  let [end, partStart, length] = [start + 1, start, rowBytes]
  for (; end < places.length && parts.length < partsMax; end++) {
    const gap = places[end]! - places[end - 1]! - rowBytes
    if (gap < 0 || gap > gapBytesMax) break
    length += gap + rowBytes
    if (gap === 0) continue
    parts.push(bytes.subarray(partStart * rowBytes, end * rowBytes), trash.subarray(0, gap))
    partStart = end
  }
  parts.push(bytes.subarray(partStart * rowBytes, end * rowBytes))
  return { end, parts, length }
}
