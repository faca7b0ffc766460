import { columnOf } from '../../../collection/vector-columns.ts'
import type { VectorParams } from '../../../collection/types.ts'
import type { FullConfig } from '../../../collection/view.ts'
import { DatabaseError } from '../../../errors/database-error.ts'
import { isMulti, isSparse } from '../../../graph/vector-value.ts'
import { idKindNumber, idOfWords, type IdWords } from '../../../ids/point-id.ts'
import { PackedColumn } from '../../../segment/packed-column.ts'
import type { RowSet, RowVectors } from '../../../segment/row-set.ts'
import { assert } from '../../../runtime/assert.ts'
import type { CborSink } from '../wal/write-cbor.ts'
import { atLengthOne } from './unit-halves.ts'
import { encodePayload, PayloadRefused } from './encode-payload.ts'

type VectorsConfig = FullConfig['vectors']

/** Rows as the points of an upsert: `{id, vector, payload}`. */
export class PointEncoder {
  readonly #vectors: VectorsConfig
  readonly #names: readonly string[]
  /** The collection has the unnamed vector alone. */
  readonly #isSingle: boolean
  readonly #id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  readonly #uuid = Buffer.alloc(16)

  constructor(vectors: VectorsConfig) {
    this.#vectors = vectors
    this.#names = Object.keys(vectors)
    this.#isSingle = this.#names.length === 1 && this.#names[0] === ''
  }

  /** @throws request-invalid naming the point, read-failed and segment-corrupt where vectors lie in files */
  encode(sink: CborSink, rows: RowSet, row: number): void {
    rows.idAt(row, this.#id)
    sink.map(3)
    sink.text('id')
    this.#encodeId(sink)
    sink.text('vector')
    this.#encodeVectors(sink, rows, row)
    sink.text('payload')
    try {
      encodePayload(sink, rows.payloadAt(row))
    } catch (error) {
      if (!(error instanceof PayloadRefused)) throw error
      const id = idOfWords(this.#id)
      const text = `Cannot write point ${String(id)} into an archive of Qdrant: its payload cannot be read there: ${error.message}`
      throw new DatabaseError('request-invalid', text, { id: String(id) })
    }
  }

  #encodeId(sink: CborSink): void {
    const { kind, w0, w1, w2, w3 } = this.#id
    if (kind === idKindNumber) {
      sink.integer(w1 === 0 ? w0 : (BigInt(w1) << 32n) | BigInt(w0))
      return
    }
    this.#uuid.writeUInt32BE(w0, 0)
    this.#uuid.writeUInt32BE(w1, 4)
    this.#uuid.writeUInt32BE(w2, 8)
    this.#uuid.writeUInt32BE(w3, 12)
    sink.bytes(this.#uuid)
  }

  #encodeVectors(sink: CborSink, rows: RowSet, row: number): void {
    const present: [name: string, column: RowVectors][] = []
    for (const name of this.#names) {
      const column = columnOf(rows, this.#vectors, name)
      if (column?.has(row) === true) present.push([name, column])
    }
    const encode = (name: string, column: RowVectors): void =>
      encodeVector(sink, column, row, isUnitHalf(this.#vectors[name]!))
    if (this.#isSingle && present.length === 1) return encode(...present[0]!)
    sink.map(present.length)
    for (const [name, column] of present) {
      sink.text(name)
      encode(name, column)
    }
  }
}

/** Rounded after it was brought to length one. */
function isUnitHalf({ distance, datatype, keepsLength }: VectorParams): boolean {
  return distance === 'Cosine' && datatype === 'float16' && keepsLength !== true
}

function encodeVector(sink: CborSink, column: RowVectors, row: number, isUnit: boolean): void {
  const { dimensions } = column
  const dense = (values: () => Float32Array): void =>
    sink.singles(dimensions, isUnit ? () => atLengthOne(values()) : values)
  if (!(column instanceof PackedColumn)) return dense(() => column.get(row)!)
  const vector = column.get(row)!
  if (isSparse(vector)) {
    const { indices, values } = vector
    sink.map(2)
    sink.text('indices')
    sink.array(indices.length)
    for (const index of indices) sink.integer(index)
    sink.text('values')
    sink.singles(values.length, () => values)
    return
  }
  assert(isMulti(vector), 'a packed column holds sparse vectors or several for each row')
  const { values } = vector
  sink.array(values.length / dimensions)
  for (let at = 0; at < values.length; at += dimensions) dense(() => values.subarray(at, at + dimensions))
}
