import type { SparseInput } from '../../../../index.ts'
import { componentsOfBits } from '../../rows/incoming/vector-column.ts'
import { bfloatToFloat, halfToFloat } from '../../rows/small-floats.ts'
import { dataTypes, isDenseType, typeName } from '../../schema/data-types.ts'
import { dimensionsOf, type FieldDocument } from '../../schema/document.ts'
import { invalidParameter, type MilvusError } from '../../status.ts'
import { decodeMessage } from '../../wire/messages.ts'
import type { PlaceholderMessage } from './messages.ts'

/** What is searched for: a vector, or a text that a function of the collection makes a vector of. */
export type Sought =
  | { readonly kind: 'vector'; readonly vector: Float32Array | SparseInput }
  /** Of which each is compared with those of a row. */
  | { readonly kind: 'list'; readonly vectors: readonly Float32Array[] }
  | { readonly kind: 'text'; readonly text: string }

const queriesMax = 16_384

/** One for each query. `field` is the one that is searched. @throws 1100 */
export function soughtOf(group: Uint8Array, field: FieldDocument): Sought[] {
  const { placeholders } = decodeMessage('PlaceholderGroup', group) as unknown as {
    placeholders: readonly PlaceholderMessage[]
  }
  const [placeholder] = placeholders
  if (placeholder === undefined) throw invalidParameter('empty placeholder group')
  const { type, values } = placeholder
  if (values.length < 1 || values.length > queriesMax)
    throw invalidParameter(
      `nq [${values.length}] is invalid, nq (number of search vector per search request) should be in range ` +
        `[1, ${queriesMax}], but got ${values.length}`,
    )
  if (type === dataTypes.VarChar) return values.map((bytes) => ({ kind: 'text', text: textOf(bytes) }))
  const single = singleField(field)
  if (isListType(type) && single !== field) {
    checkType(type - listTypes, single)
    return values.map((bytes) => ({ kind: 'list', vectors: listOf(bytes, type - listTypes, single) }))
  }
  checkType(type, single)
  return values.map((bytes) => ({ kind: 'vector', vector: vectorOf(bytes, type, single) }))
}

/** Types of placeholders for lists of vectors are that much greater than those of vectors. */
const listTypes = 200
const isListType = (type: number): boolean => type >= 300 && type <= 305

/** A field of lists of vectors as one of vectors. */
const singleField = (field: FieldDocument): FieldDocument =>
  field.type === dataTypes.ArrayOfVector ? { ...field, type: field.elementType! } : field

/** Vectors one behind the other. */
function listOf(bytes: Uint8Array, type: number, field: FieldDocument): Float32Array[] {
  const size = bytesOf(type, dimensionsOf(field))
  if (bytes.length === 0 || bytes.length % size !== 0)
    throw invalidParameter(
      `vector dimension mismatch, expected vector size(byte) ${size}, actual ${bytes.length}`,
    )
  return Array.from(
    { length: bytes.length / size },
    (_, at) => vectorOf(bytes.subarray(at * size, (at + 1) * size), type, field) as Float32Array,
  )
}

/** Clients that are given lists send floats, whatever the field is. */
function checkType(type: number, field: FieldDocument): void {
  const isRounded =
    field.type === dataTypes.Float16Vector ||
    field.type === dataTypes.BFloat16Vector ||
    field.type === dataTypes.Int8Vector
  if (type === field.type || (isRounded && type === dataTypes.FloatVector)) return
  throw invalidParameter(
    `vector type must be the same, field ${field.name} - type ${typeName(field.type)}, ` +
      `search info type ${typeName(type)}`,
  )
}

function vectorOf(bytes: Uint8Array, type: number, field: FieldDocument): Float32Array | SparseInput {
  if (!isDenseType(type)) return sparseOf(bytes)
  const size = bytesOf(type, dimensionsOf(field))
  if (bytes.length !== size)
    throw invalidParameter(
      `vector dimension mismatch, expected vector size(byte) ${size}, actual ${bytes.length}`,
    )
  switch (type) {
    case dataTypes.BinaryVector:
      return componentsOfBits(bytes)
    case dataTypes.Float16Vector:
      return Float32Array.from(shortsOf(bytes), halfToFloat)
    case dataTypes.BFloat16Vector:
      return Float32Array.from(shortsOf(bytes), bfloatToFloat)
    case dataTypes.Int8Vector:
      return Float32Array.from(bytes, (byte) => (byte << 24) >> 24)
    default:
      return new Float32Array(Uint8Array.from(bytes).buffer)
  }
}

/** What was received may stand at any byte. */
const shortsOf = (bytes: Uint8Array): Uint16Array => new Uint16Array(Uint8Array.from(bytes).buffer)

function bytesOf(type: number, dimensions: number): number {
  if (type === dataTypes.BinaryVector) return dimensions / 8
  if (type === dataTypes.Int8Vector) return dimensions
  return type === dataTypes.FloatVector ? dimensions * 4 : dimensions * 2
}

const indexMax = 2 ** 32 - 1

/** Pairs of index and value, 4 bytes each. */
function sparseOf(bytes: Uint8Array): SparseInput {
  if (bytes.length % 8 !== 0)
    throw invalidParameter(`invalid data length in sparse float vector: ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const indices: number[] = []
  const values: number[] = []
  for (let at = 0; at < bytes.length; at += 8) {
    const index = view.getUint32(at, true)
    const value = view.getFloat32(at + 4, true)
    if (indices.length > 0 && index <= indices.at(-1)!)
      throw bad('unsorted or same indices in sparse float vector')
    if (index === indexMax) throw bad(`invalid index in sparse float vector: must be less than ${indexMax}`)
    if (!Number.isFinite(value)) throw bad('invalid value in sparse float vector: it is not finite')
    if (value < 0) throw bad(`negative value in sparse float vector: ${value}`)
    // What counts nothing is not stored, and need not be asked for.
    if (value === 0) continue
    indices.push(index)
    values.push(value)
  }
  return { indices, values }
}

const bad = (what: string): MilvusError => invalidParameter(what)

const decoder = new TextDecoder('utf-8', { fatal: true })

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw invalidParameter('a text that is searched for is no UTF-8')
  }
}
