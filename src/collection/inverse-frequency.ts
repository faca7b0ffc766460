import { countBits } from '../runtime/bits.ts'
import type { SparseVector } from '../graph/vector-value.ts'
import type { Filter } from '../query/filter.ts'
import { isDenseColumn } from '../graph/stored/dense-column.ts'
import { Matcher } from './matching.ts'
import type { VectorParams } from './types.ts'
import { columnNameOf } from './vector-columns.ts'
import { aliveBits, visibleBits, type View } from './view.ts'

/**
 * The query with each value weighed by ln(1 + (n - df + 0.5) / (df + 0.5)): n points of the corpus have such a vector, df of
 * them this index (the formula that Qdrant states for its `idf` modifier). What was deleted does not count.
 */
export function weighByFrequency(
  view: View,
  using: string,
  params: VectorParams,
  query: SparseVector,
  corpus: Filter | undefined,
): SparseVector {
  const matcher = corpus === undefined ? undefined : new Matcher(corpus, view.config)
  const frequencies = new Uint32Array(query.indices.length)
  let total = 0
  for (const entry of view.entries()) {
    const column = entry.handle.rows.vectors.get(columnNameOf(using, params))
    if (column === undefined || isDenseColumn(column)) continue
    const bits = matcher?.bits(entry) ?? visibleBits(entry) ?? aliveBits(entry.rowLimit, new Uint32Array(0))
    const has = (row: number): boolean =>
      row >>> 5 < bits.length && ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1
    if (column.presentCount === column.rowCount) total += countBits(bits)
    else for (let row = 0; row < entry.rowLimit; row++) if (has(row) && column.has(row)) total += 1
    const postings = column.postings()
    for (let i = 0; i < frequencies.length; i++) {
      const list = postings.get(query.indices[i]!)
      for (let at = 0; at < (list?.count ?? 0); at++) if (has(list!.rows[at]!)) frequencies[i]! += 1
    }
  }
  const values = query.values.map((value, i) => {
    const df = frequencies[i]!
    return value * Math.fround(Math.log(1 + (total - df + 0.5) / (df + 0.5)))
  })
  return { indices: query.indices, values }
}
