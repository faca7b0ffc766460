import { DatabaseError } from '../errors/database-error.ts'
import type { Metric } from '../graph/vector-hits.ts'
import { isMulti, isSparse, type VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import type { RowSet } from '../segment/row-set.ts'
import type { Distance, VectorParams } from './types.ts'
import { toVector } from './vector-input.ts'
import type { View } from './view.ts'

export type VectorInput = readonly number[] | Float32Array

/**
 * A query as it is compared with the vectors of that name in this view.
 * @throws vector-unknown, dimension-mismatch, request-invalid
 */
export function prepareQuery(view: View, using: string, input: VectorInput): VectorValue {
  return toVector(using, paramsOf(view, using), input)
}

/** @throws vector-unknown */
export function paramsOf(view: View, using: string): VectorParams {
  const params = view.config.vectors[using]
  if (params !== undefined) return params
  const text = `Cannot search vector "${using}": the collection has no such vector`
  throw new DatabaseError('vector-unknown', text, { name: using })
}

/** Scores of rows against a prepared query, in the order of `list`; NaN for a row without such a vector. */
export function scoreRows(
  rows: RowSet,
  using: string,
  params: VectorParams,
  query: VectorValue,
  list: Uint32Array,
): Float32Array {
  const column = rows.vectors.get(using)
  if (column === undefined) return new Float32Array(list.length).fill(Number.NaN)
  assert(!isSparse(query) && !isMulti(query), 'a dense vector is compared with dense ones')
  return column.score(query, metricOf(params.distance), list)
}

export function metricOf(distance: Distance): Metric {
  switch (distance) {
    case 'Cosine':
    case 'Dot':
      return 'dot'
    case 'Euclid':
      return 'euclid'
    case 'Manhattan':
      return 'manhattan'
  }
}

/** Whether a higher score is a better one. */
export function isDescending(distance: Distance): boolean {
  return distance === 'Cosine' || distance === 'Dot'
}
