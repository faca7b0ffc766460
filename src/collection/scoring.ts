import { DatabaseError } from '../errors/database-error.ts'
import { isDenseColumn } from '../graph/stored/dense-column.ts'
import { isMulti, isSparse, type SparseVector, type VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import type { PackedColumn } from '../segment/packed-column.ts'
import type { RowSet } from '../segment/row-set.ts'
import type { Filter } from '../query/filter.ts'
import { weighByFrequency } from './inverse-frequency.ts'
import { maxSimilarities } from './max-similarity.ts'
import { metricOf } from './metric.ts'
import type { Distance, VectorInput, VectorParams } from './types.ts'
import { columnNameOf } from './vector-columns.ts'
import { toVector } from './vector-input.ts'
import type { View } from './view.ts'

/**
 * A query as it is compared with the vectors of that name in this view. For sparse vectors with the modifier `idf` its values
 * are weighed by how rare their indices are, in the points that pass `corpus` or in all.
 * @throws vector-unknown, dimension-mismatch, request-invalid, filter-invalid
 */
export function prepareQuery(view: View, using: string, input: VectorInput, corpus?: Filter): VectorValue {
  const params = paramsOf(view, using)
  const query = toVector(using, params, input)
  if (params.modifier !== 'idf' || !isSparse(query)) return query
  return weighByFrequency(view, using, params, query, corpus)
}

/** @throws vector-unknown */
export function paramsOf(view: View, using: string): VectorParams {
  const { vectors } = view.config
  if (Object.hasOwn(vectors, using)) return vectors[using]!
  const text = `Cannot search vector "${using}": the collection has no such vector`
  throw new DatabaseError('vector-unknown', text, { name: using })
}

/**
 * Scores of rows against a prepared query, in the order of `list`; NaN for a row without such a vector. Dense: similarity or
 * distance. Sparse: the dot product, 0 without a common index. Multi: the sum, over the query's vectors, of the best match in
 * the row; for Euclid the root of the sum of the squared distances.
 */
export function scoreRows(
  rows: RowSet,
  using: string,
  params: VectorParams,
  query: VectorValue,
  list: Uint32Array,
): Float32Array {
  const column = rows.vectors.get(columnNameOf(using, params))
  if (column === undefined) return new Float32Array(list.length).fill(Number.NaN)
  if (isDenseColumn(column)) {
    assert(query instanceof Float32Array, 'a dense vector is compared with dense ones')
    return column.score(query, metricOf(params), list)
  }
  if (isSparse(query)) return sparseScores(column, query, list)
  assert(isMulti(query), 'several vectors are compared with several')
  return maxSimilarities(column, query, metricOf(params), list)
}

function sparseScores(column: PackedColumn, query: SparseVector, list: Uint32Array): Float32Array {
  const found = sparseMatches(column, query)
  const scores = new Float32Array(list.length)
  for (let i = 0; i < list.length; i++) {
    const row = list[i]!
    scores[i] = column.has(row) ? (found.get(row) ?? 0) : Number.NaN
  }
  return scores
}

/** Dot products of the rows that have an index in common with the query. */
export function sparseMatches(column: PackedColumn, query: SparseVector): Map<number, number> {
  const postings = column.postings()
  const scores = new Map<number, number>()
  for (let i = 0; i < query.indices.length; i++) {
    const list = postings.get(query.indices[i]!)
    if (list === undefined) continue
    const weight = query.values[i]!
    for (let at = 0; at < list.count; at++) {
      const row = list.rows[at]!
      scores.set(row, Math.fround((scores.get(row) ?? 0) + Math.fround(weight * list.values[at]!)))
    }
  }
  return scores
}

/** Whether a higher score is a better one. */
export function isDescending(distance: Distance): boolean {
  return distance === 'Cosine' || distance === 'Dot'
}
