import { idKindUuid } from '../../ids/point-id.ts'
import type { IdColumnImage } from '../id-column.ts'
import type { PayloadColumnImage } from '../payload-column.ts'
import { columnId, columnPayload, columnSeq, columnUuid } from './columns.ts'
import { pageRanges, type DataPage, type ParquetColumn } from './data-page.ts'
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
        onePart(end - start, seqBytes(written, start, end)),
      ),
      statistics: { nullCount: 0, bounds: boundsOfSeqs(written, range), isSigned: true },
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
  for (const page of pageRanges(range, () => rowBytes)) yield write(page)
}

function onePart(rowCount: number, ...parts: readonly Uint8Array[]): DataPage {
  return { rowCount, valueCount: rowCount, parts }
}

function numberPage({ words, kinds }: IdColumnImage, { start, end }: RowRange): DataPage {
  const present = presenceOf(kinds, start, end, false)
  const halves = new Uint32Array((end - start) * 2)
  let at = 0
  for (let row = start; row < end; row++) {
    if (present[row - start] === 0) continue
    halves[at++] = words[row * 4]!
    halves[at++] = words[row * 4 + 1]!
  }
  return onePart(end - start, presenceLevels(present), bytesOf(halves).subarray(0, at * 4))
}

const hexDigits = Buffer.from('0123456789abcdef')

function uuidPage({ words, kinds }: IdColumnImage, { start, end }: RowRange): DataPage {
  const present = presenceOf(kinds, start, end, true)
  const bytes = new Uint8Array((end - start) * uuidBytes)
  let at = 0
  for (let row = start; row < end; row++) {
    if (present[row - start] === 0) continue
    bytes[at] = uuidLength
    at += lengthBytes
    for (let digit = 0; digit < 32; digit++) {
      if (digit === 8 || digit === 12 || digit === 16 || digit === 20) bytes[at++] = 0x2d
      bytes[at++] = hexDigits[(words[row * 4 + (digit >>> 3)]! >>> (28 - 4 * (digit & 7))) & 15]!
    }
  }
  return onePart(end - start, presenceLevels(present), bytes.subarray(0, at))
}

function presenceOf(kinds: Uint8Array, start: number, end: number, isUuid: boolean): Uint8Array {
  const present = new Uint8Array(end - start)
  for (let row = start; row < end; row++) {
    if ((kinds[row] === idKindUuid) === isUuid) present[row - start] = 1
  }
  return present
}

function seqBytes(written: Float64Array, start: number, end: number): Uint8Array {
  const halves = new Uint32Array((end - start) * 2)
  for (let row = start; row < end; row++) putSeq(halves, (row - start) * 2, written[row]!)
  return bytesOf(halves)
}

function putSeq(halves: Uint32Array, at: number, seq: number): void {
  halves[at] = seq % 2 ** 32
  halves[at + 1] = seq / 2 ** 32
}

function boundsOfSeqs(written: Float64Array, { start, end }: RowRange): Bounds {
  let min = Infinity
  let max = 0
  for (let row = start; row < end; row++) {
    const seq = written[row]!
    if (seq < min) min = seq
    if (seq > max) max = seq
  }
  return exactBounds(seqBytes(Float64Array.of(min), 0, 1), seqBytes(Float64Array.of(max), 0, 1))
}

const emptyObject = Buffer.from('{}')
// Below this many bytes a loop is faster than a view of them.
const viewBytesMin = 64

function* payloadPages({ places, chunks }: PayloadColumnImage, range: RowRange): Generator<DataPage> {
  const lengthAt = (row: number): number => places[row * 3 + 2]! || emptyObject.length
  for (const { start, end } of pageRanges(range, (row) => lengthBytes + lengthAt(row))) {
    let total = 0
    for (let row = start; row < end; row++) total += lengthBytes + lengthAt(row)
    const bytes = new Uint8Array(total)
    let at = 0
    for (let row = start; row < end; row++) {
      const length = lengthAt(row)
      bytes[at] = length
      bytes[at + 1] = length >>> 8
      bytes[at + 2] = length >>> 16
      bytes[at + 3] = length >>> 24
      at += lengthBytes
      const isEmpty = places[row * 3 + 2] === 0
      const source = isEmpty ? emptyObject : chunks[places[row * 3]!]!
      const from = isEmpty ? 0 : places[row * 3 + 1]!
      if (length < viewBytesMin) for (let i = 0; i < length; i++) bytes[at + i] = source[from + i]!
      else bytes.set(source.subarray(from, from + length), at)
      at += length
    }
    yield onePart(end - start, bytes)
  }
}

function bytesOf(words: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer)
}
