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

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

export function readHits(view: View, hits: readonly Hit[], options: ReadOptions): ScoredPoint[] {
  const { vectors } = view.config
  const partitions = options.partition === true ? partitionsOfRows(view) : undefined
  return hits.map((hit) => {
    const { rows, row, score, orderValue } = hit
    // All that a short answer has at once: each member that comes later costs as much as these three.
    const point: Writable<ScoredPoint> = { id: rows.pointIdAt(row), version: rows.writtenAt(row), score }
    readMore(point, hit, options, vectors)
    if (partitions !== undefined) point.partition = partitionOf(partitions, hit)
    if (orderValue !== undefined) point.orderValue = orderValue
    return point
  })
}

/** Reads points of one view. */
export function pointReader(view: View, options: ReadOptions): (ref: RowRef) => Point {
  const { vectors } = view.config
  if (options.partition !== true) return (ref) => readPoint(ref, options, vectors)
  const partitions = partitionsOfRows(view)
  return (ref) => ({ ...readPoint(ref, options, vectors), partition: partitionOf(partitions, ref) })
}

function partitionOf(partitions: ReturnType<typeof partitionsOfRows>, { rows }: RowRef): string {
  const partition = partitions.get(rows)
  assert(partition !== undefined, 'a row that is read is in a partition of the view')
  return partition
}

export function readPoint(ref: RowRef, options: ReadOptions, schema: VectorSchema): Point {
  const { rows, row } = ref
  const point: Writable<Point> = { id: rows.pointIdAt(row), version: rows.writtenAt(row) }
  readMore(point, ref, options, schema)
  return point
}

/** What is asked for beside id and version. */
function readMore(
  point: Writable<Point>,
  { rows, row }: RowRef,
  options: ReadOptions,
  schema: VectorSchema,
): void {
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
}
