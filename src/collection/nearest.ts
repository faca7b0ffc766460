import { countBits } from '../runtime/bits.ts'
import { searchColumn, type FoundRows, type SearchEffort } from '../graph/search/search-column.ts'
import type { Searching } from '../graph/search/vector-searcher.ts'
import { isDenseColumn } from '../graph/stored/dense-column.ts'
import { isSparse, type VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import type { RowSet } from '../segment/row-set.ts'
import { metricOf } from './metric.ts'
import { sparseMatches } from './scoring.ts'
import type { VectorParams } from './types.ts'
import { columnNameOf } from './vector-columns.ts'

export interface NearestRequest {
  readonly using: string
  readonly params: VectorParams
  /** Prepared, see `prepareQuery`. */
  readonly query: VectorValue
  /** Only the first n rows. */
  readonly rowLimit: number
  /** Of these the ones that may be hits; undefined: all. */
  readonly passing: Uint32Array | undefined
  /** How many of its bits are set, if that is known. */
  readonly passingCount: number | undefined
  /** Whether `passing` never changes and will be asked for again. */
  readonly isKept: boolean
  readonly limit: number
  readonly effort: SearchEffort
}

const none: FoundRows = { rows: new Uint32Array(0), scores: new Float32Array(0), isExact: true }

/** The best rows of a segment, best first, by one vector: of sparse ones only those that have an index in common with the query. */
export function* nearestRows(rows: RowSet, request: NearestRequest): Searching<FoundRows> {
  const { using, params, query, rowLimit, passing, limit } = request
  const name = columnNameOf(using, params)
  const column = rows.vectors.get(name)
  if (column === undefined) return none
  if (isDenseColumn(column) && query instanceof Float32Array) {
    const passingCount = passing === undefined ? rowLimit : (request.passingCount ?? countBits(passing))
    return yield* searchColumn({
      column,
      graph: rows.graphOf(name),
      query,
      metric: metricOf(params),
      limit,
      rowLimit,
      passing,
      passingCount,
      isKept: request.isKept,
      effort: request.effort,
    })
  }
  assert(isSparse(query) && !isDenseColumn(column), 'vectors are searched by their like')
  const found = sparseMatches(column, query)
  const matches = [...found.keys()].filter((row) => row < rowLimit && mayBeHit(passing, row))
  const scores = Float32Array.from(matches, (row) => found.get(row)!)
  return best(Uint32Array.from(matches), scores, limit)
}

function mayBeHit(passing: Uint32Array | undefined, row: number): boolean {
  if (passing === undefined) return true
  return row >>> 5 < passing.length && ((passing[row >>> 5]! >>> (row & 31)) & 1) === 1
}

function best(rows: Uint32Array, scores: Float32Array, limit: number): FoundRows {
  const order = Uint32Array.from(rows, (_, place) => place).sort((a, b) => {
    const [x, y] = [scores[a]!, scores[b]!]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    if (x !== y) return x < y ? 1 : -1
    return rows[a]! - rows[b]!
  })
  const kept = order.subarray(0, limit)
  return {
    rows: Uint32Array.from(kept, (place) => rows[place]!),
    scores: Float32Array.from(kept, (place) => scores[place]!),
    isExact: true,
  }
}
