import {
  isMulti,
  isSparse,
  parseDatetime,
  shardKeyOfPartition,
  type CollectionConfig,
  type Point,
  type PointId,
  type ScoredPoint,
  type ScrollPage,
  type VectorValue,
} from '../../../index.ts'
import { floatText, idText, vectorText } from './json-text.ts'

// Points as JSON text: payloads are spliced in as they are stored.

/** `vector` as Qdrant shows it: bare where the point has one unnamed vector and nothing else, else by name. */
function vectorsText(vectors: Readonly<Record<string, VectorValue>>): string {
  const names = Object.keys(vectors)
  if (names.length === 1 && names[0] === '') return valueText(vectors['']!)
  return `{${names.map((name) => `${JSON.stringify(name)}:${valueText(vectors[name]!)}`).join(',')}}`
}

function valueText(vector: VectorValue): string {
  if (isSparse(vector))
    return `{"indices":[${vector.indices.join(',')}],"values":${vectorText(vector.values)}}`
  if (!isMulti(vector)) return vectorText(vector)
  const { dimensions, values } = vector
  const rows: string[] = []
  for (let at = 0; at < values.length; at += dimensions)
    rows.push(vectorText(values.subarray(at, at + dimensions)))
  return `[${rows.join(',')}]`
}

function partsText(point: Point, orderValue: string | undefined): string {
  let text = ''
  if (point.payload !== undefined) text += `,"payload":${point.payload.text}`
  if (point.vectors !== undefined) text += `,"vector":${vectorsText(point.vectors)}`
  const key = point.partition === undefined ? undefined : shardKeyOfPartition(point.partition)
  if (key !== undefined) text += `,"shard_key":${typeof key === 'string' ? JSON.stringify(key) : key}`
  return orderValue === undefined ? text : `${text},"order_value":${orderValue}`
}

/** A point of retrieve and scroll. */
export function recordText(point: Point, orderValue?: string): string {
  return `{"id":${idText(point.id)}${partsText(point, orderValue)}}`
}

/**
 * The number of a log record as Qdrant counts operations: from 0, since the collection was made. Points of an archive have the
 * numbers that they had in its database, which may be lower than any here.
 */
export function operationNumber(seq: number, { settings }: CollectionConfig): number {
  const before = Number(settings?.['created_after'] ?? 0)
  return seq - 1 - (seq > before ? before : 0)
}

/** A hit of a search. */
export function hitText(point: ScoredPoint, config: CollectionConfig): string {
  const version = operationNumber(point.version, config)
  return `{"id":${idText(point.id)},"version":${version},"score":${floatText(point.score)}${partsText(point, undefined)}}`
}

/** A point that was found without a search: its version is 0 and its score 1, as Qdrant has it. */
export function foundText(point: Point, orderValue?: string): string {
  return `{"id":${idText(point.id)},"version":0,"score":1.0${partsText(point, orderValue)}}`
}

/** What a point is ordered by; times are shown in microseconds. */
export function orderText(value: number | bigint | string | undefined): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' ? String(parseDatetime(value)) : String(value)
}

export function orderTexts({ orderValues }: ScrollPage): readonly (string | undefined)[] {
  return (orderValues ?? []).map((value) => orderText(value))
}

export function scrollText(records: readonly string[], next: PointId | undefined): string {
  return `{"points":[${records.join(',')}],"next_page_offset":${next === undefined ? 'null' : idText(next)}}`
}
