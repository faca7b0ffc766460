import { compareWords, type IdWords } from '../ids/point-id.ts'
import { Matcher } from './matching.ts'
import type { RowRef } from './id-order.ts'
import { isDescending, metricOf, paramsOf } from './scoring.ts'
import type { QueryRequest } from './types.ts'
import { toVector } from './vector-input.ts'
import { visibleBits, type View } from './view.ts'

export type Hit = RowRef & { readonly score: number }

/** The `count` best rows of a view for one vector, best first; equal scores by id. */
export function searchView(
  view: View,
  request: QueryRequest,
  vector: readonly number[] | Float32Array,
  count: number,
): Hit[] {
  const using = request.using ?? ''
  const params = paramsOf(view, using)
  const query = toVector(using, params, vector)
  const matcher =
    request.filter === undefined ? undefined : new Matcher(request.filter, view.config.payloadIndexes)
  const metric = metricOf(params.distance)
  const hits: Hit[] = []
  for (const entry of view.entries()) {
    const rows = entry.handle.rows
    const column = rows.vectors.get(using)
    if (column === undefined) continue
    const passing = matcher === undefined ? visibleBits(entry) : matcher.bits(entry)
    const limit = Math.min(count, entry.rowLimit)
    const found = column.search({
      query,
      metric,
      limit,
      rowCount: entry.rowLimit,
      ...(passing === undefined ? {} : { passing }),
    })
    for (let i = 0; i < found.rows.length; i++)
      hits.push({ rows, row: found.rows[i]!, score: found.scores[i]! })
  }
  const descending = isDescending(params.distance)
  const threshold = request.scoreThreshold
  const kept =
    threshold === undefined
      ? hits
      : hits.filter((hit) => (descending ? hit.score > threshold : hit.score < threshold))
  return kept.sort((a, b) => compareHits(a, b, descending)).slice(0, count)
}

const left: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
const right: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

function compareHits(a: Hit, b: Hit, descending: boolean): number {
  // NaN scores (infinite components) are the worst.
  if (Number.isNaN(a.score) || Number.isNaN(b.score))
    return Number(Number.isNaN(a.score)) - Number(Number.isNaN(b.score))
  if (a.score !== b.score) return a.score < b.score === descending ? 1 : -1
  a.rows.idAt(a.row, left)
  b.rows.idAt(b.row, right)
  return compareWords(left, right)
}
