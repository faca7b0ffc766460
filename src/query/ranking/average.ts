import { isMulti, isSparse, type SparseVector, type VectorValue } from '../../graph/vector-value.ts'
import { assert } from '../../runtime/assert.ts'

/**
 * What a recommendation by average looks for: the mean of the positive examples, moved away from the mean of the
 * negative ones. Of multivectors it is all the positive rows, and the negative ones turned round.
 *
 * All examples are of one kind and, if dense, of one size; there is at least one positive one.
 */
export function averageQuery(
  positive: readonly VectorValue[],
  negative: readonly VectorValue[],
): VectorValue {
  assert(positive.length > 0, 'an average has a positive example')
  const [first] = positive
  if (first instanceof Float32Array) return denseQuery(positive.map(toDense), negative.map(toDense))
  if (isSparse(first!)) return sparseQuery(positive.map(toSparse), negative.map(toSparse))
  return multiQuery(positive, negative)
}

function toDense(value: VectorValue): Float32Array {
  assert(value instanceof Float32Array, 'examples are of one kind')
  return value
}

function toSparse(value: VectorValue): SparseVector {
  assert(isSparse(value), 'examples are of one kind')
  return value
}

function denseQuery(positive: readonly Float32Array[], negative: readonly Float32Array[]): Float32Array {
  const liked = mean(positive)
  if (negative.length === 0) return liked
  const disliked = mean(negative)
  return liked.map((value, i) => value + value - disliked[i]!)
}

function mean(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]!.length)
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!
  return sum.map((value) => value / vectors.length)
}

function sparseQuery(positive: readonly SparseVector[], negative: readonly SparseVector[]): SparseVector {
  const sums = new Map<number, number>()
  const add = (vectors: readonly SparseVector[], factor: number): void => {
    for (const { indices, values } of vectors) {
      indices.forEach((index, i) => sums.set(index, (sums.get(index) ?? 0) + factor * values[i]!))
    }
  }
  add(positive, (negative.length === 0 ? 1 : 2) / positive.length)
  add(negative, -1 / negative.length)
  const indices = Uint32Array.from(sums.keys()).sort()
  return { indices, values: Float32Array.from(indices, (index) => sums.get(index)!) }
}

function multiQuery(positive: readonly VectorValue[], negative: readonly VectorValue[]): VectorValue {
  const values: number[] = []
  let dimensions = 0
  const add = (vectors: readonly VectorValue[], sign: number): void => {
    for (const vector of vectors) {
      assert(isMulti(vector), 'examples are of one kind')
      dimensions = vector.dimensions
      for (const value of vector.values) values.push(sign * value)
    }
  }
  add(positive, 1)
  add(negative, -1)
  return { dimensions, values: Float32Array.from(values) }
}
