import type { SparseInput, VectorInput } from '../../../../index.ts'
import { firstNotFinite } from '../../../../runtime/finite.ts'
import { dataTypes } from '../../schema/data-types.ts'
import { dimensionsOf, type FieldDocument } from '../../schema/document.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import type { FieldData, VectorField } from '../field-data.ts'
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../small-floats.ts'
import { columnMismatch } from './scalar-column.ts'

const kinds: Readonly<Record<number, string>> = {
  [dataTypes.FloatVector]: 'float vector',
  [dataTypes.BinaryVector]: 'binary vector',
  [dataTypes.Float16Vector]: 'float16 vector',
  [dataTypes.BFloat16Vector]: 'bfloat16 vector',
  [dataTypes.SparseFloatVector]: 'sparse float vector',
  [dataTypes.Int8Vector]: 'int8 vector',
}

/** The vectors of a column, those of null rows left out. Whether dense ones are finite is asked by `checkFinite`. @throws 1100, 65535 */
export function vectorsOf(field: FieldDocument, data: FieldData): VectorInput[] {
  const decoded = data.vectors === null ? undefined : decode(field, data.vectors)
  if (decoded !== undefined) return decoded
  if (data.valid_data.length > 0) return []
  const kind = kinds[field.type]!
  throw columnMismatch(kind, field.name, `need ${kind}`)
}

function decode(field: FieldDocument, vectors: VectorField): VectorInput[] | undefined {
  const dimensions = dimensionsOf(field)
  const { float_vector: floats } = vectors
  switch (field.type) {
    case dataTypes.BinaryVector:
      return vectors.binary_vector === null ? undefined : binaryVectors(vectors.binary_vector, dimensions)
    case dataTypes.SparseFloatVector:
      return vectors.sparse_float_vector?.contents.map((bytes) => sparseVector(bytes))
    case dataTypes.Int8Vector: {
      const bytes = vectors.int8_vector
      return bytes === null
        ? undefined
        : rowsOf(
            Float32Array.from(bytes, (byte) => (byte << 24) >> 24),
            dimensions,
          )
    }
    case dataTypes.Float16Vector: {
      // Clients send lists of numbers as they are.
      const values =
        vectors.float16_vector !== null
          ? halves(vectors.float16_vector, halfToFloat)
          : rounded(floats, (value) => halfToFloat(floatToHalf(value)))
      return values === undefined ? undefined : rowsOf(values, dimensions)
    }
    case dataTypes.BFloat16Vector: {
      const values =
        vectors.bfloat16_vector !== null
          ? halves(vectors.bfloat16_vector, bfloatToFloat)
          : rounded(floats, (value) => bfloatToFloat(floatToBfloat(value)))
      return values === undefined ? undefined : rowsOf(values, dimensions)
    }
    default:
      return floats === null || floats.data.length === 0 ? undefined : rowsOf(floats.data, dimensions)
  }
}

function halves(bytes: Uint8Array, read: (half: number) => number): Float32Array {
  if (bytes.length % 2 !== 0) throw wrongLength(bytes.length, 'bytes', 2)
  const values = new Float32Array(bytes.length / 2)
  for (let at = 0; at < values.length; at++) values[at] = read(bytes[at * 2]! | (bytes[at * 2 + 1]! << 8))
  return values
}

const rounded = (
  floats: VectorField['float_vector'],
  round: (value: number) => number,
): Float32Array | undefined => (floats === null ? undefined : floats.data.map(round))

/** @throws 65535 */
export function checkFinite(vector: Float32Array): void {
  const index = firstNotFinite(vector)
  if (index !== undefined) throw notFinite(vector[index]!)
}

function rowsOf(values: Float32Array, dimensions: number): Float32Array[] {
  if (values.length % dimensions !== 0) throw wrongLength(values.length, 'float data', dimensions)
  return Array.from({ length: values.length / dimensions }, (_, row) =>
    values.subarray(row * dimensions, (row + 1) * dimensions),
  )
}

const wrongLength = (length: number, what: string, dimensions: number): MilvusError =>
  new MilvusError(codes.unexpected, `the length(${length}) of ${what} should divide the dim(${dimensions})`)

function notFinite(value: number): MilvusError {
  const name = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  return new MilvusError(codes.unexpected, `value '${name}' is not a number or infinity`)
}

/** A component for each bit, the highest one of a byte first. */
function binaryVectors(bytes: Uint8Array, dimensions: number): Float32Array[] {
  const bits = bytes.length * 8
  if (bits % dimensions !== 0)
    throw new MilvusError(
      codes.unexpected,
      `the num(${bits}) of all bits should divide the dim(${dimensions})`,
    )
  return rowsOf(componentsOfBits(bytes), dimensions)
}

export function componentsOfBits(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length * 8)
  for (let at = 0; at < values.length; at++) values[at] = (bytes[at >>> 3]! >>> (7 - (at & 7))) & 1
  return values
}

const pairBytes = 8
const indexEnd = 0xffff_ffff

/** Pairs of an index (u32) and a weight (f32), little endian, by ascending indices; none at all, too. @throws 1100 */
export function sparseVector(bytes: Uint8Array): SparseInput {
  if (bytes.length % pairBytes !== 0)
    throw invalidParameter(`invalid data length in sparse float vector: ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = bytes.length / pairBytes
  const indices = new Uint32Array(count)
  const values = new Float32Array(count)
  for (let at = 0; at < count; at++) {
    const index = view.getUint32(at * pairBytes, true)
    const value = view.getFloat32(at * pairBytes + 4, true)
    if (index === indexEnd)
      throw invalidParameter('invalid index in sparse float vector: must be less than 2^32-1')
    if (at > 0 && index <= indices[at - 1]!)
      throw invalidParameter('unsorted or same indices in sparse float vector')
    if (!Number.isFinite(value)) throw notFinite(value)
    if (value < 0) throw invalidParameter('negative value in sparse float vector')
    indices[at] = index
    values[at] = value
  }
  return { indices, values }
}
