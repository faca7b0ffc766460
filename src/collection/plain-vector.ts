import { isMulti, isSparse, type VectorValue } from '../graph/vector-value.ts'

/** A list of numbers; `{indices, values}`; a list of lists. */
export type PlainVector =
  | readonly number[]
  | { readonly indices: readonly number[]; readonly values: readonly number[] }
  | readonly (readonly number[])[]

/** A vector as JSON has it; `each` may shorten numbers. */
export function plainVector(
  vector: VectorValue,
  each: (value: number) => number = (value) => value,
): PlainVector {
  if (isSparse(vector)) return { indices: [...vector.indices], values: Array.from(vector.values, each) }
  if (!isMulti(vector)) return Array.from(vector, each)
  const { dimensions, values } = vector
  return Array.from({ length: values.length / dimensions }, (_, row) =>
    Array.from(values.subarray(row * dimensions, (row + 1) * dimensions), each),
  )
}
