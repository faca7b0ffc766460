import { asBuffer } from '../../encoding/binary.ts'
import type { SequenceNumber } from '../../ids/brands.ts'
import { idKindNumber, idKindUuid, type IdWords } from '../../ids/point-id.ts'
import { yieldToEventLoop } from '../../runtime/yield.ts'
import { IdColumn } from '../id-column.ts'
import { PayloadColumn } from '../payload-column.ts'
import { sharedBytes, sharedFloat64 } from '../shared-array.ts'
import { columnId, columnPayload, columnSeq, columnUuid } from './columns.ts'
import { physicalByteArray, physicalInt64, type RowsLayout, type WantedColumn } from './footer.ts'
import { pagesOf } from './pages.ts'

// Our own reader, for the four columns that our own writer writes (PLAIN, uncompressed, no dictionary):
//   - a damaged or hostile file is an error, never an endless loop or an allocation without bounds;
//   - payloads stay where they were read, and no object is made per row: five times as fast as a general reader.

export const wantedColumns: readonly WantedColumn[] = [
  { name: columnId, physicalType: physicalInt64 },
  { name: columnUuid, physicalType: physicalByteArray },
  { name: columnSeq, physicalType: physicalInt64 },
  { name: columnPayload, physicalType: physicalByteArray },
]

/** The bytes of one row group's wanted columns. */
export interface GroupBytes {
  readonly rowCount: number
  readonly id: Uint8Array<SharedArrayBuffer>
  readonly uuid: Uint8Array<SharedArrayBuffer>
  readonly seq: Uint8Array<SharedArrayBuffer>
  readonly payload: Uint8Array<SharedArrayBuffer>
}

export interface DecodedRows {
  readonly ids: IdColumn
  readonly written: Float64Array
  readonly payloads: PayloadColumn
}

/** A piece of the file that is to be kept, and where. */
export interface KeptRange {
  readonly offset: number
  readonly target: Uint8Array
}

/** Memory for the wanted columns, and what of the file goes there, in the order of the file. */
export function planRead(layout: RowsLayout): { groups: GroupBytes[]; ranges: KeptRange[] } {
  const ranges: KeptRange[] = []
  const groups = layout.groups.map(({ rowCount, columns }) => {
    const keep = (name: string): Uint8Array<SharedArrayBuffer> => {
      const { offset, bytes } = columns.get(name)!
      const target = sharedBytes(bytes)
      ranges.push({ offset, target })
      return target
    }
    const group = {
      rowCount,
      id: keep(columnId),
      uuid: keep(columnUuid),
      seq: keep(columnSeq),
      payload: keep(columnPayload),
    }
    // A number takes eight bytes: what the group claims to hold is bounded by what there is.
    if (group.seq.length < rowCount * 8) throw new Error('a row group has more rows than values')
    return group
  })
  ranges.sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < ranges.length; i++) {
    const before = ranges[i - 1]!
    if (before.offset + before.target.length > ranges[i]!.offset) throw new Error('two columns overlap')
  }
  return { groups, ranges }
}

export interface SeqRange {
  readonly minSeq: SequenceNumber
  readonly maxSeq: SequenceNumber
}

/** The columns of a set of rows. The groups' payload bytes become part of it. @throws Error for what is wrong */
export async function decodeRows(groups: readonly GroupBytes[], seqs: SeqRange): Promise<DecodedRows> {
  const rowCount = groups.reduce((sum, group) => sum + group.rowCount, 0)
  const ids = new IdColumn(rowCount)
  const written = sharedFloat64(rowCount)
  const payloads = new PayloadColumn(rowCount)
  for (const group of groups) {
    decodeSeqs(group, seqs, written.subarray(ids.rowCount, ids.rowCount + group.rowCount))
    decodeIds(group, ids)
    decodePayloads(group, payloads)
    await yieldToEventLoop()
  }
  return { ids, written, payloads }
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

function decodeIds({ id, uuid, rowCount }: GroupBytes, ids: IdColumn): void {
  const words = new Uint32Array(rowCount * 4)
  // 0: no id yet; otherwise its kind + 1.
  const kinds = new Uint8Array(rowCount)
  decodeNumbers(id, rowCount, words, kinds)
  decodeUuids(uuid, rowCount, words, kinds)
  const out: IdWords = { kind: idKindNumber, w0: 0, w1: 0, w2: 0, w3: 0 }
  for (let row = 0; row < rowCount; row++) {
    if (kinds[row] === 0) throw new Error('a row has no id')
    out.kind = kinds[row] === idKindUuid + 1 ? idKindUuid : idKindNumber
    out.w0 = words[row * 4]!
    out.w1 = words[row * 4 + 1]!
    out.w2 = words[row * 4 + 2]!
    out.w3 = words[row * 4 + 3]!
    ids.append(out)
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

function decodePayloads({ payload, rowCount }: GroupBytes, payloads: PayloadColumn): void {
  const chunk = payloads.adoptChunk(payload)
  for (const { rowCount: rows, start, end } of pagesOf(asBuffer(payload), rowCount, false)) {
    let at = start
    for (let i = 0; i < rows; i++) {
      if (at + 4 > end) throw new Error('a page of payload is cut')
      const length =
        payload[at]! + payload[at + 1]! * 2 ** 8 + payload[at + 2]! * 2 ** 16 + payload[at + 3]! * 2 ** 24
      at += 4 + length
      if (at > end) throw new Error('a payload is cut')
      if (length > 2) payloads.appendPlace(chunk, at - length, length)
      else {
        // The shortest object is no bytes in memory.
        if (length < 2 || payload[at - 2] !== 0x7b || payload[at - 1] !== 0x7d) {
          throw new Error('a payload is no JSON object')
        }
        payloads.appendPlace(chunk, at, 0)
      }
    }
    if (at !== end) throw new Error('a page of payload has a wrong length')
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
