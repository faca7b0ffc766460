import { countBits } from '../../runtime/bits.ts'
import type { IdOrderSource } from '../../collection/id-order.ts'
import { rowsOf } from '../../collection/matching.ts'
import type { SegmentHandle } from '../../collection/segment-handle.ts'
import { columnNameOf, type VectorSchema } from '../../collection/vector-columns.ts'
import { aliveBits, visibleBits, type View, type ViewEntry } from '../../collection/view.ts'
import { compareWords, type IdWords } from '../../ids/point-id.ts'
import type { RowSet } from '../../segment/row-set.ts'

// What a view sees of a segment is a prefix of its rows less some deletions. A row that both sides see is the same row, so
// only rows that one side alone sees can make a difference.

// From this share of a segment's rows on, its id order is made (once, and kept) and filtered; below, the rows are sorted.
const orderedShare = 1 / 8

/** The rows that one side sees and the other does not, segment by segment, in id order. */
export interface OneSidedRows {
  readonly from: readonly IdOrderSource[]
  readonly to: readonly IdOrderSource[]
}

/**
 * Calls `pause` between segments. Where a vector was added or dropped in between, the same row may show another point: then
 * every row is looked at.
 */
export async function oneSidedRows(from: View, to: View, pause: () => Promise<void>): Promise<OneSidedRows> {
  const found = { from: [] as IdOrderSource[], to: [] as IdOrderSource[] }
  const isAlike = hasSameColumns(from.config.vectors, to.config.vectors)
  const entriesOfTo = new Map<SegmentHandle, ViewEntry>()
  for (const entry of to.entries()) entriesOfTo.set(entry.handle, entry)
  for (const a of from.entries()) {
    const b = entriesOfTo.get(a.handle)
    entriesOfTo.delete(a.handle)
    if (b !== undefined && isAlike && seesTheSame(a, b)) continue
    const ofA = bitsOf(a)
    const ofB = b === undefined ? noRows : bitsOf(b)
    addOrdered(found.from, a, isAlike ? without(ofA, ofB) : ofA)
    addOrdered(found.to, a, isAlike ? without(ofB, ofA) : ofB)
    await pause()
  }
  for (const b of entriesOfTo.values()) {
    addOrdered(found.to, b, bitsOf(b))
    await pause()
  }
  return found
}

const noRows = new Uint32Array(0)

function hasSameColumns(from: VectorSchema, to: VectorSchema): boolean {
  const columns = (schema: VectorSchema): string =>
    JSON.stringify(
      Object.keys(schema)
        .sort()
        .map((name) => [name, columnNameOf(name, schema[name]!)]),
    )
  return columns(from) === columns(to)
}

function seesTheSame(a: ViewEntry, b: ViewEntry): boolean {
  return a.rowLimit === b.rowLimit && a.deletions === b.deletions && a.deletionCount === b.deletionCount
}

function bitsOf(entry: ViewEntry): Uint32Array {
  return visibleBits(entry) ?? aliveBits(entry.rowLimit, noRows)
}

/** 32 rows at a time. */
function without(bits: Uint32Array, others: Uint32Array): Uint32Array {
  const rest = bits.slice()
  const shared = Math.min(bits.length, others.length)
  for (let i = 0; i < shared; i++) rest[i]! &= ~others[i]!
  return rest
}

function addOrdered(sources: IdOrderSource[], { handle: { rows } }: ViewEntry, bits: Uint32Array): void {
  const count = countBits(bits)
  if (count > 0) sources.push({ rows, order: inIdOrder(rows, bits, count) })
}

function inIdOrder(rows: RowSet, bits: Uint32Array, count: number): Uint32Array {
  const order = new Uint32Array(count)
  let at = 0
  if (count >= rows.rowCount * orderedShare) {
    for (const row of rows.rowsInIdOrder()) {
      const isSet = row >>> 5 < bits.length && ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1
      if (isSet) order[at++] = row
    }
    return order
  }
  for (const row of rowsOf(bits)) order[at++] = row
  const a: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  const b: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  return order.sort((i, j) => {
    rows.idAt(i, a)
    rows.idAt(j, b)
    return compareWords(a, b)
  })
}
