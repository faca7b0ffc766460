import { idKindNumber, idKindUuid } from '../../ids/point-id.ts'
import type { IdColumnImage } from '../id-column.ts'
import type { PayloadColumnImage } from '../payload-column.ts'
import { columnId, columnPayload, columnSeq, columnUuid } from './columns.ts'
import { equalPages, pageRanges, type DataPage, type ParquetColumn } from './data-page.ts'
import { presenceLevels } from './levels.ts'
import type { RowRange } from './row-groups.ts'
import { flatColumn } from './schema.ts'
import { exactBounds, type Bounds } from './statistics.ts'

// The columns that every segment has. Numbers of 64 bits are written as two words: an object for each of them took longer
// than everything else.

export function idColumn(ids: IdColumnImage): ParquetColumn {
  return {
    path: flatColumn(columnId, 'optional', { type: 'int64', meaning: 'uint64' }),
    chunk: (range) => ({ pages: pagesOf(range, wordBytes, (page) => numberPage(ids, page)) }),
  }
}

export function uuidColumn(ids: IdColumnImage): ParquetColumn {
  return {
    path: flatColumn(columnUuid, 'optional', { type: 'bytes', meaning: 'utf8' }),
    chunk: (range) => ({ pages: pagesOf(range, uuidBytes, (page) => uuidPage(ids, page)) }),
  }
}

export function seqColumn(written: Float64Array): ParquetColumn {
  return {
    path: flatColumn(columnSeq, 'required', { type: 'int64' }),
    chunk: (range) => ({
      pages: pagesOf(range, wordBytes, ({ start, end }) =>
        onePart(end - start, seqBytes(written.subarray(start, end))),
      ),
      statistics: {
        nullCount: 0,
        bounds: boundsOfSeqs(written.subarray(range.start, range.end)),
        isSigned: true,
      },
    }),
  }
}

export function payloadColumn(payloads: PayloadColumnImage): ParquetColumn {
  return {
    path: flatColumn(columnPayload, 'required', { type: 'bytes', meaning: 'utf8' }),
    chunk: (range) => ({ pages: payloadPages(payloads, range) }),
  }
}

const wordBytes = 8
const lengthBytes = 4
const uuidLength = 36
const uuidBytes = lengthBytes + uuidLength

function* pagesOf(
  range: RowRange,
  rowBytes: number,
  write: (page: RowRange) => DataPage,
): Generator<DataPage> {
  for (const page of equalPages(range, rowBytes)) yield write(page)
}

function onePart(rowCount: number, ...parts: readonly Uint8Array[]): DataPage {
  return { rowCount, valueCount: rowCount, parts }
}

function numberPage({ words, kinds }: IdColumnImage, { start, end }: RowRange): DataPage {
  const halves = new Uint32Array((end - start) * 2)
  const used = putNumbers(words, kinds, start, end, halves)
  const levels = presenceLevels(kinds.subarray(start, end), idKindUuid)
  return onePart(end - start, levels, bytesOf(halves).subarray(0, used * 4))
}

function putNumbers(
  words: Uint32Array,
  kinds: Uint8Array,
  start: number,
  end: number,
  halves: Uint32Array,
): number {
  let at = 0
  for (let row = start; row < end; row++) {
    if (kinds[row] === idKindUuid) continue
    halves[at] = words[row * 4]!
    halves[at + 1] = words[row * 4 + 1]!
    at += 2
  }
  return at
}

const hexDigits = Buffer.from('0123456789abcdef')

function uuidPage({ words, kinds }: IdColumnImage, { start, end }: RowRange): DataPage {
  const levels = presenceLevels(kinds.subarray(start, end), idKindNumber)
  const bytes = new Uint8Array(countUuids(kinds, start, end) * uuidBytes)
  let at = 0
  for (
    let row = kinds.indexOf(idKindUuid, start);
    row >= 0 && row < end;
    row = kinds.indexOf(idKindUuid, row + 1)
  ) {
    putUuid(words, row, bytes, at)
    at += uuidBytes
  }
  return onePart(end - start, levels, bytes)
}

function countUuids(kinds: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let row = start; row < end; row++) count += kinds[row]!
  return count
}

function putUuid(words: Uint32Array, row: number, bytes: Uint8Array, start: number): void {
  bytes[start] = uuidLength
  let at = start + lengthBytes
  for (let digit = 0; digit < 32; digit++) {
    if (digit === 8 || digit === 12 || digit === 16 || digit === 20) bytes[at++] = 0x2d
    bytes[at++] = hexDigits[(words[row * 4 + (digit >>> 3)]! >>> (28 - 4 * (digit & 7))) & 15]!
  }
}

function seqBytes(seqs: Float64Array): Uint8Array {
  const halves = new Uint32Array(seqs.length * 2)
  for (let i = 0; i < seqs.length; i++) {
    halves[i * 2] = seqs[i]! % 2 ** 32
    halves[i * 2 + 1] = seqs[i]! / 2 ** 32
  }
  return bytesOf(halves)
}

function boundsOfSeqs(seqs: Float64Array): Bounds {
  return exactBounds(seqBytes(Float64Array.of(lowest(seqs))), seqBytes(Float64Array.of(highest(seqs))))
}

function lowest(seqs: Float64Array): number {
  let min = seqs[0]!
  for (const seq of seqs) if (seq < min) min = seq
  return min
}

function highest(seqs: Float64Array): number {
  let max = seqs[0]!
  for (const seq of seqs) if (seq > max) max = seq
  return max
}

const emptyObject = Buffer.from('{}')
// Below this many bytes a loop is faster than a view of them.
const viewBytesMin = 64

function* payloadPages(payloads: PayloadColumnImage, range: RowRange): Generator<DataPage> {
  const { places } = payloads
  const bytesAt = (row: number): number => lengthBytes + (places[row * 3 + 2]! || emptyObject.length)
  for (const { start, end } of pageRanges(range, bytesAt)) {
    let bytes = 0
    for (let row = start; row < end; row++) bytes += bytesAt(row)
    const page = new Uint8Array(bytes)
    putPayloads(payloads, start, end, page)
    yield onePart(end - start, page)
  }
}

function putPayloads(
  { places, chunks }: PayloadColumnImage,
  start: number,
  end: number,
  page: Uint8Array,
): void {
  let at = 0
  for (let row = start; row < end; row++) {
    const length = places[row * 3 + 2]!
    at =
      length === 0
        ? putText(page, at, emptyObject, 0, emptyObject.length)
        : putText(page, at, chunks[places[row * 3]!]!, places[row * 3 + 1]!, length)
  }
}

function putText(page: Uint8Array, at: number, source: Uint8Array, from: number, length: number): number {
  page[at] = length
  page[at + 1] = length >>> 8
  page[at + 2] = length >>> 16
  page[at + 3] = length >>> 24
  const start = at + lengthBytes
  if (length < viewBytesMin) for (let i = 0; i < length; i++) page[start + i] = source[from + i]!
  else page.set(source.subarray(from, from + length), start)
  return start + length
}

function bytesOf(words: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer)
}
