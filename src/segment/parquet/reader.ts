import { asBuffer } from '../../encoding/binary.ts'
import type { SequenceNumber } from '../../ids/brands.ts'
import { idKindNumber, idKindUuid } from '../../ids/point-id.ts'
import { sharedBytes } from '../shared-array.ts'
import { columnId, columnPayload, columnSeq, columnUuid } from './columns.ts'
import {
  physicalByteArray,
  physicalInt64,
  type ColumnChunk,
  type RowsLayout,
  type WantedColumn,
} from './footer.ts'
import { pagesOf, type Page } from './pages.ts'

// Our own reader, for the four columns that our own writer writes (PLAIN, uncompressed, no dictionary):
//   - a damaged or hostile file is an error, never an endless loop or an allocation without bounds;
//   - no object is made per row: five times as fast as a general reader;
//   - groups are decoded apart from each other, each into its own part of the columns, in any thread.

export const wantedColumns: readonly WantedColumn[] = [
  { name: columnId, physicalType: physicalInt64 },
  { name: columnUuid, physicalType: physicalByteArray },
  { name: columnSeq, physicalType: physicalInt64 },
  { name: columnPayload, physicalType: physicalByteArray },
]

const gapBytesMax = 4 * 1024

/** The bytes of one row group's wanted columns. */
interface GroupBytes {
  readonly rowCount: number
  readonly id: Uint8Array
  readonly uuid: Uint8Array
  readonly seq: Uint8Array
  readonly payload: Uint8Array
}

/** Where rows go: columns of the whole segment. */
export interface GroupColumns {
  /** Four words per row. */
  readonly words: Uint32Array
  /** All zero. */
  readonly kinds: Uint8Array
  readonly written: Float64Array
  /** Chunk, offset and length of each payload. */
  readonly places: Uint32Array
}

/** The part of the columns that is a group's. */
interface GroupTarget extends GroupColumns {
  /** The number that the chunk of the group's payloads will have. */
  readonly chunk: number
}

/** The chunk of the payloads of the group `index`. */
export interface DecodedGroup {
  readonly index: number
  readonly payloads: Uint8Array<SharedArrayBuffer>
}

/** A row group, and the stretch of the file that holds its wanted columns. */
export interface PlannedGroup {
  readonly index: number
  readonly rowCount: number
  readonly firstRow: number
  readonly start: number
  readonly end: number
  /** Of the wanted columns, in their order, counted from `start`. */
  readonly places: readonly { readonly offset: number; readonly bytes: number }[]
}

/** What is to be read, group by group. @throws Error if columns overlap, or cannot hold their rows */
export function planRead(layout: RowsLayout): PlannedGroup[] {
  checkApart(layout.groups.flatMap(({ columns }) => [...columns.values()]))
  let firstRow = 0
  return layout.groups.map(({ rowCount, columns }, index) => {
    const places = wantedColumns.map(({ name }) => columns.get(name)!)
    const start = Math.min(...places.map(({ offset }) => offset))
    const end = Math.max(...places.map(({ offset, bytes }) => offset + bytes))
    // A number takes eight bytes: what the group claims to hold is bounded by what there is.
    if (columns.get(columnSeq)!.bytes < rowCount * 8) throw new Error('a row group has more rows than values')
    const wantedBytes = places.reduce((sum, { bytes }) => sum + bytes, 0)
    // They are read in one piece: what lies between them must not make that large.
    if (end - start > wantedBytes + gapBytesMax) throw new Error('the columns of a row group lie apart')
    firstRow += rowCount
    return {
      index,
      rowCount,
      firstRow: firstRow - rowCount,
      start,
      end,
      places: places.map(({ offset, bytes }) => ({ offset: offset - start, bytes })),
    }
  })
}

function checkApart(columns: readonly ColumnChunk[]): void {
  const sorted = columns.toSorted((a, b) => a.offset - b.offset)
  for (let i = 1; i < sorted.length; i++) {
    const before = sorted[i - 1]!
    if (before.offset + before.bytes > sorted[i]!.offset) throw new Error('two columns overlap')
  }
}

export interface SeqRange {
  readonly minSeq: SequenceNumber
  readonly maxSeq: SequenceNumber
}

/**
 * Fills the group's part of the columns and gives the chunk with its payloads. @param bytes from the group's `start` to its `end`
 * @throws Error for what is wrong
 */
export function decodeGroup(
  { index, firstRow, rowCount, places }: PlannedGroup,
  bytes: Uint8Array,
  columns: GroupColumns,
  seqs: SeqRange,
): Uint8Array<SharedArrayBuffer> {
  const end = firstRow + rowCount
  const target = {
    words: columns.words.subarray(firstRow * 4, end * 4),
    kinds: columns.kinds.subarray(firstRow, end),
    written: columns.written.subarray(firstRow, end),
    places: columns.places.subarray(firstRow * 3, end * 3),
    chunk: index,
  }
  const [id, uuid, seq, payload] = places.map(({ offset, bytes: length }) =>
    bytes.subarray(offset, offset + length),
  )
  const group = { rowCount, id: id!, uuid: uuid!, seq: seq!, payload: payload! }
  decodeSeqs(group, seqs, target.written)
  decodeIds(group, target)
  return decodePayloads(group, target)
}

function decodeSeqs({ seq, rowCount }: GroupBytes, { minSeq, maxSeq }: SeqRange, out: Float64Array): void {
  const chunk = asBuffer(seq)
  const view = viewOf(seq)
  for (const page of pagesOf(chunk, rowCount, false)) {
    if (page.end - page.start !== page.rowCount * 8) throw new Error('a page of seq has a wrong length')
    for (let i = 0; i < page.rowCount; i++) {
      const at = page.start + i * 8
      const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
      if (value < minSeq || value > maxSeq) {
        throw new Error(`a row was written by record ${value}, its manifest says ${minSeq} to ${maxSeq}`)
      }
      out[page.firstRow + i] = value
    }
  }
}

function decodeIds({ id, uuid, rowCount }: GroupBytes, { words, kinds }: GroupTarget): void {
  // While it is filled, 0 is no id yet, and otherwise its kind + 1.
  decodeNumbers(id, rowCount, words, kinds)
  decodeUuids(uuid, rowCount, words, kinds)
  for (let row = 0; row < rowCount; row++) {
    if (kinds[row] === 0) throw new Error('a row has no id')
    kinds[row]! -= 1
  }
}

function decodeNumbers(bytes: Uint8Array, rowCount: number, words: Uint32Array, kinds: Uint8Array): void {
  const view = viewOf(bytes)
  for (const { firstRow, rowCount: rows, present, start, end } of pagesOf(asBuffer(bytes), rowCount, true)) {
    let at = start
    for (let i = 0; i < rows; i++) {
      if (present !== undefined && present[i] === 0) continue
      if (at + 8 > end) throw new Error('a page of id is cut')
      const row = firstRow + i
      words[row * 4] = view.getUint32(at, true)
      words[row * 4 + 1] = view.getUint32(at + 4, true)
      kinds[row] = idKindNumber + 1
      at += 8
    }
    if (at !== end) throw new Error('a page of id has a wrong length')
  }
}

const uuidBytes = 36
/** `{}` as a little-endian number. */
const emptyObject = 0x7d7b

function decodeUuids(bytes: Uint8Array, rowCount: number, words: Uint32Array, kinds: Uint8Array): void {
  const chunk = asBuffer(bytes)
  for (const { firstRow, rowCount: rows, present, start, end } of pagesOf(chunk, rowCount, true)) {
    let at = start
    for (let i = 0; i < rows; i++) {
      if (present !== undefined && present[i] === 0) continue
      if (at + 4 + uuidBytes > end || chunk.readUInt32LE(at) !== uuidBytes)
        throw new Error('a UUID is malformed')
      const row = firstRow + i
      if (kinds[row] !== 0) throw new Error('a row has two ids')
      readUuid(chunk, at + 4, words, row * 4)
      kinds[row] = idKindUuid + 1
      at += 4 + uuidBytes
    }
    if (at !== end) throw new Error('a page of id_uuid has a wrong length')
  }
}

/** The words of a UUID in lower case with hyphens. */
function readUuid(chunk: Buffer, start: number, words: Uint32Array, to: number): void {
  let digit = 0
  let word = 0
  for (let i = 0; i < uuidBytes; i++) {
    const byte = chunk[start + i]!
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (byte !== 0x2d) throw new Error('a UUID is malformed')
      continue
    }
    const isDigit = byte >= 0x30 && byte <= 0x39
    if (!isDigit && !(byte >= 0x61 && byte <= 0x66)) throw new Error('a UUID is malformed')
    word = (word << 4) | (isDigit ? byte - 0x30 : byte - 0x57)
    digit += 1
    if (digit % 8 === 0) words[to + digit / 8 - 1] = word
  }
}

/** Copied page by page, so that nothing else of the file stays in memory: four bytes of length lie before each. */
function decodePayloads(
  { payload, rowCount }: GroupBytes,
  { places, chunk }: GroupTarget,
): Uint8Array<SharedArrayBuffer> {
  const bytes = asBuffer(payload)
  const pages = [...pagesOf(bytes, rowCount, false)]
  const texts = sharedBytes(pages.reduce((sum, { start, end }) => sum + end - start, 0))
  let offset = 0
  for (const page of pages) {
    texts.set(payload.subarray(page.start, page.end), offset)
    placePayloads(bytes, page, places, { chunk, offset })
    offset += page.end - page.start
  }
  return texts
}

/** @param to the chunk, and where in it the page begins */
function placePayloads(
  bytes: Buffer,
  { firstRow, rowCount, start, end }: Page,
  places: Uint32Array,
  to: { readonly chunk: number; readonly offset: number },
): void {
  let at = start
  for (let row = firstRow; row < firstRow + rowCount; row++) {
    if (at + 4 > end) throw new Error('a page of payload is cut')
    const length = bytes.readUInt32LE(at)
    at += 4 + length
    if (at > end) throw new Error('a payload is cut')
    // The shortest object is no bytes in memory.
    if (length < 2 || (length === 2 && bytes.readUInt16LE(at - 2) !== emptyObject))
      throw new Error('a payload is no JSON object')
    places[row * 3] = to.chunk
    places[row * 3 + 1] = to.offset + at - length - start
    places[row * 3 + 2] = length > 2 ? length : 0
  }
  if (at !== end) throw new Error('a page of payload has a wrong length')
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
