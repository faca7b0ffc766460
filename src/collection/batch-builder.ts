import { RawJson, stringifyJson, type JsonObject, type JsonValue } from '../encoding/json.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { wordsOfId, type PointId } from '../ids/point-id.ts'
import type { Filter } from '../query/filter.ts'
import { encodePayload } from './apply-operation.ts'
import { Loan } from '../runtime/kept-memory.ts'
import { checkPointMembers } from './checks/check-members.ts'
import { newColumn, type ColumnBuilder } from './column-builder.ts'
import { newIds, writeId, type PointsBatch, type UpsertMode } from './points-batch.ts'
import type { PointInput, VectorParams, VectorsInput } from './types.ts'
import { unknownVector } from './vector-columns.ts'

export interface BatchShape {
  readonly collection: string
  /** Those of the collection. */
  readonly vectors: Readonly<Record<string, VectorParams>>
  readonly mode: UpsertMode
  readonly condition: Filter | undefined
  /** How many points are added. */
  readonly count: number
}

/** Checks points one by one and makes a batch of them; nothing of what is given is kept. */
export class BatchBuilder {
  readonly #shape: BatchShape
  readonly #ids: Uint32Array
  readonly #payloads: Uint8Array[] = []
  readonly #columns = new Map<string, ColumnBuilder>()
  readonly #loan = new Loan()

  constructor(shape: BatchShape) {
    this.#shape = shape
    this.#ids = newIds(shape.count)
  }

  /** Gives how many bytes it takes. @throws request-invalid, vector-unknown, dimension-mismatch */
  add(point: PointInput | VectorsInput): number {
    checkPointMembers(point, this.#shape.mode !== 'vectors')
    const index = this.#payloads.length
    writeId(this.#ids, index, wordsOfId(point.id))
    const payload = payloadBytes('payload' in point ? point.payload : undefined, point.id)
    this.#payloads.push(payload)
    const vectors = point.vectors ?? {}
    let bytes = payload.byteLength
    for (const name of Object.keys(vectors)) bytes += 4 * this.#columnOf(name).add(index, vectors[name]!)
    return bytes
  }

  /** Good until `release`. */
  finish(): PointsBatch {
    const { collection, mode, condition, count } = this.#shape
    const payloads = this.#payloads
    return {
      collection,
      mode,
      condition: condition === undefined ? '' : stringifyJson(condition as unknown as JsonValue),
      count,
      ids: this.#ids,
      payloads: {
        bytes: Buffer.concat(payloads),
        lengths: Uint32Array.from(payloads, (text) => text.byteLength),
      },
      vectors: [...this.#columns.values()].map((column) => column.finish()),
    }
  }

  /** The batch is written, or will never be. */
  release(): void {
    this.#loan.end()
  }

  #columnOf(name: string): ColumnBuilder {
    const known = this.#columns.get(name)
    if (known !== undefined) return known
    const { vectors, count } = this.#shape
    const params = Object.hasOwn(vectors, name) ? vectors[name] : undefined
    if (params === undefined) throw unknownVector(name)
    const column = newColumn(name, params, count, this.#loan)
    this.#columns.set(name, column)
    return column
  }
}

const noPayload = new Uint8Array(0)

function payloadBytes(payload: JsonObject | RawJson | undefined, id: PointId): Uint8Array {
  if (payload === undefined) return noPayload
  if (payload instanceof RawJson) return isEmptyObject(payload.bytes()) ? noPayload : payload.bytes()
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new DatabaseError(
      'request-invalid',
      `Cannot use the payload of point ${String(id)}: it is no JSON object`,
      { id },
    )
  }
  return encodePayload(payload)
}

function isEmptyObject(text: Uint8Array): boolean {
  return text.length < 16 && Buffer.from(text).toString('latin1').replace(/\s+/g, '') === '{}'
}
