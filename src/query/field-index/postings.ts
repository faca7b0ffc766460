export type PostingKey = string | number | bigint | boolean

/** Rows by key; a row is listed once per key, in order. A key of one row costs no list. */
export class Postings {
  readonly #rows = new Map<PostingKey, number | number[]>()

  add(key: PostingKey, row: number): void {
    const rows = this.#rows.get(key)
    if (rows === undefined) this.#rows.set(key, row)
    else if (typeof rows === 'number') {
      if (rows !== row) this.#rows.set(key, [rows, row])
    } else if (rows[rows.length - 1] !== row) rows.push(row)
  }

  rows(key: PostingKey): number | readonly number[] | undefined {
    return this.#rows.get(key)
  }

  count(key: PostingKey): number {
    const rows = this.#rows.get(key)
    if (rows === undefined) return 0
    return typeof rows === 'number' ? 1 : rows.length
  }
}
