import type { RowRun } from '../../graph/row-runs.ts'
import type { TypedField } from '../field-values.ts'
import type { RowSetImage } from '../row-set.ts'
import { fieldColumns } from './columns.ts'
import { pageHeader, type ParquetColumn } from './data-page.ts'
import { typedColumns } from './field-columns.ts'
import { fileEnd, type WrittenChunk, type WrittenGroup, type WrittenPage } from './file-end.ts'
import { magicText } from './footer.ts'
import { idColumn, payloadColumn, seqColumn, uuidColumn } from './row-columns.ts'
import { rowGroups, type RowRange } from './row-groups.ts'
import { vectorColumns } from './vector-columns.ts'

/** Of each dense column whose rows lie in the file as they do in memory, all of them, where they are. */
export type PlacedRows = ReadonlyMap<string, readonly RowRun[]>

/**
 * `rows.parquet` in parts, and what of it others may read. Most of it are views of the rows' shared memory, not copies; beside them there is a page in
 * memory at a time, and the declared fields of a row group. Equal rows give equal bytes.
 *
 * Values lie there as they are (PLAIN, uncompressed): the file is read whole at every start, and undoing Snappy in
 * JavaScript took longer than everything else together; vectors hardly shrink.
 */
export function* writeParquet(
  rows: RowSetImage,
  fields: Readonly<Record<string, TypedField>>,
): Generator<Uint8Array, PlacedRows> {
  const vectors = rows.vectors.map(({ name, column }) => ({ name, columns: vectorColumns(name, column) }))
  const before = [
    idColumn(rows.ids),
    uuidColumn(rows.ids),
    seqColumn(rows.written),
    payloadColumn(rows.payloads),
  ]
  const behind = typedColumns(rows.payloads, fieldColumns(fields))
  const columns = [...before, ...vectors.flatMap((vector) => vector.columns), ...behind]
  const groups = yield* columnsFile(columns, rowGroups(rows))
  const placed = new Map<string, readonly RowRun[]>()
  for (const {
    name,
    columns: [column],
  } of vectors) {
    const runs = runsOf(groups, columns.indexOf(column!))
    if (runs !== undefined) placed.set(name, runs)
  }
  return placed
}

/** Where the rows of a column are, if none of its pages is without a run of them. */
function runsOf(groups: readonly WrittenGroup[], column: number): readonly RowRun[] | undefined {
  const runs = groups.flatMap(({ chunks }) => chunks[column]!.pages.map(({ run }) => run))
  return runs.every((run) => run !== undefined) ? runs : undefined
}

/** A file of these columns, with these row groups. */
export function columnsFile(
  columns: readonly ParquetColumn[],
  groups: readonly RowRange[],
): Generator<Uint8Array, readonly WrittenGroup[]> {
  return joined(fileParts(columns, groups))
}

function* fileParts(
  columns: readonly ParquetColumn[],
  ranges: readonly RowRange[],
): Generator<Uint8Array, readonly WrittenGroup[]> {
  const magic = Buffer.from(magicText, 'latin1')
  yield magic
  let offset = magic.length
  const groups: WrittenGroup[] = []
  for (const range of ranges) {
    const chunks: WrittenChunk[] = []
    for (const column of columns) {
      const chunk = yield* chunkParts(column, range, offset)
      chunks.push(chunk)
      offset = chunk.pages.reduce((end, { bytes }) => end + bytes, offset)
    }
    groups.push({ rowCount: range.end - range.start, chunks })
  }
  yield* fileEnd(
    columns.map(({ path }) => path),
    groups,
    offset,
  )
  return groups
}

function* chunkParts(
  column: ParquetColumn,
  range: RowRange,
  start: number,
): Generator<Uint8Array, WrittenChunk> {
  const { pages, statistics } = column.chunk(range)
  const written: WrittenPage[] = []
  let offset = start
  let firstRow = 0
  let valueCount = 0
  for (const page of pages) {
    const bytes = byteLength(page.parts)
    const header = pageHeader(page.valueCount, bytes)
    yield header
    yield* page.parts
    const { rowCount, levelBytes } = page
    const run =
      levelBytes === undefined ? {} : { run: { offset: offset + header.length + levelBytes, rowCount } }
    written.push({ offset, bytes: header.length + bytes, firstRow, ...run })
    offset += header.length + bytes
    firstRow += rowCount
    valueCount += page.valueCount
  }
  return { valueCount, pages: written, statistics }
}

// What goes to the disk by itself: each part costs a message from thread to thread and a call of the system.
const aloneBytesMin = 64 * 1024

/** Small parts become one with those before and behind them. */
function* joined<T>(parts: Generator<Uint8Array, T>): Generator<Uint8Array, T> {
  let small: Uint8Array[] = []
  for (;;) {
    const { value: part, done } = parts.next()
    if (done === true) {
      if (small.length > 0) yield join(small)
      return part
    }
    const isSmall = part.byteLength < aloneBytesMin
    if (isSmall) small.push(part)
    if (small.length > 0 && (!isSmall || byteLength(small) >= aloneBytesMin)) {
      yield join(small)
      small = []
    }
    if (!isSmall) yield part
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(byteLength(parts))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

function byteLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0)
}
