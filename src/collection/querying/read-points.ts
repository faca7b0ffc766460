import { RawJson } from '../../encoding/json.ts'
import type { VectorValue } from '../../graph/vector-value.ts'
import { selectPayload } from '../../query/payload-edit.ts'
import { assert } from '../../runtime/assert.ts'
import type { RowRef } from '../id-order.ts'
import { partitionsOfRows } from '../partitions.ts'
import type { Hit } from './hits.ts'
import type { Point, ReadOptions, ScoredPoint } from '../types.ts'
import { vectorAt, type VectorSchema } from '../vector-columns.ts'
import type { View } from '../view.ts'

export function readHits(view: View, hits: readonly Hit[], options: ReadOptions): ScoredPoint[] {
  const read = pointReader(view, options)
  return hits.map((hit) => {
    const { score, orderValue } = hit
    const point = read(hit) as { -readonly [K in keyof ScoredPoint]: ScoredPoint[K] }
    point.score = score
    if (orderValue !== undefined) point.orderValue = orderValue
    return point
  })
}

/** Reads points of one view. */
export function pointReader(view: View, options: ReadOptions): (ref: RowRef) => Point {
  const { vectors } = view.config
  if (options.partition !== true) return (ref) => readPoint(ref, options, vectors)
  const partitions = partitionsOfRows(view)
  return (ref) => {
    const partition = partitions.get(ref.rows)
    assert(partition !== undefined, 'a row that is read is in a partition of the view')
    return { ...readPoint(ref, options, vectors), partition }
  }
}

export function readPoint({ rows, row }: RowRef, options: ReadOptions, schema: VectorSchema): Point {
  const point: { -readonly [K in keyof Point]: Point[K] } = {
    id: rows.pointIdAt(row),
    version: rows.writtenAt(row),
  }
  if (options.payload !== undefined && options.payload !== false) {
    const bytes = rows.payloadAt(row)
    const raw = new RawJson(bytes.byteLength === 0 ? '{}' : bytes)
    point.payload = options.payload === true ? raw : selectPayload(raw, options.payload)
  }
  if (options.vectors !== undefined && options.vectors !== false) {
    const names = options.vectors === true ? Object.keys(schema) : options.vectors
    const vectors: Record<string, VectorValue> = {}
    for (const name of names) {
      const vector = vectorAt({ rows, row }, schema, name)
      if (vector !== undefined) vectors[name] = vector
    }
    point.vectors = vectors
  }
  return point
}
