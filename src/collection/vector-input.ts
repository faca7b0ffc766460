import { DatabaseError } from '../errors/database-error.ts'
import { isMulti, type MultiVector, type SparseVector, type VectorValue } from '../graph/vector-value.ts'
import { roundToDatatype } from './datatypes.ts'
import type { VectorInput, VectorParams } from './types.ts'

// Below this squared length a Cosine vector is stored as given (Qdrant 1.19, shared facts: lengths up to about 2e-5 hold).
const tinySquaredLength = 1.1920929e-7
// One whose squared length is this close to 1 is stored as given, too: what was at length one before stays bit for bit what it was.
const unitTolerance = 1e-6
// Rounding to halves moves each component by 2^-11 of itself at most, for tiny ones a little more.
const halfUnitTolerance = 1e-3

/** Whether vectors keep their lengths, so that any distance can be computed from them. Of whole numbers nothing else would be left. */
export function isStoredAsGiven({ distance, keepsLength, datatype }: VectorParams): boolean {
  return distance !== 'Cosine' || keepsLength === true || datatype === 'uint8'
}

/**
 * A vector as it is stored: float32, rounded to the field's data type, of length one where the distance is Cosine and
 * lengths are not kept, and with ascending indices.
 * @throws dimension-mismatch, request-invalid
 */
export function toVector(name: string, params: VectorParams, input: VectorInput): VectorValue {
  switch (params.kind ?? 'dense') {
    case 'dense': {
      const vector = new Float32Array(params.size)
      writeVector(name, params, denseInput(name, input), vector)
      return vector
    }
    case 'sparse':
      return toSparse(name, params, input)
    case 'multi':
      return toMulti(name, params, input)
  }
}

/** The same for a dense vector, into `target`, whose length is the field's size. */
export function writeVector(
  name: string,
  params: VectorParams,
  values: readonly number[] | Float32Array,
  target: Float32Array,
): void {
  if (values.length !== params.size) {
    const text = `Cannot use a vector of ${values.length} dimensions: vector "${name}" has ${params.size}`
    throw new DatabaseError('dimension-mismatch', text, {
      name,
      expected: params.size,
      actual: values.length,
    })
  }
  target.set(values)
  let squared = 0
  for (let i = 0; i < target.length; i++) squared += target[i]! * target[i]!
  // NaN or an infinite component: the sum is no longer finite. (So it is if the sum itself overflows: looked at again.)
  if (!Number.isFinite(squared)) refuseNaN(name, values)
  const isScaled = !isStoredAsGiven(params) && squared >= tinySquaredLength && squared !== Infinity
  if (isScaled && !isAtLengthOne(target, squared, params.datatype)) {
    const factor = 1 / Math.sqrt(squared)
    for (let i = 0; i < target.length; i++) target[i]! *= factor
  }
  roundToDatatype(target, params.datatype)
}

/** Also if it was rounded to halves since: brought to length one and rounded again, its components would be others. */
function isAtLengthOne(vector: Float32Array, squared: number, datatype: VectorParams['datatype']): boolean {
  const away = Math.abs(squared - 1)
  if (away <= unitTolerance) return true
  if (datatype !== 'float16' || away > halfUnitTolerance) return false
  const rounded = vector.slice()
  roundToDatatype(rounded, datatype)
  return vector.every((value, i) => value === rounded[i])
}

/** @throws request-invalid if it is not the components of one dense vector */
export function denseInput(name: string, input: VectorInput): readonly number[] | Float32Array {
  if (input instanceof Float32Array) return input
  if (!Array.isArray(input)) throw wrongKind(name, 'dense')
  if (Array.isArray(input[0]) || input[0] instanceof Float32Array) throw wrongKind(name, 'dense')
  return input as readonly number[]
}

function toSparse(name: string, params: VectorParams, input: VectorInput): SparseVector {
  if (Array.isArray(input) || !('indices' in input)) throw wrongKind(name, 'sparse')
  const { indices, values } = input
  if (indices.length !== values.length) {
    const text = `Cannot use vector "${name}": it has ${indices.length} indices and ${values.length} values`
    throw new DatabaseError('request-invalid', text, { name })
  }
  for (const index of indices) {
    if (Number.isInteger(index) && index >= 0 && index < 2 ** 32) continue
    const text = `Cannot use vector "${name}": ${String(index)} is no index from 0 to 4294967295`
    throw new DatabaseError('request-invalid', text, { name, index })
  }
  const order = Uint32Array.from(indices, (_, place) => place)
  let isSorted = true
  for (let i = 1; i < indices.length; i++) if (indices[i]! <= indices[i - 1]!) isSorted = false
  if (!isSorted) order.sort((a, b) => indices[a]! - indices[b]!)
  const sorted = Uint32Array.from(order, (place) => indices[place]!)
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] !== sorted[i - 1]) continue
    const text = `Cannot use vector "${name}": it has index ${sorted[i]!} twice`
    throw new DatabaseError('request-invalid', text, { name, index: sorted[i] })
  }
  const floats = Float32Array.from(order, (place) => values[place]!)
  if (!floats.every(Number.isFinite)) refuseNaN(name, values)
  roundToDatatype(floats, params.datatype)
  return { indices: sorted, values: floats }
}

function toMulti(name: string, params: VectorParams, input: VectorInput): MultiVector {
  const rows = rowsOf(name, input)
  if (rows.length === 0) {
    throw new DatabaseError('request-invalid', `Cannot use vector "${name}": it is an empty list`, { name })
  }
  const values = new Float32Array(rows.length * params.size)
  rows.forEach((row, index) => {
    writeVector(name, params, row, values.subarray(index * params.size, (index + 1) * params.size))
  })
  return { dimensions: params.size, values }
}

/** One vector alone is a list of one. */
function rowsOf(name: string, input: VectorInput): readonly (readonly number[] | Float32Array)[] {
  if (input instanceof Float32Array) return [input]
  if (Array.isArray(input)) {
    const isList = Array.isArray(input[0]) || input[0] instanceof Float32Array
    const rows = (isList ? input : [input]) as readonly (readonly number[] | Float32Array)[]
    if (rows.some((row) => !Array.isArray(row) && !(row instanceof Float32Array)))
      throw wrongKind(name, 'multi')
    return rows
  }
  if ('indices' in input || !isMulti(input as VectorValue)) throw wrongKind(name, 'multi')
  const { dimensions, values } = input as MultiVector
  const count = values.length / dimensions
  if (!Number.isInteger(count)) throw wrongKind(name, 'multi')
  return Array.from({ length: count }, (_, row) => values.subarray(row * dimensions, (row + 1) * dimensions))
}

const kindTexts = {
  dense: 'a list of numbers',
  sparse: 'indices and values',
  multi: 'a list of vectors',
} as const

function wrongKind(name: string, kind: keyof typeof kindTexts): DatabaseError {
  const text = `Cannot use this value for vector "${name}": it is ${kind}, which is ${kindTexts[kind]}`
  return new DatabaseError('request-invalid', text, { name, kind })
}

function refuseNaN(name: string, values: readonly number[] | Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i]
    if (typeof value !== 'number' || Number.isNaN(value)) {
      throw new DatabaseError(
        'request-invalid',
        `Cannot use vector "${name}": component ${i} is not a number`,
        { name, index: i },
      )
    }
  }
}
