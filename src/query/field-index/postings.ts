/** Rows by key; a row is listed once per key, in order. */
export class Postings {
  readonly #rows = new Map<string, number[]>()

  add(key: string, row: number): void {
    const rows = this.#rows.get(key)
    if (rows === undefined) this.#rows.set(key, [row])
    else if (rows[rows.length - 1] !== row) rows.push(row)
  }

  rows(key: string): readonly number[] {
    return this.#rows.get(key) ?? []
  }
}

/** (value, row) pairs, sorted when they are next asked for. */
export class SortedValues {
  #values: number[] = []
  #rows: number[] = []
  #sortedCount = 0

  add(value: number, row: number): void {
    this.#values.push(value)
    this.#rows.push(row)
  }

  /** Rows with a value from `low` to `high`, both included; undefined is unbounded. A row may come more than once. */
  rowsBetween(low: number | undefined, high: number | undefined): number[] {
    this.#sort()
    const from = low === undefined ? 0 : lowerBound(this.#values, low)
    const rows: number[] = []
    for (let i = from; i < this.#values.length && (high === undefined || this.#values[i]! <= high); i++)
      rows.push(this.#rows[i]!)
    return rows
  }

  #sort(): void {
    if (this.#sortedCount === this.#values.length) return
    const order = this.#values.map((_, index) => index)
    order.sort((a, b) => this.#values[a]! - this.#values[b]! || this.#rows[a]! - this.#rows[b]!)
    this.#values = order.map((index) => this.#values[index]!)
    this.#rows = order.map((index) => this.#rows[index]!)
    this.#sortedCount = this.#values.length
  }
}

function lowerBound(values: readonly number[], wanted: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}
