import { parseDatetime } from '../../../index.ts'
import type { Point, PointId, ScoredPoint } from '../../../index.ts'
import { floatText, idText, vectorText } from './json-text.ts'

/** `vector` as Qdrant shows it: bare where the collection has one unnamed vector, else by name. */
function vectorsText(vectors: Readonly<Record<string, Float32Array>>): string {
  const names = Object.keys(vectors)
  if (names.length === 1 && names[0] === '') return vectorText(vectors['']!)
  return `{${names.map((name) => `${JSON.stringify(name)}:${vectorText(vectors[name]!)}`).join(',')}}`
}

function partsText(point: Point): string {
  let text = ''
  if (point.payload !== undefined) text += `,"payload":${point.payload.text}`
  if (point.vectors !== undefined) text += `,"vector":${vectorsText(point.vectors)}`
  return text
}

export interface RecordExtras {
  readonly orderValue?: string
}

/** Times are shown as microseconds since the epoch, as Qdrant does. */
export function orderValueText(value: number | bigint | string): string {
  return String(typeof value === 'string' ? (parseDatetime(value) ?? 'null') : value)
}

/** A record of retrieve and scroll. */
export function recordText(point: Point, extras: RecordExtras = {}): string {
  const order = extras.orderValue === undefined ? '' : `,"order_value":${extras.orderValue}`
  return `{"id":${idText(point.id)}${partsText(point)}${order}}`
}

/** A hit of a search. `version` 0 is what Qdrant gives where nothing was searched. */
export function scoredText(
  point: ScoredPoint,
  extras: RecordExtras & { readonly version?: number } = {},
): string {
  const order = extras.orderValue === undefined ? '' : `,"order_value":${extras.orderValue}`
  const head = `{"id":${idText(point.id)},"version":${extras.version ?? point.version},"score":${floatText(point.score)}`
  return `${head}${partsText(point)}${order}}`
}

export function scrollText(records: readonly string[], next: PointId | undefined): string {
  return `{"points":[${records.join(',')}],"next_page_offset":${next === undefined ? 'null' : idText(next)}}`
}
