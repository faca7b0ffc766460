import { Table as ArrowTable, tableToIPC } from 'apache-arrow'
import {
  Compression,
  EnabledStatistics,
  Table,
  transformParquetStream,
  WriterPropertiesBuilder,
  type RecordBatch,
  type WriterProperties,
} from 'parquet-wasm'
import type { TypedField } from '../field-values.ts'
import type { RowSetImage } from '../row-set.ts'
import { columnSeq, fieldColumns, formatKey, rowsFormatVersion, type FieldColumn } from './columns.ts'
import { arrowSchema, recordBatch, type RowRange } from './record-batches.ts'

// One row group is in memory at a time, in Arrow's form and in Parquet's: what writing costs in memory does not depend
// on the number of rows.
const groupRowsMax = 50_000
const groupBytesMax = 16 * 2 ** 20

/**
 * `rows.parquet` in parts, one for each row group and one for the end. Equal rows give equal bytes.
 *
 * Values lie there as they are (PLAIN, uncompressed): the file is read whole at every start, and undoing Snappy in
 * JavaScript took longer than everything else together; vectors hardly shrink.
 */
export async function* writeParquet(
  rows: RowSetImage,
  fields: Readonly<Record<string, TypedField>>,
): AsyncGenerator<Uint8Array> {
  const columns = fieldColumns(fields)
  const batches = wasmBatches(rows, columns)
  const source = new ReadableStream<RecordBatch>(
    {
      pull(controller) {
        const next = batches.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
    },
    { highWaterMark: 0 },
  )
  try {
    yield* (await transformParquetStream(source, properties(columns))) as AsyncIterable<Uint8Array>
  } finally {
    // If the reader stops half way, the library's memory is freed all the same.
    batches.return(undefined)
  }
}

function properties(fields: readonly FieldColumn[]): WriterProperties {
  let builder = new WriterPropertiesBuilder()
    .setCreatedBy('stillpoint')
    .setKeyValueMetadata(new Map([[formatKey, String(rowsFormatVersion)]]))
    .setCompression(Compression.UNCOMPRESSED)
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(EnabledStatistics.None)
    .setMaxRowGroupSize(groupRowsMax)
    .setMaxRowGroupBytes(groupBytesMax)
  for (const column of [columnSeq, ...fields.map(({ name }) => name)]) {
    builder = builder.setColumnStatisticsEnabled(column, EnabledStatistics.Chunk)
  }
  return builder.build()
}

function* wasmBatches(rows: RowSetImage, fields: readonly FieldColumn[]): Generator<RecordBatch> {
  const schema = arrowSchema(rows, fields)
  for (const range of batchRanges(rows)) {
    const batch = recordBatch(schema, rows, fields, range)
    const table = Table.fromIPCStream(tableToIPC(new ArrowTable([batch]), 'stream'))
    try {
      yield* table.recordBatches()
    } finally {
      table.free()
    }
  }
}

/** Consecutive ranges that each fit a row group; one empty range if there are no rows, for the schema's sake. */
export function batchRanges(rows: RowSetImage): RowRange[] {
  const dense = rows.vectors.reduce(
    (sum, { column }) => sum + ('kind' in column ? 0 : column.dimensions * 4),
    0,
  )
  const packed = rows.vectors.flatMap(({ column }) => ('kind' in column ? [column.rows.places] : []))
  const ranges: RowRange[] = []
  let start = 0
  let bytes = 0
  for (let row = 0; row < rows.rowCount; row++) {
    let rowBytes = 32 + dense + rows.payloads.places[row * 3 + 2]!
    for (const places of packed) rowBytes += places[row * 3 + 2]!
    if (row > start && (row - start === groupRowsMax || bytes + rowBytes > groupBytesMax)) {
      ranges.push({ start, end: row })
      start = row
      bytes = 0
    }
    bytes += rowBytes
  }
  ranges.push({ start, end: rows.rowCount })
  return ranges
}
