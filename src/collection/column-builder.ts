import { isMulti, isSparse, type VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import type { Loan } from '../runtime/kept-memory.ts'
import { packVector } from '../segment/packed-column.ts'
import type { BatchVectors } from './points-batch.ts'
import type { VectorInput, VectorParams } from './types.ts'
import { denseInput, toVector, writeVector } from './vector-input.ts'

/** Collects the vectors of one name for a batch. */
export interface ColumnBuilder {
  /** Of point number `point`, in ascending order; gives how many words it takes. @throws dimension-mismatch, request-invalid */
  add(point: number, input: VectorInput): number
  finish(): BatchVectors
}

/** What has a known size is collected in memory of the loan. */
export function newColumn(name: string, params: VectorParams, points: number, loan: Loan): ColumnBuilder {
  return (params.kind ?? 'dense') === 'dense'
    ? new DenseBuilder(name, params, points, loan)
    : new PackedBuilder(name, params, points)
}

class DenseBuilder implements ColumnBuilder {
  readonly #name: string
  readonly #params: VectorParams
  readonly #present: Uint8Array
  readonly #data: Float32Array
  #count = 0

  constructor(name: string, params: VectorParams, points: number, loan: Loan) {
    this.#name = name
    this.#params = params
    this.#present = new Uint8Array(points)
    const length = points * params.size
    this.#data = new Float32Array(loan.take(length * 4), 0, length)
  }

  add(point: number, input: VectorInput): number {
    const { size } = this.#params
    const at = this.#count * size
    writeVector(this.#name, this.#params, denseInput(this.#name, input), this.#data.subarray(at, at + size))
    this.#present[point] = 1
    this.#count += 1
    return size
  }

  finish(): BatchVectors {
    const { size } = this.#params
    const words = new Uint32Array(this.#data.buffer, 0, this.#count * size)
    return { name: this.#name, kind: 'dense', dimensions: size, present: this.#present, words }
  }
}

class PackedBuilder implements ColumnBuilder {
  readonly #name: string
  readonly #params: VectorParams
  readonly #present: Uint8Array
  readonly #parts: Uint32Array[] = []
  #words = 0

  constructor(name: string, params: VectorParams, points: number) {
    this.#name = name
    this.#params = params
    this.#present = new Uint8Array(points)
  }

  add(point: number, input: VectorInput): number {
    const part = wordsOf(toVector(this.#name, this.#params, input))
    this.#present[point] = 1
    this.#parts.push(part)
    this.#words += part.length
    return part.length
  }

  finish(): BatchVectors {
    const words = new Uint32Array(this.#words)
    let at = 0
    for (const part of this.#parts) {
      words.set(part, at)
      at += part.length
    }
    const { kind = 'dense', size } = this.#params
    return { name: this.#name, kind, dimensions: size, present: this.#present, words }
  }
}

function wordsOf(vector: VectorValue): Uint32Array {
  assert(isSparse(vector) || isMulti(vector), 'dense vectors have a builder of their own')
  const bytes = packVector(vector)
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}
