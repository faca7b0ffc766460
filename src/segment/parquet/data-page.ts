import { assert } from '../../runtime/assert.ts'
import type { RowRange } from './row-groups.ts'
import type { SchemaPath } from './schema.ts'
import type { ChunkStatistics } from './statistics.ts'
import { ThriftWriter } from './thrift-writer.ts'

/** A page has whole rows, as many as fit; a row that is larger has one of its own. Other readers hold a page in memory. */
const pageBytesMax = 2 ** 20
const pageBytesLimit = 2 ** 31 - 1

export const encodingPlain = 0
export const encodingRle = 3
const dataPage = 0

/** Some rows of a column. */
export interface DataPage {
  readonly rowCount: number
  /** Levels: one for each row, or for each element of its list. */
  readonly valueCount: number
  /** Levels and values as they lie in the file, with buffers of their own or in shared memory. */
  readonly parts: readonly Uint8Array[]
  /** Of the levels, where each row has a vector: what follows are rows as they are in memory. */
  readonly levelBytes?: number
}

/** The rows of a row group in one column. */
export interface ColumnChunk {
  /** At least one. */
  readonly pages: Iterable<DataPage>
  readonly statistics?: ChunkStatistics
}

/** A column of rows.parquet. */
export interface ParquetColumn {
  readonly path: SchemaPath
  /** Of at least one row. */
  chunk(range: RowRange): ColumnChunk
}

/** Consecutive ranges that each fit a page, of rows that are equally long. */
export function* equalPages({ start, end }: RowRange, rowBytes: number): Generator<RowRange> {
  const rows = Math.max(1, Math.floor(pageBytesMax / rowBytes))
  for (let first = start; first < end; first += rows) yield { start: first, end: Math.min(first + rows, end) }
}

/** The same, if `bytesOf` says how many bytes a row has. */
export function* pageRanges({ start, end }: RowRange, bytesOf: (row: number) => number): Generator<RowRange> {
  for (let first = start; first < end;) {
    const next = pageEnd(first, end, bytesOf)
    yield { start: first, end: next }
    first = next
  }
}

/** At least one row. */
function pageEnd(start: number, end: number, bytesOf: (row: number) => number): number {
  let bytes = 0
  for (let row = start; row < end; row++) {
    bytes += bytesOf(row)
    if (row > start && bytes > pageBytesMax) return row
  }
  return end
}

/** What stands before the bytes of a page. */
export function pageHeader(valueCount: number, bytes: number): Uint8Array<ArrayBuffer> {
  assert(bytes <= pageBytesLimit, 'a page is smaller than 2 GiB')
  return ThriftWriter.struct((out) => {
    out.i32(1, dataPage)
    out.i32(2, bytes)
    out.i32(3, bytes)
    out.struct(5, () => {
      out.i32(1, valueCount)
      out.i32(2, encodingPlain)
      out.i32(3, encodingRle)
      out.i32(4, encodingRle)
    })
  })
}
