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

  addAll(rows: number | readonly number[] | undefined): void {
    if (rows === undefined) return
    if (typeof rows === 'number') this.add(rows)
    else for (let i = 0; i < rows.length; i++) this.add(rows[i]!)
  }

  /** The same, of a bitset. */
  addWords(words: Uint32Array): void {
    const count = Math.min(this.words.length, words.length)
    for (let i = 0; i < count; i++) this.words[i]! |= words[i]!
    this.#dropBeyond()
  }

  and(other: RowBits): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! &= other.words[i]!
  }

  or(other: RowBits): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! |= other.words[i]!
  }

  /** The rows that were not in it. */
  invert(): void {
    for (let i = 0; i < this.words.length; i++) this.words[i] = ~this.words[i]!
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
