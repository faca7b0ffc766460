import { isMulti, isSparse, type VectorValue } from '../../../../index.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { dimensionsOf, type FieldDocument } from '../../schema/document.ts'
import { floatToBfloat, floatToHalf } from '../small-floats.ts'

const pairBytes = 8

/** A column of vectors as a `VectorField`: only the rows that have one. */
export function vectorData(field: FieldDocument, vectors: readonly VectorValue[]): object {
  if (field.type === dataTypes.SparseFloatVector) return sparseData(vectors)
  const dimensions = dimensionsOf(field)
  const values = new Float32Array(vectors.length * dimensions)
  vectors.forEach((vector, row) => {
    if (!isSparse(vector) && !isMulti(vector)) values.set(vector, row * dimensions)
  })
  return { dim: dimensions, ...denseData(field.type, values) }
}

function denseData(type: number, values: Float32Array): object {
  switch (type) {
    case dataTypes.BinaryVector:
      return { binary_vector: bitsOf(values) }
    case dataTypes.Float16Vector:
      return { float16_vector: shorts(values, floatToHalf) }
    case dataTypes.BFloat16Vector:
      return { bfloat16_vector: shorts(values, floatToBfloat) }
    case dataTypes.Int8Vector:
      return { int8_vector: Buffer.from(Int8Array.from(values).buffer) }
    default:
      return { float_vector: { data: values } }
  }
}

function shorts(values: Float32Array, write: (value: number) => number): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, at) => bytes.writeUInt16LE(write(value), at * 2))
  return bytes
}

function bitsOf(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(values.length / 8)
  values.forEach((value, at) => {
    if (value !== 0) bytes[at >>> 3]! |= 0x80 >>> (at & 7)
  })
  return bytes
}

/** `dim` is one more than the greatest index of all. */
function sparseData(vectors: readonly VectorValue[]): object {
  let dimensions = 0
  const contents = vectors.map((vector) => {
    if (!isSparse(vector)) return Buffer.alloc(0)
    const { indices, values } = vector
    const bytes = Buffer.alloc(indices.length * pairBytes)
    indices.forEach((index, at) => {
      bytes.writeUInt32LE(index, at * pairBytes)
      bytes.writeFloatLE(values[at]!, at * pairBytes + 4)
      dimensions = Math.max(dimensions, index + 1)
    })
    return bytes
  })
  return { dim: dimensions, sparse_float_vector: { contents, dim: dimensions } }
}
