import { countBits } from '../../runtime/bits.ts'
import type { Condition, Filter } from '../../query/filter.ts'
import type { RowSet } from '../../segment/row-set.ts'
import type { RowRef } from '../id-order.ts'
import { Matcher, rowsOf } from '../matching.ts'
import type { Slices } from '../../runtime/slices.ts'
import { aliveBits, sharedVisibleRows, type View, type ViewEntry } from '../view.ts'

/** Rows of one segment that a query may find. */
export interface Candidates {
  readonly rows: RowSet
  /** Only the first n rows. */
  readonly rowLimit: number
  /** Left out: all of them. Read only. */
  readonly bits?: Uint32Array
  /** How many bits are set, if that is known. */
  readonly passingCount?: number
  /** Whether the bits are those that the next query will have, too. */
  readonly isKept?: boolean
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
  readonly #slices: Slices
  readonly #known = new Map<Filter, Promise<readonly Candidates[]>>()
  #all: readonly Candidates[] | undefined

  constructor(view: View, slices: Slices) {
    this.#view = view
    this.#slices = slices
  }

  /** At once where there is no filter. @throws filter-invalid */
  passing(
    filter: Filter | undefined,
    excluded: readonly RowRef[],
  ): readonly Candidates[] | Promise<readonly Candidates[]> {
    if (filter === undefined) return remaining((this.#all ??= this.#visible()), excluded)
    let passing = this.#known.get(filter)
    if (passing === undefined) {
      passing = this.#select(filter)
      this.#known.set(filter, passing)
    }
    return excluded.length === 0 ? passing : passing.then((found) => remaining(found, excluded))
  }

  #visible(): Candidates[] {
    const visible: Candidates[] = []
    for (const entries of this.#view.shards) {
      for (const entry of entries) visible.push(visibleCandidates(entry))
    }
    return visible
  }

  async #select(filter: Filter): Promise<Candidates[]> {
    const entries = [...this.#view.entries()]
    const matcher = new Matcher(filter, this.#view.config)
    const bits = await matcher.bitsInSlices(entries, this.#slices)
    return entries.map(({ handle, rowLimit }, index) => ({ rows: handle.rows, rowLimit, bits: bits[index]! }))
  }
}

function remaining(candidates: readonly Candidates[], excluded: readonly RowRef[]): readonly Candidates[] {
  return excluded.length === 0 ? candidates : candidates.map((one) => without(one, excluded))
}

function visibleCandidates(entry: ViewEntry): Candidates {
  const all = { rows: entry.handle.rows, rowLimit: entry.rowLimit }
  const visible = sharedVisibleRows(entry)
  if (visible === undefined) return all
  return { ...all, bits: visible.bits, passingCount: visible.count, isKept: true }
}

function without(candidates: Candidates, excluded: readonly RowRef[]): Candidates {
  const here = excluded.filter(({ rows, row }) => rows === candidates.rows && row < candidates.rowLimit)
  if (here.length === 0) return candidates
  const bits = bitsOf(candidates).slice()
  for (const { row } of here) bits[row >>> 5]! &= ~(1 << (row & 31))
  return { rows: candidates.rows, rowLimit: candidates.rowLimit, bits }
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
