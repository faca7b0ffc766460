import { assert } from '../runtime/assert.ts'

// Invariants:
//   - no two ranges overlap or touch: neighbours are joined when they are added.
//   - a range of length n is in the class floor(log2(n)), so all of a higher class than a request's are long enough.

/** Runs of free bytes. Knows nothing of what they belong to. */
export class FreeRanges {
  readonly #lengths = new Map<number, number>()
  readonly #startsByEnd = new Map<number, number>()
  readonly #classes: Set<number>[] = []

  /** How many separate ranges there are. */
  get count(): number {
    return this.#lengths.size
  }

  /** The length of the range that ends at `end`, 0 if none does. */
  lengthBefore(end: number): number {
    const start = this.#startsByEnd.get(end)
    return start === undefined ? 0 : end - start
  }

  add(start: number, length: number): void {
    assert(length > 0, 'a free range has bytes')
    let first = start
    let end = start + length
    const before = this.#startsByEnd.get(start)
    if (before !== undefined) {
      this.#remove(before)
      first = before
    }
    const after = this.#lengths.get(end)
    if (after !== undefined) {
      this.#remove(end)
      end += after
    }
    this.#insert(first, end - first)
  }

  /** The start of `length` bytes that are free no more; undefined if no range is long enough. */
  take(length: number): number | undefined {
    const start = this.#find(length)
    if (start === undefined) return undefined
    const found = this.#lengths.get(start)!
    this.#remove(start)
    if (found > length) this.#insert(start + length, found - length)
    return start
  }

  #find(length: number): number | undefined {
    const own = classOf(length)
    for (const start of this.#classes[own] ?? []) {
      if (this.#lengths.get(start)! >= length) return start
    }
    for (let index = own + 1; index < this.#classes.length; index++) {
      for (const start of this.#classes[index]!) return start
    }
    return undefined
  }

  #insert(start: number, length: number): void {
    const index = classOf(length)
    while (this.#classes.length <= index) this.#classes.push(new Set())
    this.#lengths.set(start, length)
    this.#startsByEnd.set(start + length, start)
    this.#classes[index]!.add(start)
  }

  #remove(start: number): void {
    const length = this.#lengths.get(start)!
    this.#lengths.delete(start)
    this.#startsByEnd.delete(start + length)
    this.#classes[classOf(length)]!.delete(start)
  }
}

function classOf(length: number): number {
  return Math.floor(Math.log2(length))
}
