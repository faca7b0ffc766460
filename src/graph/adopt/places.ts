import { childMark, equalMark, noRow, rowMask } from '../hnsw/hnsw-records.ts'
import type { SourceGraph } from './source-graph.ts'

/** Which row of the new graph takes the place of which of the source. */
export interface Places {
  /** Rows of the new graph that come from the source. */
  readonly rowCount: number
  /** Per row of the source the one that its links lead to now; `noRow`: it has no place any more. */
  readonly placeOf: Uint32Array
  /** Per row of the new graph the one of the source whose place it takes; `noRow`: it is one of several equal rows, or has no vector. */
  readonly originOf: Uint32Array
  /** Per row of the new graph the rows with the same vector, newest first, if it stands for any. */
  readonly equals: ReadonlyMap<number, readonly number[]>
}

/**
 * A row keeps its place. That of a row that is gone is taken by the oldest of those equal to it, if there are any. `rowOf` is,
 * per row of the source, its number now, or `noRow`; the order is the same, and there are no gaps.
 */
export function placesOf(
  { links, m, nextRow }: SourceGraph,
  rowOf: Uint32Array,
  hasVector: (row: number) => boolean,
): Places {
  const room = 2 * m
  const rowCount = rowOf.reduce((count, row) => count + (row === noRow ? 0 : 1), 0)
  const placeOf = rowOf.slice()
  const originOf = new Uint32Array(rowCount).fill(noRow)
  const equals = new Map<number, number[]>()
  const isMember = new Uint8Array(nextRow)
  for (let row = 0; row < nextRow; row++) {
    if (isMember[row] === 1) continue
    const members: number[] = []
    for (let link = links[row * room]!; isEqualLink(link); link = links[(link & rowMask) * room]!) {
      const member = link & rowMask
      isMember[member] = 1
      // Nothing but the chain leads to it.
      placeOf[member] = noRow
      if (rowOf[member] !== noRow) members.push(rowOf[member]!)
    }
    const place = rowOf[row] === noRow ? members.pop() : rowOf[row]
    if (place === undefined) continue
    placeOf[row] = place
    if (hasVector(place)) originOf[place] = row
    if (members.length > 0) equals.set(place, members)
  }
  return { rowCount, placeOf, originOf, equals }
}

function isEqualLink(link: number): boolean {
  return link !== noRow && (link & equalMark) !== 0 && (link & childMark) !== 0
}
