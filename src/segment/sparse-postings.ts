/** Rows that have an index, ascending, with their values there. */
export interface Postings {
  readonly count: number
  /** May be longer than `count`. */
  readonly rows: Uint32Array
  readonly values: Float32Array
}

interface GrowingPostings {
  count: number
  rows: Uint32Array
  values: Float32Array
}

/** An inverted index over sparse vectors; rows are added in ascending order. */
export class SparsePostings {
  readonly #lists = new Map<number, GrowingPostings>()
  #rowCount = 0
  #bytes = 0

  get rowCount(): number {
    return this.#rowCount
  }

  /** Memory held, in bytes; about. */
  get bytes(): number {
    return this.#bytes + this.#lists.size * 160
  }

  add(row: number, indices: Uint32Array, values: Float32Array): void {
    for (let i = 0; i < indices.length; i++) {
      const list = this.#listOf(indices[i]!)
      list.rows[list.count] = row
      list.values[list.count] = values[i]!
      list.count += 1
    }
    this.#rowCount = row + 1
  }

  get(index: number): Postings | undefined {
    return this.#lists.get(index)
  }

  /** With room for one more. */
  #listOf(index: number): GrowingPostings {
    let list = this.#lists.get(index)
    if (list === undefined) {
      list = { count: 0, rows: new Uint32Array(2), values: new Float32Array(2) }
      this.#lists.set(index, list)
      this.#bytes += 16
    }
    if (list.count < list.rows.length) return list
    const rows = new Uint32Array(list.count * 2)
    const values = new Float32Array(list.count * 2)
    rows.set(list.rows)
    values.set(list.values)
    this.#bytes += list.count * 8
    list.rows = rows
    list.values = values
    return list
  }
}
