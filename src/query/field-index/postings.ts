import type { RowBits } from './row-bits.ts'

export type PostingKey = string | number | bigint | boolean

interface DenseRows {
  words: Uint32Array
  /** Rows of the list that are in it. */
  count: number
}

/** Rows by key; a row is listed once per key, in order. A key of one row costs no list. */
export class Postings {
  readonly #rows = new Map<PostingKey, number | number[]>()
  readonly #dense = new Map<PostingKey, DenseRows>()

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

  /** Adds the rows of a key. */
  addTo(found: RowBits, key: PostingKey): void {
    const rows = this.#rows.get(key)
    if (typeof rows !== 'object' || !isDense(rows)) found.addAll(rows)
    else found.addWords(this.#denseRows(key, rows))
  }

  #denseRows(key: PostingKey, rows: readonly number[]): Uint32Array {
    let dense = this.#dense.get(key)
    if (dense === undefined) this.#dense.set(key, (dense = { words: new Uint32Array(0), count: 0 }))
    const wordCount = (rows.at(-1)! >>> 5) + 1
    if (dense.words.length < wordCount) {
      const old = dense.words
      dense.words = new Uint32Array(Math.max(wordCount, Math.ceil(old.length * 1.25)))
      dense.words.set(old)
    }
    const { words } = dense
    for (let i = dense.count; i < rows.length; i++) words[rows[i]! >>> 5]! |= 1 << (rows[i]! & 31)
    dense.count = rows.length
    return words
  }
}

const denseMin = 256

/** Whether a bitset takes up no more memory than the list. */
function isDense(rows: readonly number[]): boolean {
  return rows.length >= denseMin && rows.length * 32 >= rows.at(-1)!
}
