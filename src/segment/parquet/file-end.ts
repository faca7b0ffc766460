import type { RowRun } from '../../graph/row-runs.ts'
import { formatKey, rowsFormatVersion } from './columns.ts'
import { encodingPlain, encodingRle } from './data-page.ts'
import { magicText, tailBytes } from './footer.ts'
import { leafOf, physicalTypes, writeSchema, type SchemaPath } from './schema.ts'
import { hasSizes, writeSizes, writeStatistics, type ChunkStatistics } from './statistics.ts'
import { ThriftWriter } from './thrift-writer.ts'

// What follows the row groups: of each column of each group where its pages lie (the offset index), the metadata, its
// length (u32), `PAR1`.

export interface WrittenPage {
  /** In the file, of its header. */
  readonly offset: number
  /** With its header. */
  readonly bytes: number
  /** In its group. */
  readonly firstRow: number
  /** Rows as they are in memory, if that is what the page holds. */
  readonly run?: RowRun
}

export interface WrittenChunk {
  /** One for each row, or for each element of its list. */
  readonly valueCount: number
  /** At least one. */
  readonly pages: readonly WrittenPage[]
  readonly statistics: ChunkStatistics | undefined
}

export interface WrittenGroup {
  readonly rowCount: number
  /** In the order of the columns. */
  readonly chunks: readonly WrittenChunk[]
}

const createdBy = 'stillpoint'
const fileVersion = 1
const uncompressed = 0
const dataPage = 0
const ordinalMax = 2 ** 15 - 1

/** @param offset in the file, at which this begins */
export function* fileEnd(
  columns: readonly SchemaPath[],
  groups: readonly WrittenGroup[],
  offset: number,
): Generator<Uint8Array> {
  const indexes = new Map<WrittenChunk, Place>()
  let end = offset
  for (const chunk of groups.flatMap(({ chunks }) => chunks)) {
    const index = offsetIndex(chunk)
    indexes.set(chunk, { offset: end, bytes: index.length })
    end += index.length
    yield index
  }
  const footer = ThriftWriter.struct((out) => writeFooter(out, columns, groups, indexes))
  yield footer
  const tail = Buffer.alloc(tailBytes)
  tail.writeUInt32LE(footer.length)
  tail.write(magicText, 4, 'latin1')
  yield tail
}

interface Place {
  readonly offset: number
  readonly bytes: number
}

function offsetIndex({ pages }: WrittenChunk): Uint8Array<ArrayBuffer> {
  return ThriftWriter.struct((out) =>
    out.structs(1, pages, ({ offset, bytes, firstRow }) => {
      out.i64(1, offset)
      out.i32(2, bytes)
      out.i64(3, firstRow)
    }),
  )
}

function writeFooter(
  out: ThriftWriter,
  columns: readonly SchemaPath[],
  groups: readonly WrittenGroup[],
  indexes: ReadonlyMap<WrittenChunk, Place>,
): void {
  out.i32(1, fileVersion)
  writeSchema(out, 2, columns)
  out.i64(
    3,
    groups.reduce((sum, { rowCount }) => sum + rowCount, 0),
  )
  out.structs(4, groups, ({ rowCount, chunks }, ordinal) => {
    const bytes = chunks.reduce((sum, chunk) => sum + chunkBytes(chunk), 0)
    out.structs(1, chunks, (chunk, at) => writeChunk(out, columns[at]!, chunk, indexes.get(chunk)!))
    out.i64(2, bytes)
    out.i64(3, rowCount)
    out.i64(5, chunks[0]!.pages[0]!.offset)
    out.i64(6, bytes)
    if (ordinal <= ordinalMax) out.i16(7, ordinal)
  })
  out.structs(5, [undefined], () => {
    out.binary(1, formatKey)
    out.binary(2, String(rowsFormatVersion))
  })
  out.binary(6, createdBy)
  // Bounds are ordered as the types of their columns say.
  out.structs(7, columns, () => out.struct(1, () => undefined))
}

function writeChunk(out: ThriftWriter, path: SchemaPath, chunk: WrittenChunk, index: Place): void {
  out.i64(2, 0)
  out.struct(3, () => {
    out.i32(1, physicalTypes[leafOf(path).type])
    out.ints(2, 'i32', [encodingPlain, encodingRle])
    out.texts(
      3,
      path.map(({ name }) => name),
    )
    out.i32(4, uncompressed)
    out.i64(5, chunk.valueCount)
    out.i64(6, chunkBytes(chunk))
    out.i64(7, chunkBytes(chunk))
    out.i64(9, chunk.pages[0]!.offset)
    const { statistics } = chunk
    if (statistics !== undefined) out.struct(12, () => writeStatistics(out, statistics))
    out.structs(13, [chunk.pages.length], (count) => {
      out.i32(1, dataPage)
      out.i32(2, encodingPlain)
      out.i32(3, count)
    })
    if (statistics !== undefined && hasSizes(statistics)) out.struct(16, () => writeSizes(out, statistics))
  })
  out.i64(4, index.offset)
  out.i32(5, index.bytes)
}

function chunkBytes({ pages }: WrittenChunk): number {
  return pages.reduce((sum, { bytes }) => sum + bytes, 0)
}
