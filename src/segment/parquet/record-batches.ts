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
  Uint32,
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
import type { PackedColumnImage } from '../packed-column.ts'
import type { RowSetImage, VectorImage } from '../row-set.ts'
import {
  columnId,
  columnPayload,
  columnSeq,
  columnUuid,
  sparseIndicesColumn,
  sparseValuesColumn,
  vectorColumn,
  type FieldColumn,
} from './columns.ts'

/** Rows `start` to `end`. */
export interface RowRange {
  readonly start: number
  readonly end: number
}

const listType = new List(new Field('element', new Float32(), false))
const indicesType = new List(new Field('element', new Uint32(), false))
const listsType = new List(new Field('element', listType, false))

function vectorFields(name: string, column: VectorImage): readonly Field[] {
  if (!('kind' in column)) return [new Field(vectorColumn(name), listType, true)]
  if (column.kind === 'multi') return [new Field(vectorColumn(name), listsType, true)]
  return [
    new Field(sparseIndicesColumn(name), indicesType, true),
    new Field(sparseValuesColumn(name), listType, true),
  ]
}

export function arrowSchema(rows: RowSetImage, fields: readonly FieldColumn[]): Schema {
  return new Schema([
    new Field(columnId, new Uint64(), true),
    new Field(columnUuid, new Utf8(), true),
    new Field(columnSeq, new Int64(), false),
    new Field(columnPayload, new Utf8(), false),
    ...rows.vectors.flatMap(({ name, column }) => vectorFields(name, column)),
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
  const children: Data[] = [
    numberIds(rows.ids, range),
    uuidIds(rows.ids, range),
    makeData({ type: new Int64(), nullCount: 0, data: seqs(rows.written, range) }),
    payloadTexts(rows.payloads, range),
    ...rows.vectors.flatMap(({ column }) =>
      'kind' in column ? packedVectors(column, range) : [vectorLists(column, range)],
    ),
  ]
  if (fields.length > 0) {
    const objects = payloadObjects(rows.payloads, range)
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

function payloadTexts({ places, chunks }: PayloadColumnImage, { start, end }: RowRange): Data {
  const valueOffsets = new Int32Array(end - start + 1)
  for (let row = start; row < end; row++) {
    const at = row - start
    valueOffsets[at + 1] = valueOffsets[at]! + Math.max(places[row * 3 + 2]!, emptyObject.length)
  }
  const data = new Uint8Array(valueOffsets[end - start]!)
  let row = start
  while (row < end) {
    const first = row
    const chunk = places[row * 3]!
    const from = places[row * 3 + 1]!
    let to = from
    // Payloads mostly lie one behind the other, as they were appended: one copy for as many as do.
    while (row < end && places[row * 3] === chunk && places[row * 3 + 1] === to && places[row * 3 + 2]! > 0) {
      to += places[row * 3 + 2]!
      row += 1
    }
    if (row > first) data.set(chunks[chunk]!.subarray(from, to), valueOffsets[first - start])
    else data.set(emptyObject, valueOffsets[row++ - start])
  }
  return makeData({ type: new Utf8(), length: end - start, nullCount: 0, valueOffsets, data })
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

const noBytes = new Uint8Array(0)

function nullableText(texts: readonly (string | null)[]): Data {
  const present = new Presence(texts.length)
  const bytes = texts.map((text, index) => {
    if (text === null) return noBytes
    present.set(index)
    return Buffer.from(text)
  })
  const valueOffsets = new Int32Array(texts.length + 1)
  for (let i = 0; i < texts.length; i++) valueOffsets[i + 1] = valueOffsets[i]! + bytes[i]!.length
  const data = new Uint8Array(valueOffsets[texts.length]!)
  for (let i = 0; i < texts.length; i++) data.set(bytes[i]!, valueOffsets[i])
  return makeData({ type: new Utf8(), ...present.nulls(), valueOffsets, data })
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
  for (const chunk of chunksWithin(column, { start, end })) {
    copyVectors(chunk, dimensions, { start, end }, valueOffsets, floats)
  }
  const child = makeData({ type: new Float32(), length: floats.length, nullCount: 0, data: floats })
  return makeData({ type: listType, ...present.nulls(), valueOffsets, child })
}

/** The words of a row's vector, after the count; undefined if it has none. */
function packedWords({ rows: { places, chunks } }: PackedColumnImage, row: number): Uint32Array | undefined {
  const length = places[row * 3 + 2]!
  if (length === 0) return undefined
  const chunk = chunks[places[row * 3]!]!
  return new Uint32Array(chunk.buffer, chunk.byteOffset + places[row * 3 + 1]! + 4, length / 4 - 1)
}

function packedVectors(column: PackedColumnImage, { start, end }: RowRange): readonly Data[] {
  const present = new Presence(end - start)
  // Of each row the end of its components, for sparse ones; of its vectors, for several.
  const valueOffsets = new Int32Array(end - start + 1)
  const width = column.kind === 'sparse' ? 2 : column.dimensions
  for (let row = start; row < end; row++) {
    const words = packedWords(column, row)
    if (words !== undefined) present.set(row - start)
    valueOffsets[row - start + 1] = valueOffsets[row - start]! + (words?.length ?? 0) / width
  }
  const count = valueOffsets[end - start]!
  const floats = new Float32Array(column.kind === 'sparse' ? count : count * width)
  const indices = new Uint32Array(column.kind === 'sparse' ? count : 0)
  for (let row = start; row < end; row++) {
    const words = packedWords(column, row)
    if (words === undefined) continue
    const at = valueOffsets[row - start]!
    const values = new Float32Array(words.buffer, words.byteOffset, words.length)
    if (column.kind === 'multi') floats.set(values, at * width)
    else {
      indices.set(words.subarray(0, words.length / 2), at)
      floats.set(values.subarray(words.length / 2), at)
    }
  }
  const nulls = present.nulls()
  const child = makeData({ type: new Float32(), length: floats.length, nullCount: 0, data: floats })
  if (column.kind === 'multi') {
    const ends = Int32Array.from({ length: count + 1 }, (_, index) => index * width)
    const vectors = makeData({ type: listType, length: count, nullCount: 0, valueOffsets: ends, child })
    return [makeData({ type: listsType, ...nulls, valueOffsets, child: vectors })]
  }
  const places = makeData({ type: new Uint32(), length: count, nullCount: 0, data: indices })
  return [
    makeData({ type: indicesType, ...nulls, valueOffsets, child: places }),
    // With buffers of its own: those that two columns share, the library may write once.
    makeData({ type: listType, ...present.copy().nulls(), valueOffsets: valueOffsets.slice(), child }),
  ]
}

interface VectorChunk {
  readonly view: Float32Array
  readonly firstRow: number
  readonly endRow: number
}

/** Those rows of the chunk that are in the range and have a vector, to where the offsets say. */
function copyVectors(
  { view, firstRow, endRow }: VectorChunk,
  dimensions: number,
  { start, end }: RowRange,
  valueOffsets: Int32Array,
  floats: Float32Array,
): void {
  const stride = strideOf(dimensions)
  const last = Math.min(end, endRow)
  let row = Math.max(start, firstRow)
  while (row < last) {
    const from = row
    const hasVector = (at: number): boolean => valueOffsets[at - start] !== valueOffsets[at - start + 1]
    // Rows without padding between them, as many as have a vector, are one copy.
    while (row < last && hasVector(row) && (row === from || stride === dimensions)) row += 1
    if (row === from) row += 1
    else {
      const offset = (from - firstRow) * stride
      const length = (row - from) * dimensions
      floats.set(view.subarray(offset, offset + length), valueOffsets[from - start])
    }
  }
}

function* chunksWithin(
  { dimensions, chunks }: VectorColumnImage,
  { start, end }: RowRange,
): Iterable<VectorChunk> {
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

  set(index: number): void {
    this.bytes[index >>> 3]! |= 1 << (index & 7)
    this.#count += 1
  }

  copy(): Presence {
    const copy = new Presence(this.#length)
    copy.bytes.set(this.bytes)
    copy.#count = this.#count
    return copy
  }

  nulls(): { length: number; nullCount: number; nullBitmap?: Uint8Array } {
    const nullCount = this.#length - this.#count
    return { length: this.#length, nullCount, ...(nullCount === 0 ? {} : { nullBitmap: this.bytes }) }
  }
}
