import {
  Bool,
  Field,
  Float32,
  Float64,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint64,
  Utf8,
  type Data,
  type DataType,
} from 'apache-arrow'
import type { JsonValue } from '../../encoding/json.ts'
import { strideOf, type VectorColumnImage } from '../../graph/vector-column.ts'
import { formatUuid } from '../../runtime/random.ts'
import { idKindUuid } from '../../ids/point-id.ts'
import { fieldValue, payloadObject, type FieldStorage, type FieldValue } from '../field-values.ts'
import type { IdColumnImage } from '../id-column.ts'
import type { PayloadColumnImage } from '../payload-column.ts'
import type { RowSetImage } from '../row-set.ts'
import { columnId, columnPayload, columnSeq, columnUuid, vectorColumn, type FieldColumn } from './columns.ts'

/** Rows `start` to `end`. */
export interface RowRange {
  readonly start: number
  readonly end: number
}

const listType = new List(new Field('element', new Float32(), false))

export function arrowSchema(rows: RowSetImage, fields: readonly FieldColumn[]): Schema {
  return new Schema([
    new Field(columnId, new Uint64(), true),
    new Field(columnUuid, new Utf8(), true),
    new Field(columnSeq, new Int64(), false),
    new Field(columnPayload, new Utf8(), false),
    ...rows.vectors.map(({ name }) => new Field(vectorColumn(name), listType, true)),
    ...fields.map(({ name, storage }) => new Field(name, fieldTypes[storage], true)),
  ])
}

/** A range of rows as Arrow has it. Copies: the library wants plain buffers. */
export function recordBatch(
  schema: Schema,
  rows: RowSetImage,
  fields: readonly FieldColumn[],
  range: RowRange,
): RecordBatch {
  const payloads = payloadsOf(rows.payloads, range)
  const children: Data[] = [
    numberIds(rows.ids, range),
    uuidIds(rows.ids, range),
    makeData({ type: new Int64(), nullCount: 0, data: seqs(rows.written, range) }),
    textData(payloads),
    ...rows.vectors.map(({ column }) => vectorLists(column, range)),
  ]
  if (fields.length > 0) {
    const objects = payloads.map((payload) => payloadObject(payload))
    for (const field of fields) children.push(fieldData(objects, field))
  }
  const type = new Struct(schema.fields)
  const length = range.end - range.start
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}

function numberIds({ words, kinds }: IdColumnImage, { start, end }: RowRange): Data {
  const halves = new Uint32Array((end - start) * 2)
  const present = new Presence(end - start)
  for (let row = start; row < end; row++) {
    if (kinds[row] === idKindUuid) continue
    const at = row - start
    halves[at * 2] = words[row * 4]!
    halves[at * 2 + 1] = words[row * 4 + 1]!
    present.set(at)
  }
  return makeData({ type: new Uint64(), ...present.nulls(), data: new BigUint64Array(halves.buffer) })
}

function uuidIds({ words, kinds }: IdColumnImage, { start, end }: RowRange): Data {
  const texts: (string | null)[] = new Array<string | null>(end - start).fill(null)
  const bytes = Buffer.alloc(16)
  for (let row = start; row < end; row++) {
    if (kinds[row] !== idKindUuid) continue
    for (let word = 0; word < 4; word++) bytes.writeUInt32BE(words[row * 4 + word]!, word * 4)
    texts[row - start] = formatUuid(bytes)
  }
  return nullableText(texts)
}

function seqs(written: Float64Array, { start, end }: RowRange): BigInt64Array {
  const data = new BigInt64Array(end - start)
  for (let row = start; row < end; row++) data[row - start] = BigInt(written[row]!)
  return data
}

const emptyObject = Buffer.from('{}')

function payloadsOf({ places, chunks }: PayloadColumnImage, { start, end }: RowRange): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let row = start; row < end; row++) {
    const length = places[row * 3 + 2]!
    const offset = places[row * 3 + 1]!
    payloads.push(length === 0 ? emptyObject : chunks[places[row * 3]!]!.subarray(offset, offset + length))
  }
  return payloads
}

function textData(texts: readonly Uint8Array[], present = Presence.all(texts.length)): Data {
  const valueOffsets = new Int32Array(texts.length + 1)
  for (let i = 0; i < texts.length; i++) valueOffsets[i + 1] = valueOffsets[i]! + texts[i]!.length
  const data = new Uint8Array(valueOffsets[texts.length]!)
  for (let i = 0; i < texts.length; i++) data.set(texts[i]!, valueOffsets[i])
  return makeData({ type: new Utf8(), ...present.nulls(), valueOffsets, data })
}

const noBytes = new Uint8Array(0)

function nullableText(texts: readonly (string | null)[]): Data {
  const present = new Presence(texts.length)
  const bytes = texts.map((text, index) => {
    if (text === null) return noBytes
    present.set(index)
    return Buffer.from(text)
  })
  return textData(bytes, present)
}

function vectorLists(column: VectorColumnImage, { start, end }: RowRange): Data {
  const { dimensions, presence } = column
  const present = new Presence(end - start)
  const valueOffsets = new Int32Array(end - start + 1)
  let count = 0
  for (let row = start; row < end; row++) {
    const word = row >>> 5
    if (word < presence.length && ((presence[word]! >>> (row & 31)) & 1) === 1) {
      present.set(row - start)
      count += 1
    }
    valueOffsets[row - start + 1] = count * dimensions
  }
  const floats = new Float32Array(count * dimensions)
  let at = 0
  for (const { view, firstRow, endRow } of chunksWithin(column, { start, end })) {
    const stride = strideOf(dimensions)
    for (let row = Math.max(start, firstRow); row < Math.min(end, endRow); row++) {
      if (valueOffsets[row - start] === valueOffsets[row - start + 1]) continue
      const offset = (row - firstRow) * stride
      floats.set(view.subarray(offset, offset + dimensions), at)
      at += dimensions
    }
  }
  const child = makeData({ type: new Float32(), length: floats.length, nullCount: 0, data: floats })
  return makeData({ type: listType, ...present.nulls(), valueOffsets, child })
}

function* chunksWithin(
  { dimensions, chunks }: VectorColumnImage,
  { start, end }: RowRange,
): Iterable<{ view: Float32Array; firstRow: number; endRow: number }> {
  let firstRow = 0
  for (const { memory, offset, rows } of chunks) {
    const endRow = firstRow + rows
    if (firstRow < end && endRow > start) {
      yield { view: new Float32Array(memory.buffer, offset, rows * strideOf(dimensions)), firstRow, endRow }
    }
    firstRow = endRow
  }
}

const fieldTypes = {
  text: new Utf8(),
  int64: new Int64(),
  double: new Float64(),
  bool: new Bool(),
  timestamp: new TimestampMicrosecond('UTC'),
} as const satisfies Record<FieldStorage, DataType>

function fieldData(objects: readonly (JsonValue | undefined)[], field: FieldColumn): Data {
  const values = objects.map((object) => fieldValue(object, field.keys, field.type))
  if (field.storage === 'text') return nullableText(values as (string | null)[])
  const present = new Presence(values.length)
  values.forEach((value, index) => value !== null && present.set(index))
  const nulls = present.nulls()
  switch (field.storage) {
    case 'int64':
      return makeData({ type: fieldTypes.int64, ...nulls, data: bigints(values) })
    case 'timestamp':
      return makeData({ type: fieldTypes.timestamp, ...nulls, data: bigints(values) })
    case 'double':
      return makeData({ type: fieldTypes.double, ...nulls, data: Float64Array.from(values, Number) })
    case 'bool': {
      const bits = new Presence(values.length)
      values.forEach((value, index) => value === true && bits.set(index))
      return makeData({ type: fieldTypes.bool, ...nulls, data: bits.bytes })
    }
  }
}

function bigints(values: readonly (FieldValue | null)[]): BigInt64Array {
  return BigInt64Array.from(values, (value) => (typeof value === 'bigint' ? value : 0n))
}

/** Arrow's bitmap of the rows that have a value. */
class Presence {
  readonly bytes: Uint8Array
  readonly #length: number
  #count = 0

  constructor(length: number) {
    this.#length = length
    this.bytes = new Uint8Array((length + 7) >>> 3)
  }

  static all(length: number): Presence {
    const presence = new Presence(length)
    presence.#count = length
    presence.bytes.fill(0xff)
    return presence
  }

  set(index: number): void {
    this.bytes[index >>> 3]! |= 1 << (index & 7)
    this.#count += 1
  }

  nulls(): { length: number; nullCount: number; nullBitmap?: Uint8Array } {
    const nullCount = this.#length - this.#count
    return { length: this.#length, nullCount, ...(nullCount === 0 ? {} : { nullBitmap: this.bytes }) }
  }
}
