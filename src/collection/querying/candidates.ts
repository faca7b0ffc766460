import type { Condition, Filter } from '../../query/filter.ts'
import type { RowSet } from '../../segment/row-set.ts'
import type { RowRef } from '../id-order.ts'
import { countBits, Matcher, rowsOf } from '../matching.ts'
import { aliveBits, visibleBits, type View } from '../view.ts'

/** Rows of one segment that a query may find. */
export interface Candidates {
  readonly rows: RowSet
  /** Only the first n rows. */
  readonly rowLimit: number
  /** Left out: all of them. */
  readonly bits?: Uint32Array
}

/** The candidates as a bitset. */
export function bitsOf({ rowLimit, bits }: Candidates): Uint32Array {
  return bits ?? aliveBits(rowLimit, new Uint32Array(0))
}

/** The rows, ascending; only those with a vector in that column, if one is named. */
export function listOf(candidates: Candidates, columnName?: string): Uint32Array {
  const bits = bitsOf(candidates)
  const column = columnName === undefined ? undefined : candidates.rows.vectors.get(columnName)
  const list = new Uint32Array(columnName !== undefined && column === undefined ? 0 : countBits(bits))
  if (list.length === 0) return list
  let count = 0
  for (const row of rowsOf(bits)) if (column === undefined || column.has(row)) list[count++] = row
  return list.subarray(0, count)
}

export function countOf(candidates: readonly Candidates[]): number {
  return candidates.reduce(
    (sum, one) => sum + (one.bits === undefined ? one.rowLimit : countBits(one.bits)),
    0,
  )
}

/** Which rows of one view pass which filter; each filter is asked once. */
export class CandidateSource {
  readonly #view: View
  readonly #known = new Map<Filter | undefined, readonly Candidates[]>()

  constructor(view: View) {
    this.#view = view
  }

  /** @throws filter-invalid */
  passing(filter: Filter | undefined, excluded: readonly RowRef[]): readonly Candidates[] {
    let passing = this.#known.get(filter)
    if (passing === undefined) {
      passing = this.#select(filter)
      this.#known.set(filter, passing)
    }
    return excluded.length === 0 ? passing : passing.map((one) => without(one, excluded))
  }

  #select(filter: Filter | undefined): Candidates[] {
    const matcher = filter === undefined ? undefined : new Matcher(filter, this.#view.config)
    return [...this.#view.entries()].map((entry) => {
      const bits = matcher === undefined ? visibleBits(entry) : matcher.bits(entry)
      const all = { rows: entry.handle.rows, rowLimit: entry.rowLimit }
      return bits === undefined ? all : { ...all, bits }
    })
  }
}

function without(candidates: Candidates, excluded: readonly RowRef[]): Candidates {
  const here = excluded.filter(({ rows, row }) => rows === candidates.rows && row < candidates.rowLimit)
  if (here.length === 0) return candidates
  const bits = bitsOf(candidates).slice()
  for (const { row } of here) bits[row >>> 5]! &= ~(1 << (row & 31))
  return { ...candidates, bits }
}

/** The rows of several lists, each once. */
export function candidatesOf(lists: readonly (readonly RowRef[])[]): Candidates[] {
  const found = new Map<RowSet, Uint32Array>()
  for (const list of lists) {
    for (const { rows, row } of list) {
      let bits = found.get(rows)
      if (bits === undefined) {
        bits = new Uint32Array((rows.rowCount + 31) >>> 5)
        found.set(rows, bits)
      }
      bits[row >>> 5]! |= 1 << (row & 31)
    }
  }
  return [...found].map(([rows, bits]) => ({ rows, rowLimit: rows.rowCount, bits }))
}

/** Both filters; one of them if the other is absent. */
export function bothFilters(a: Filter | undefined, b: Filter | undefined): Filter | undefined {
  if (a === undefined || b === undefined) return a ?? b
  // Conditions at the top are the ones that index structures and ids help most with.
  const join = (one?: readonly Condition[], other?: readonly Condition[]): readonly Condition[] => [
    ...(one ?? []),
    ...(other ?? []),
  ]
  const rest = (filter: Filter): Condition[] => {
    const { should, minShould } = filter
    if (should === undefined && minShould === undefined) return []
    const inner = {
      ...(should === undefined ? {} : { should }),
      ...(minShould === undefined ? {} : { minShould }),
    }
    return [{ kind: 'filter', filter: inner }]
  }
  return {
    must: [...join(a.must, b.must), ...rest(a), ...rest(b)],
    mustNot: join(a.mustNot, b.mustNot),
  }
}
