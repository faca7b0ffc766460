import { isMulti, isSparse, type VectorValue } from '../graph/vector-value.ts'
import { assert } from '../runtime/assert.ts'
import { PayloadColumn, type PayloadColumnImage } from './payload-column.ts'
import { SparsePostings } from './sparse-postings.ts'

export type PackedKind = 'sparse' | 'multi'

/** A packed column as another thread sees it: nothing is copied. */
export interface PackedColumnImage {
  readonly kind: PackedKind
  readonly dimensions: number
  readonly rowCount: number
  readonly presentCount: number
  readonly rows: PayloadColumnImage
}

const noBytes = new Uint8Array(0)

// Invariants:
//   - the bytes of a row: a count (u32), then for `sparse` so many indices (u32, ascending) and so many values (float32),
//     for `multi` so many times `dimensions` float32. A row without a vector has no bytes.
//   - all lengths are multiples of four, so that words are aligned in their chunk.

/** Sparse vectors, or several vectors for each row: rows of unequal length in shared memory. Rows are only appended. */
export class PackedColumn {
  readonly kind: PackedKind
  /** Of each vector of a row; 0 for sparse ones. */
  readonly dimensions: number
  readonly #rows: PayloadColumn
  #postings: SparsePostings | undefined
  #presentCount = 0

  constructor(kind: PackedKind, dimensions: number, capacityRows = 0) {
    assert(
      (kind === 'sparse') === (dimensions === 0),
      'vectors of several rows have dimensions, sparse ones have none',
    )
    this.kind = kind
    this.dimensions = dimensions
    this.#rows = new PayloadColumn(capacityRows)
  }

  get rowCount(): number {
    return this.#rows.rowCount
  }

  get presentCount(): number {
    return this.#presentCount
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#rows.bytes + (this.#postings?.bytes ?? 0)
  }

  /** Of the vectors themselves, those of rows that were replaced or removed among them. */
  get vectorBytes(): number {
    return this.#rows.payloadBytes
  }

  append(vector: VectorValue | undefined): number {
    if (vector === undefined) return this.#rows.append(noBytes)
    this.#presentCount += 1
    return this.#rows.append(packVector(vector))
  }

  /** Rows whose bytes lie one behind the other in `data`, which is checked and becomes the column's. Absent: length 0. */
  static adopt(
    kind: PackedKind,
    dimensions: number,
    lengths: Uint32Array,
    data: Uint8Array<SharedArrayBuffer>,
  ): PackedColumn {
    const column = new PackedColumn(kind, dimensions, lengths.length)
    const chunk = column.#rows.adoptChunk(data)
    let at = 0
    for (const length of lengths) {
      column.#rows.appendPlace(chunk, at, length)
      if (length > 0) column.#presentCount += 1
      at += length
    }
    return column
  }

  has(row: number): boolean {
    return row < this.rowCount && this.#rows.get(row).byteLength > 0
  }

  /** A copy; undefined if the row has no vector. */
  get(row: number): VectorValue | undefined {
    if (!this.has(row)) return undefined
    const bytes = this.#rows.get(row)
    const copy = new Uint8Array(bytes.byteLength)
    copy.set(bytes)
    const words = new Uint32Array(copy.buffer)
    const count = words[0]!
    if (this.kind === 'multi')
      return {
        dimensions: this.dimensions,
        values: new Float32Array(copy.buffer, 4, count * this.dimensions),
      }
    return {
      indices: words.subarray(1, 1 + count),
      values: new Float32Array(copy.buffer, 4 + 4 * count, count),
    }
  }

  /** The floats of a row, a view of shared memory; empty if it has no vector. For `multi` only. */
  floatsAt(row: number): Float32Array {
    assert(this.kind === 'multi', 'only vectors of several rows are floats throughout')
    const bytes = this.#rows.get(row)
    if (bytes.byteLength === 0) return new Float32Array(0)
    return new Float32Array(bytes.buffer, bytes.byteOffset + 4, bytes.byteLength / 4 - 1)
  }

  /** For each index, the rows that have it: made when first asked for, up to date with the rows. For `sparse` only. */
  postings(): SparsePostings {
    assert(this.kind === 'sparse', 'only sparse vectors have postings')
    this.#postings ??= new SparsePostings()
    for (let row = this.#postings.rowCount; row < this.rowCount; row++) {
      const bytes = this.#rows.get(row)
      if (bytes.byteLength === 0) this.#postings.add(row, noIndices, noValues)
      else {
        const count = (bytes.byteLength - 4) / 8
        const indices = new Uint32Array(bytes.buffer, bytes.byteOffset + 4, count)
        this.#postings.add(
          row,
          indices,
          new Float32Array(bytes.buffer, bytes.byteOffset + 4 + 4 * count, count),
        )
      }
    }
    return this.#postings
  }

  image(): PackedColumnImage {
    return {
      kind: this.kind,
      dimensions: this.dimensions,
      rowCount: this.rowCount,
      presentCount: this.#presentCount,
      rows: this.#rows.image(),
    }
  }

  /** Memory goes with the last reference. */
  dispose(): void {
    this.#postings = undefined
  }
}

const noIndices = new Uint32Array(0)
const noValues = new Float32Array(0)

/** The bytes of a row, see above. */
export function packVector(vector: VectorValue): Uint8Array {
  if (isSparse(vector)) {
    const count = vector.indices.length
    const words = new Uint32Array(1 + 2 * count)
    words[0] = count
    words.set(vector.indices, 1)
    new Float32Array(words.buffer, 4 + 4 * count, count).set(vector.values)
    return new Uint8Array(words.buffer)
  }
  assert(isMulti(vector), 'a dense vector is not packed')
  const words = new Uint32Array(1 + vector.values.length)
  words[0] = vector.values.length / vector.dimensions
  new Float32Array(words.buffer, 4).set(vector.values)
  return new Uint8Array(words.buffer)
}

/** Why the bytes are no row of such a column; undefined if they are one. */
export function faultOfPacked(kind: PackedKind, dimensions: number, bytes: Uint8Array): string | undefined {
  if (bytes.byteLength % 4 !== 0 || bytes.byteLength < 4) return 'its length is not that of whole numbers'
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  const count = words[0]!
  if (kind === 'multi') {
    if (count === 0) return 'it has no vector'
    return words.length === 1 + count * dimensions ? undefined : `it does not hold ${count} vectors`
  }
  if (words.length !== 1 + 2 * count) return `it does not hold ${count} components`
  for (let i = 2; i <= count; i++) if (words[i]! <= words[i - 1]!) return 'its indices do not ascend'
  return undefined
}
