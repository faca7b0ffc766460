import { parseJson, type JsonValue } from '../encoding/json.ts'
import type { IdWords } from '../ids/point-id.ts'
import type { FilterRow } from '../query/compile-filter.ts'
import type { RowSet } from '../segment/row-set.ts'
import { columnOf, type VectorSchema } from './vector-columns.ts'

/** A row as a filter sees it. One cursor is moved from row to row; the payload is parsed when first asked for. */
export class RowCursor implements FilterRow {
  readonly id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  readonly #vectors: VectorSchema
  #rows: RowSet | undefined
  #row = 0
  #payload: JsonValue | undefined

  constructor(vectors: VectorSchema) {
    this.#vectors = vectors
  }

  at(rows: RowSet, row: number): this {
    this.#rows = rows
    this.#row = row
    this.#payload = undefined
    rows.idAt(row, this.id)
    return this
  }

  payload(): JsonValue {
    this.#payload ??= payloadValue(this.#rows!, this.#row)
    return this.#payload
  }

  hasVector(name: string): boolean {
    return columnOf(this.#rows!, this.#vectors, name)?.has(this.#row) ?? false
  }
}

export function payloadValue(rows: RowSet, row: number): JsonValue {
  const bytes = rows.payloadAt(row)
  return bytes.byteLength === 0 ? {} : parseJson(bytes)
}
