/** Components by index; indices are distinct and ascend, up to 2^32 - 1. */
export interface SparseVector {
  readonly indices: Uint32Array
  readonly values: Float32Array
}

/** Several vectors of one size, one behind the other: `values.length` is a multiple of `dimensions`. */
export interface MultiVector {
  readonly dimensions: number
  readonly values: Float32Array
}

/** A dense vector is its components. */
export type VectorValue = Float32Array | SparseVector | MultiVector

export function isSparse(vector: VectorValue): vector is SparseVector {
  return 'indices' in vector
}

export function isMulti(vector: VectorValue): vector is MultiVector {
  return 'dimensions' in vector
}
