import { strideOf } from '../vector-column.ts'
import { mergeKeys } from '../vector-hits.ts'
import type { StoredColumn } from '../stored/stored-column.ts'
import type { FoundKeys, ScanTask, Searching } from './vector-searcher.ts'

// As where rows are in memory (assembly/hnsw-search.ts): so many of what codes rank first are ranked by their vectors.
const rankedPerHit = 2
const rankedMore = 12

/** Vector bytes that one thread reads at a time. */
const partBytes = 4 * 2 ** 20
/** Rows that are looked at in one go for whether they may be hits. */
const windowRows = 2 ** 18
/** Parts that are asked for at once: threads have enough to do, and what they are told takes little memory. */
const partsAtOnce = 8

type Ranking = Pick<ScanTask, 'query' | 'metric' | 'limit'>

/** How many of the rows that codes rank best are to be ranked by their vectors. */
export function rankedCount(limit: number): number {
  return limit * rankedPerHit + rankedMore
}

/** Keys of what codes have found, by the vectors in the file. */
export function* rankStored(
  column: StoredColumn,
  found: BigUint64Array,
  { query, metric, limit }: Ranking,
): Searching<FoundKeys> {
  const words = new Uint32Array(found.buffer, found.byteOffset, found.length * 2)
  const rows = new Uint32Array(found.length)
  for (let at = 0; at < rows.length; at++) rows[at] = words[2 * at]!
  return yield { kind: 'stored', tasks: [{ column, query, metric, limit, rows: rows.sort() }] }
}

/** An exact scan of rows in the file, in parts. */
export function* scanStored(
  column: StoredColumn,
  {
    query,
    metric,
    limit,
    firstRow,
    rowLimit,
    passing,
  }: Ranking & Pick<ScanTask, 'firstRow' | 'rowLimit' | 'passing'>,
): Searching<BigUint64Array> {
  const partRows = Math.max(1, Math.floor(partBytes / (strideOf(column.dimensions) * 4)))
  let best: BigUint64Array = new BigUint64Array(0)
  for (let first = firstRow; first < rowLimit; first += windowRows) {
    const rows = column.presentRows(first, Math.min(rowLimit, first + windowRows), passing)
    for (let start = 0; start < rows.length; start += partsAtOnce * partRows) {
      const some = rows.subarray(start, start + partsAtOnce * partRows)
      const tasks = Array.from({ length: Math.ceil(some.length / partRows) }, (_, part) => {
        const own = some.subarray(part * partRows, (part + 1) * partRows)
        return { column, query, metric, limit, rows: own }
      })
      const found = yield { kind: 'stored', tasks }
      if (found !== undefined) best = mergeKeys([best, found], limit)
    }
  }
  return best
}
