import type { JsonValue } from '../../encoding/json.ts'
import { fieldValue, payloadObject, type FieldStorage, type FieldValue } from '../field-values.ts'
import type { PayloadColumnImage } from '../payload-column.ts'
import type { FieldColumn } from './columns.ts'
import { pageRanges, type ColumnChunk, type DataPage, type ParquetColumn } from './data-page.ts'
import { presenceLevels } from './levels.ts'
import type { RowRange } from './row-groups.ts'
import { flatColumn, type LeafType, type SchemaPath } from './schema.ts'
import {
  boundsOfBooleans,
  boundsOfDoubles,
  boundsOfInt64,
  boundsOfTexts,
  type ChunkStatistics,
} from './statistics.ts'

const leafTypes = {
  text: { type: 'bytes', meaning: 'utf8' },
  int64: { type: 'int64' },
  double: { type: 'double' },
  bool: { type: 'bool' },
  timestamp: { type: 'int64', meaning: 'timestamp' },
} as const satisfies Record<FieldStorage, LeafType>

export function typedPath(name: string, storage: FieldStorage): SchemaPath {
  return flatColumn(name, 'optional', leafTypes[storage])
}

/** Columns of typed values. Payloads are parsed once for all of them, a row group at a time. */
export function typedColumns(
  payloads: PayloadColumnImage,
  fields: readonly FieldColumn[],
): readonly ParquetColumn[] {
  let parsed: { readonly start: number; readonly objects: readonly (JsonValue | undefined)[] } | undefined
  const objectsOf = (range: RowRange): readonly (JsonValue | undefined)[] => {
    if (parsed?.start !== range.start)
      parsed = { start: range.start, objects: payloadObjects(payloads, range) }
    return parsed.objects
  }
  return fields.map(({ name, keys, type, storage }) => ({
    path: typedPath(name, storage),
    chunk: (range) =>
      fieldChunk(
        objectsOf(range).map((object) => fieldValue(object, keys, type)),
        storage,
      ),
  }))
}

function payloadObjects(
  { places, chunks }: PayloadColumnImage,
  { start, end }: RowRange,
): (JsonValue | undefined)[] {
  const objects: (JsonValue | undefined)[] = []
  for (let row = start; row < end; row++) {
    const [chunk, offset, length] = [places[row * 3]!, places[row * 3 + 1]!, places[row * 3 + 2]!]
    objects.push(length === 0 ? undefined : payloadObject(chunks[chunk]!.subarray(offset, offset + length)))
  }
  return objects
}

type Values = readonly (FieldValue | null)[]

/** The column of these values, one for each row. */
export function fieldChunk(values: Values, storage: FieldStorage): ColumnChunk {
  const present = values.filter((value) => value !== null)
  const counts = { nullCount: values.length - present.length, presentCount: present.length }
  switch (storage) {
    case 'text':
      return textChunk(values as readonly (string | null)[], counts)
    case 'int64':
    case 'timestamp': {
      const numbers = BigInt64Array.from(present as readonly bigint[])
      return onePage(values, numbers, { ...counts, bounds: boundsOfInt64(numbers), isSigned: true })
    }
    case 'double': {
      const numbers = Float64Array.from(present as readonly number[])
      return onePage(values, numbers, { ...counts, bounds: boundsOfDoubles(numbers), isSigned: true })
    }
    case 'bool': {
      const bits = new Uint8Array((present.length + 7) >>> 3)
      present.forEach((value, at) => (bits[at >>> 3]! |= value === true ? 1 << (at & 7) : 0))
      const bounds = boundsOfBooleans(present as readonly boolean[])
      return onePage(values, bits, { ...counts, bounds, isSigned: false })
    }
  }
}

/** A row group has not so many rows that numbers would fill more than one. */
function onePage(values: Values, encoded: ArrayBufferView, statistics: ChunkStatistics): ColumnChunk {
  const bytes = new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  return { pages: [page(values, bytes)], statistics }
}

function textChunk(
  values: readonly (string | null)[],
  counts: { readonly nullCount: number; readonly presentCount: number },
): ColumnChunk {
  const texts = values.map((value) => (value === null ? undefined : Buffer.from(value)))
  const present = texts.filter((text) => text !== undefined)
  const textBytes = present.reduce((sum, text) => sum + text.length, 0)
  const statistics = { ...counts, bounds: boundsOfTexts(present), isSigned: false, textBytes }
  return { pages: textPages(values, texts), statistics }
}

function* textPages(values: Values, texts: readonly (Buffer | undefined)[]): Generator<DataPage> {
  const bytesOf = (row: number): number => (texts[row] === undefined ? 0 : 4 + texts[row].length)
  for (const { start, end } of pageRanges({ start: 0, end: values.length }, bytesOf)) {
    let total = 0
    for (let row = start; row < end; row++) total += bytesOf(row)
    const bytes = Buffer.alloc(total)
    let at = 0
    for (let row = start; row < end; row++) {
      const text = texts[row]
      if (text === undefined) continue
      at = bytes.writeUInt32LE(text.length, at)
      bytes.set(text, at)
      at += text.length
    }
    yield page(values.slice(start, end), bytes)
  }
}

function page(values: Values, encoded: Uint8Array): DataPage {
  const levels = presenceLevels(Uint8Array.from(values, (value) => (value === null ? 0 : 1)))
  return { rowCount: values.length, valueCount: values.length, parts: [levels, encoded] }
}
