import { type Table as ArrowTable, tableFromIPC, tableToIPC } from 'apache-arrow'
import {
  Compression,
  EnabledStatistics,
  readParquet,
  Table,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm'

/** What the library makes of a table, written as our own files are. @param measured columns with statistics */
export function libraryParquet(table: ArrowTable, measured: readonly string[]): Buffer {
  let builder = new WriterPropertiesBuilder()
    .setCreatedBy('stillpoint')
    .setKeyValueMetadata(new Map([['stillpoint.rows', '1']]))
    .setCompression(Compression.UNCOMPRESSED)
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(EnabledStatistics.None)
  for (const column of measured) builder = builder.setColumnStatisticsEnabled(column, EnabledStatistics.Chunk)
  return Buffer.from(writeParquet(Table.fromIPCStream(tableToIPC(table, 'stream')), builder.build()))
}

/** The table that the library reads from a file. */
export function readByLibrary(file: Uint8Array): ArrowTable {
  return tableFromIPC(readParquet(file).intoIPCStream())
}
