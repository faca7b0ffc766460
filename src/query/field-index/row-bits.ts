/** Rows as a bitset: bit row & 31 of word row >>> 5. */
export class RowBits {
  readonly words: Uint32Array
  readonly #rowCount: number

  constructor(rowCount: number) {
    this.words = new Uint32Array((rowCount + 31) >>> 5)
    this.#rowCount = rowCount
  }

  /** Rows beyond the count are left out: an index may know of more rows than were asked for. */
  add(row: number): void {
    if (row < this.#rowCount) this.words[row >>> 5]! |= 1 << (row & 31)
  }

  remove(row: number): void {
    if (row < this.#rowCount) this.words[row >>> 5]! &= ~(1 << (row & 31))
  }

  addAll(rows: number | readonly number[] | undefined): void {
    if (rows === undefined) return
    if (typeof rows === 'number') this.add(rows)
    else for (let i = 0; i < rows.length; i++) this.add(rows[i]!)
  }

  /** The same, of a bitset. */
  addWords(words: Uint32Array): void {
    const own = this.words
    const count = Math.min(own.length, words.length)
    for (let i = 0; i < count; i++) own[i]! |= words[i]!
    this.#dropBeyond()
  }

  /** The rows of `all` that are not among `some` of them. */
  addDifference(some: Uint32Array | undefined, all: Uint32Array | undefined): void {
    if (all === undefined) return
    const { words } = this
    const count = Math.min(words.length, all.length)
    if (some === undefined) for (let i = 0; i < count; i++) words[i]! |= all[i]!
    else for (let i = 0; i < count; i++) words[i]! |= all[i]! ^ some[i]!
    this.#dropBeyond()
  }

  and(other: RowBits): void {
    const { words } = this
    for (let i = 0; i < words.length; i++) words[i]! &= other.words[i]!
  }

  or(other: RowBits): void {
    const { words } = this
    for (let i = 0; i < words.length; i++) words[i]! |= other.words[i]!
  }

  /** The rows that were not in it. */
  invert(): void {
    const { words } = this
    for (let i = 0; i < words.length; i++) words[i] = ~words[i]!
    this.#dropBeyond()
  }

  has(row: number): boolean {
    return ((this.words[row >>> 5]! >>> (row & 31)) & 1) === 1
  }

  #dropBeyond(): void {
    const rest = this.#rowCount & 31
    if (rest !== 0) this.words[this.words.length - 1]! &= (1 << rest) - 1
  }
}
