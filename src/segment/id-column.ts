import type { IdSource } from '../ids/id-table.ts'
import { hashParts, idKindNumber, idKindUuid, type IdWords } from '../ids/point-id.ts'
import { grownRows, sharedBytes, sharedUint32 } from './shared-array.ts'

/** An id column as another thread sees it. */
export interface IdColumnImage {
  /** Four words per row. */
  readonly words: Uint32Array
  /** One `IdKind` per row. */
  readonly kinds: Uint8Array
}

/** The ids of rows: 17 bytes each. */
export class IdColumn implements IdSource {
  #words: Uint32Array
  #kinds: Uint8Array
  #rowCount = 0

  constructor(capacityRows = 0) {
    this.#words = sharedUint32(capacityRows * 4)
    this.#kinds = sharedBytes(capacityRows)
  }

  /** Rows that another thread has written. */
  static adopt({ words, kinds }: IdColumnImage): IdColumn {
    const column = new IdColumn()
    column.#words = words
    column.#kinds = kinds
    column.#rowCount = kinds.length
    return column
  }

  get rowCount(): number {
    return this.#rowCount
  }

  get bytes(): number {
    return this.#words.byteLength + this.#kinds.byteLength
  }

  append(id: Readonly<IdWords>): number {
    const row = this.#rowCount
    if (row === this.#kinds.length) this.#grow()
    const words = this.#words
    const at = row * 4
    words[at] = id.w0
    words[at + 1] = id.w1
    words[at + 2] = id.w2
    words[at + 3] = id.w3
    this.#kinds[row] = id.kind
    this.#rowCount = row + 1
    return row
  }

  /** All rows of the image, in their order. */
  appendAll({ words, kinds }: IdColumnImage): void {
    const row = this.#rowCount
    while (this.#kinds.length < row + kinds.length) this.#grow()
    this.#words.set(words, row * 4)
    this.#kinds.set(kinds, row)
    this.#rowCount = row + kinds.length
  }

  read(row: number, out: IdWords): void {
    readIdAt(this.#words, this.#kinds, row, out)
  }

  isIdAt(row: number, id: Readonly<IdWords>): boolean {
    const words = this.#words
    const at = row * 4
    return (
      words[at] === id.w0 &&
      words[at + 1] === id.w1 &&
      words[at + 2] === id.w2 &&
      words[at + 3] === id.w3 &&
      this.#kinds[row] === id.kind
    )
  }

  isSameId(row: number, other: number): boolean {
    const words = this.#words
    const a = row * 4
    const b = other * 4
    return (
      words[a] === words[b] &&
      words[a + 1] === words[b + 1] &&
      words[a + 2] === words[b + 2] &&
      words[a + 3] === words[b + 3] &&
      this.#kinds[row] === this.#kinds[other]
    )
  }

  hashAt(row: number): number {
    return hashIdAt(this.#words, this.#kinds, row)
  }

  image(): IdColumnImage {
    return { words: this.#words, kinds: this.#kinds }
  }

  #grow(): void {
    const rows = grownRows(this.#kinds.length)
    const words = sharedUint32(rows * 4)
    words.set(this.#words)
    const kinds = sharedBytes(rows)
    kinds.set(this.#kinds)
    this.#words = words
    this.#kinds = kinds
  }
}

/** The id of a row, of columns as in `IdColumnImage`. */
export function readIdAt(words: Uint32Array, kinds: Uint8Array, row: number, out: IdWords): void {
  const at = row * 4
  out.kind = kinds[row] === idKindUuid ? idKindUuid : idKindNumber
  out.w0 = words[at]!
  out.w1 = words[at + 1]!
  out.w2 = words[at + 2]!
  out.w3 = words[at + 3]!
}

/** Its `hashWords`. */
export function hashIdAt(words: Uint32Array, kinds: Uint8Array, row: number): number {
  const at = row * 4
  return hashParts(kinds[row]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
}

/** Some rows, in the order in which they are named. Copies. */
export function pickIds({ words, kinds }: IdColumnImage, rows: Uint32Array): IdColumnImage {
  const pickedWords = new Uint32Array(4 * rows.length)
  const pickedKinds = new Uint8Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i]! * 4
    pickedWords[4 * i] = words[at]!
    pickedWords[4 * i + 1] = words[at + 1]!
    pickedWords[4 * i + 2] = words[at + 2]!
    pickedWords[4 * i + 3] = words[at + 3]!
    pickedKinds[i] = kinds[rows[i]!]!
  }
  return { words: pickedWords, kinds: pickedKinds }
}
