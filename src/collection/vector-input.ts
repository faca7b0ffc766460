import { DatabaseError } from '../errors/database-error.ts'
import type { VectorParams } from './types.ts'

// Below this squared length a Cosine vector is stored as given (Qdrant 1.19, shared facts: lengths up to about 2e-5 hold).
const tinySquaredLength = 1.1920929e-7

/** A vector as it is stored: float32, and of length one where the distance is Cosine. @throws dimension-mismatch, request-invalid */
export function toVector(
  name: string,
  params: VectorParams,
  values: readonly number[] | Float32Array,
): Float32Array {
  const vector = new Float32Array(params.size)
  writeVector(name, params, values, vector)
  return vector
}

/** The same into `target`, whose length is the field's size. */
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
  if (params.distance !== 'Cosine' || !(squared >= tinySquaredLength) || squared === Infinity) return
  const factor = 1 / Math.sqrt(squared)
  for (let i = 0; i < target.length; i++) target[i]! *= factor
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
