import type { SequenceNumber } from '../ids/brands.ts'
import type { SnapshotRecord } from '../manifest/format.ts'

interface Indexed {
  readonly record: SnapshotRecord
}

// Invariant: the states are in the order of their numbers, which is the order of creation.

/** Snapshots in order of creation: a page from anywhere costs what the page holds. */
export class SnapshotIndex<T extends Indexed> {
  readonly #states: T[] = []

  get size(): number {
    return this.#states.length
  }

  add(state: T): void {
    const last = this.#states.at(-1)
    if (last === undefined || last.record.seq <= state.record.seq) this.#states.push(state)
    else this.#states.splice(this.#firstFrom(state.record.seq + 1), 0, state)
  }

  remove(state: T): void {
    for (let i = this.#firstFrom(state.record.seq); i < this.#states.length; i++) {
      if (this.#states[i] !== state) continue
      this.#states.splice(i, 1)
      return
    }
  }

  /** Oldest first, from the first with a number above `after`. */
  *ascending(after: SequenceNumber | undefined): Iterable<T> {
    for (let i = after === undefined ? 0 : this.#firstFrom(after + 1); i < this.#states.length; i++)
      yield this.#states[i]!
  }

  /** Newest first, from the last with a number below `before`. */
  *descending(before: SequenceNumber | undefined): Iterable<T> {
    const end = before === undefined ? this.#states.length : this.#firstFrom(before)
    for (let i = end - 1; i >= 0; i--) yield this.#states[i]!
  }

  /** The place of the first state with a number of at least `seq`. */
  #firstFrom(seq: number): number {
    let low = 0
    let high = this.#states.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#states[middle]!.record.seq < seq) low = middle + 1
      else high = middle
    }
    return low
  }
}
