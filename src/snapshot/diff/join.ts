import { mergeInIdOrder, type IdOrderSource, type RowRef } from '../../collection/id-order.ts'
import { compareWords, type IdWords } from '../../ids/point-id.ts'
import type { RowSet } from '../../segment/row-set.ts'
import type { OneSidedRows } from './one-sided.ts'

/** The rows of one id: at least one of them is there. */
export interface Pair {
  readonly before: RowRef | undefined
  readonly after: RowRef | undefined
}

/** The rows of both sides matched by id, in id order: numbers, then UUIDs. */
export function* joinById({ from, to }: OneSidedRows): Iterable<Pair> {
  const before = new Head(from)
  const after = new Head(to)
  while (before.ref !== undefined || after.ref !== undefined) {
    const order = compareHeads(before, after)
    yield { before: order <= 0 ? before.ref : undefined, after: order >= 0 ? after.ref : undefined }
    if (order <= 0) before.next()
    if (order >= 0) after.next()
  }
}

/** A side that has ended comes last. */
function compareHeads(a: Head, b: Head): number {
  if (a.ref === undefined) return 1
  return b.ref === undefined ? -1 : compareWords(a.id, b.id)
}

/** The next row of one side. */
class Head {
  readonly id: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  ref: RowRef | undefined
  readonly #refs: Iterator<RowRef>

  constructor(sources: readonly IdOrderSource[]) {
    this.#refs = mergeInIdOrder(sources, undefined)[Symbol.iterator]()
    this.next()
  }

  next(): void {
    const next = this.#refs.next()
    this.ref = next.done === true ? undefined : next.value
    this.ref?.rows.idAt(this.ref.row, this.id)
  }
}

/** Some of the rows of a join, remembered at four bytes each. They are added in id order. */
export class ChosenRows {
  readonly #chosen = new Map<RowSet, number[]>()

  add(ref: RowRef | undefined): void {
    if (ref === undefined) return
    const rows = this.#chosen.get(ref.rows)
    if (rows === undefined) this.#chosen.set(ref.rows, [ref.row])
    else rows.push(ref.row)
  }

  sources(): readonly IdOrderSource[] {
    return [...this.#chosen].map(([rows, order]) => ({ rows, order: Uint32Array.from(order) }))
  }
}
