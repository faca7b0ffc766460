import { countBits } from '../runtime/bits.ts'
import { assert } from '../runtime/assert.ts'
import { alignedBytes, chunkBytesMax, metricNumbers, scanChunks, type Chunk } from './exact-scan.ts'
import { putQuery } from './put-query.ts'
import { Holders } from './stored/holders.ts'
import { hitsOf, type Metric, type VectorHits } from './vector-hits.ts'
import { vectorMemory, type Arena, type VectorMemory } from './vector-memory.ts'

export type { Metric, VectorHits } from './vector-hits.ts'

export interface SearchRequest {
  /** `dimensions` values. */
  readonly query: Float32Array
  readonly metric: Metric
  readonly limit: number
  /** Bit row & 31 of word row >>> 5: rows that may be hits. Rows beyond its end are none. Default: all. */
  readonly passing?: Uint32Array | undefined
  /** Only the first n rows. Default: all. */
  readonly rowCount?: number
  /** None of the first n rows. Default 0. */
  readonly firstRow?: number
}

/** A column as another thread sees it: nothing is copied. Good until the column is disposed. */
export interface VectorColumnImage {
  readonly dimensions: number
  readonly rowCount: number
  readonly presentCount: number
  /** Bits of rows from `rowCount` on may be set: the column goes on growing. */
  readonly presence: Uint32Array
  readonly chunks: readonly {
    readonly memory: WebAssembly.Memory
    readonly offset: number
    readonly rows: number
  }[]
}

/** Rows that become a column; they are copied. */
export interface ColumnRows {
  readonly dimensions: number
  readonly rowCount: number
  /** Bit row & 7 of byte row >>> 3; in whole words of 32 bits. */
  readonly presence: Uint8Array
  /** rowCount x strideOf(dimensions) floats; zero where there is no vector. */
  readonly vectors: Uint8Array
}

/** Dense vectors of some rows, to be appended at once. */
export interface DenseRows {
  readonly dimensions: number
  /** `dimensions` for each row, whatever they are where it has no vector. */
  readonly floats: Float32Array
  /** 0 for each row that has no vector. Undefined if all have one. */
  readonly present: Uint8Array | undefined
}

/** A row must leave room for a query beside it in an arena's scratch. */
export const dimensionsMax = 2 ** 20
const firstChunkRows = 16
// A graph wants all rows of a column in one arena, and its links beside them, and codes while it is built. Without a number
// of rows: somewhat more than a memtable holds by default.
const togetherBytesDefault = 96 * 2 ** 20
/** Per component: 4 for the float, 1 for the code. */
const rowBytesWithCodes = 5
const linksBytesPerRow = 192
// Rows scored in one call of the kernel.
const scoreBatchRows = 4_096

/** Floats between two rows: rows begin at multiples of 16 bytes, for SIMD. */
export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / 4) * 4
}

// Invariants:
//   - a row never moves or changes once it is appended, so images and views of it stay good.
//   - floats between the dimensions and the stride, and rows without a vector, are zero.
//   - a row's bit in the presence is set before rowCount counts the row.

/**
 * The vectors of one field, row by row, in shared memory. Rows are appended and never move or change; a row may have
 * no vector. Dispose it to free the memory.
 */
export class VectorColumn {
  readonly dimensions: number
  readonly #memory: VectorMemory
  readonly #stride: number
  #chunks: Chunk[] = []
  #capacity = 0
  #rowCount = 0
  #presentCount = 0
  #presence = new Uint32Array(new SharedArrayBuffer(8))
  readonly #holders = new Holders(() => this.#freeChunks())
  /** Bytes that are to lie in one arena. */
  readonly #together: number

  /** Room for `capacityRows` is taken at once; more when it is needed. @throws overloaded */
  constructor(dimensions: number, capacityRows = 0, memory: VectorMemory = vectorMemory) {
    assert(dimensions > 0 && dimensions <= dimensionsMax, `a vector has 1 to ${dimensionsMax} dimensions`)
    this.dimensions = dimensions
    this.#memory = memory
    this.#stride = strideOf(dimensions)
    this.#together =
      capacityRows === 0
        ? togetherBytesDefault
        : capacityRows * (this.#stride * rowBytesWithCodes + linksBytesPerRow)
    try {
      while (this.#capacity < capacityRows) this.#addChunk(capacityRows - this.#capacity)
    } catch (error) {
      this.#freeChunks()
      throw error
    }
  }

  /** @throws overloaded */
  static copyOf(rows: ColumnRows, memory: VectorMemory = vectorMemory): VectorColumn {
    const { column, parts } = VectorColumn.reserve(rows.dimensions, rows.rowCount, memory)
    assert(
      rows.vectors.byteLength === rows.rowCount * strideOf(rows.dimensions) * 4,
      'rows have the stride of their column',
    )
    let at = 0
    for (const part of parts) {
      part.set(rows.vectors.subarray(at, at + part.byteLength))
      at += part.byteLength
    }
    column.adopt(rows.rowCount, rows.presence)
    return column
  }

  /**
   * An empty column with memory for rows that the caller fills, in their order: `strideOf(dimensions)` floats each, zero
   * where there is no vector. `adopt` makes them rows of the column. @throws overloaded
   */
  static reserve(
    dimensions: number,
    rowCount: number,
    memory: VectorMemory = vectorMemory,
  ): { readonly column: VectorColumn; readonly parts: readonly Uint8Array[] } {
    const column = new VectorColumn(dimensions, rowCount, memory)
    const rowBytes = strideOf(dimensions) * 4
    const parts = column.#chunks.map(({ region, firstRow, rows }) =>
      region.arena.bytes(region.offset, Math.min(rows, rowCount - firstRow) * rowBytes),
    )
    return { column, parts }
  }

  /** Takes the rows that lie in the reserved memory. `presence` as in `ColumnRows`. */
  adopt(rowCount: number, presence: Uint8Array): void {
    assert(this.#rowCount === 0 && rowCount <= this.#capacity, 'a column adopts what it was reserved for')
    this.#presence = new Uint32Array(new SharedArrayBuffer(Math.max(presence.byteLength, 8)))
    new Uint8Array(this.#presence.buffer).set(presence)
    this.#presentCount = countBits(this.#presence)
    this.#rowCount = rowCount
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Rows that have a vector. */
  get presentCount(): number {
    return this.#presentCount
  }

  /** Bit row & 31 of word row >>> 5; bits of rows from `rowCount` on may be set once the column has grown. */
  get presence(): Uint32Array {
    return this.#presence
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#chunks.reduce((sum, { region }) => sum + region.bytes, this.#presence.byteLength)
  }

  /** Gives the row's number. Undefined: the row has no vector. @throws overloaded, and then has not changed */
  append(vector: Float32Array | undefined): number {
    assert(!this.#holders.isDisposed, 'a disposed column takes no rows')
    assert(
      vector === undefined || vector.length === this.dimensions,
      'a vector has the dimensions of its column',
    )
    const row = this.#rowCount
    if (row === this.#capacity) this.#addChunk(Math.max(firstChunkRows, this.#capacity))
    const { floats, firstRow } = this.#chunkOf(row)
    const at = (row - firstRow) * this.#stride
    if (vector !== undefined) floats.set(vector, at)
    const length = vector?.length ?? 0
    if (length < this.#stride) floats.fill(0, at + length, at + this.#stride)
    if (vector !== undefined) this.#setPresent(row)
    this.#rowCount = row + 1
    return row
  }

  /** Rows in their order. @throws overloaded, and then has taken the first ones */
  appendAll({ dimensions, floats, present }: DenseRows): void {
    assert(!this.#holders.isDisposed, 'a disposed column takes no rows')
    assert(dimensions === this.dimensions, 'a vector has the dimensions of its column')
    const rowCount = floats.length / dimensions
    if (present !== undefined || dimensions !== this.#stride) {
      for (let row = 0; row < rowCount; row++)
        this.append(
          present?.[row] === 0 ? undefined : floats.subarray(row * dimensions, (row + 1) * dimensions),
        )
      return
    }
    for (let done = 0; done < rowCount;) {
      const row = this.#rowCount
      if (row === this.#capacity) this.#addChunk(Math.max(firstChunkRows, this.#capacity))
      const chunk = this.#chunkOf(row)
      const count = Math.min(rowCount - done, chunk.firstRow + chunk.rows - row)
      const from = done * dimensions
      chunk.floats.set(floats.subarray(from, from + count * dimensions), (row - chunk.firstRow) * dimensions)
      this.#setAllPresent(row, row + count)
      this.#rowCount = row + count
      done += count
    }
  }

  has(row: number): boolean {
    if (!(row < this.#rowCount)) return false
    const word = row >>> 5
    return word < this.#presence.length && ((this.#presence[word]! >>> (row & 31)) & 1) === 1
  }

  /** A copy; undefined if the row has no vector. */
  get(row: number): Float32Array | undefined {
    if (!this.has(row)) return undefined
    const { floats, firstRow } = this.#chunkOf(row)
    const at = (row - firstRow) * this.#stride
    return floats.slice(at, at + this.dimensions)
  }

  /** The best rows by exact comparison; rows without a vector are never among them. @throws overloaded */
  search(request: SearchRequest): VectorHits {
    return hitsOf(this.searchKeys(request), request.metric)
  }

  /** The same as keys, which `mergeKeys` merges. @throws overloaded */
  searchKeys(request: SearchRequest): BigUint64Array {
    assert(!this.#holders.isDisposed, 'a disposed column is not searched')
    assert(request.query.length === this.dimensions, 'a query has the dimensions of its column')
    const rowCount = Math.min(request.rowCount ?? this.#rowCount, this.#rowCount)
    const limit = Math.min(request.limit, rowCount)
    if (!(limit > 0)) return new BigUint64Array(0)
    return scanChunks({
      chunks: this.#chunks,
      stride: this.#stride,
      firstRow: request.firstRow ?? 0,
      rowCount,
      query: request.query,
      metric: request.metric,
      limit,
      passing: request.passing,
      present: this.#presentCount === this.#rowCount ? undefined : this.#presence,
    })
  }

  /** Scores of rows, in their order; NaN for a row without a vector. @throws overloaded */
  score(query: Float32Array, metric: Metric, rows: Uint32Array): Float32Array {
    assert(!this.#holders.isDisposed, 'a disposed column scores nothing')
    assert(query.length === this.dimensions, 'a query has the dimensions of its column')
    const scores = new Float32Array(rows.length)
    for (let done = 0; done < rows.length;) done += this.#scoreRun(query, metric, rows, done, scores)
    for (let i = 0; i < rows.length; i++) if (!this.has(rows[i]!)) scores[i] = Number.NaN
    return scores
  }

  /** Where the rows lie: those of a chunk together, the chunks in the order of their rows. */
  chunks(): readonly Chunk[] {
    assert(!this.#holders.isDisposed, 'a disposed column lies nowhere')
    return this.#chunks
  }

  /** For another thread, such as one that writes the rows so far to a file. */
  image(): VectorColumnImage {
    assert(!this.#holders.isDisposed, 'a disposed column has no image')
    return {
      dimensions: this.dimensions,
      rowCount: this.#rowCount,
      presentCount: this.#presentCount,
      presence: this.#presence,
      chunks: this.#chunks.map(({ region, rows }) => ({
        memory: region.arena.memory,
        offset: region.offset,
        rows,
      })),
    }
  }

  /** The memory is not freed before the column has been given back, by what this gives. */
  hold(): () => void {
    return this.#holders.hold()
  }

  /** Frees the memory, when nobody holds the column any more. Images are not used by then. */
  dispose(): void {
    this.#holders.dispose()
  }

  /** Scores rows from `start` on that lie in one arena, up to a batch. Gives how many. */
  #scoreRun(
    query: Float32Array,
    metric: Metric,
    rows: Uint32Array,
    start: number,
    scores: Float32Array,
  ): number {
    const end = Math.min(rows.length, start + scoreBatchRows)
    const arena: Arena = this.#chunkOf(rows[start]!).region.arena
    const queryBytes = this.#stride * 4
    const listBytes = alignedBytes((end - start) * 4)
    const queryAt = arena.scratch(queryBytes + 2 * listBytes)
    putQuery(arena.memory, queryAt, query, this.#stride)
    const addresses = arena.words(queryAt + queryBytes, listBytes / 4)
    let count = 0
    for (; start + count < end; count++) {
      const row = rows[start + count]!
      assert(row < this.#rowCount, 'a row of the column is scored')
      const chunk = this.#chunkOf(row)
      if (chunk.region.arena !== arena) break
      addresses[count] = chunk.region.offset + (row - chunk.firstRow) * queryBytes
    }
    // The kernel takes four at a time: the last ones stand for rows that are not there.
    addresses.fill(addresses[0]!, count)
    const results = arena.floats(queryAt + queryBytes + listBytes, count)
    const list = addresses.byteOffset
    arena.kernels.scoreRows(metricNumbers[metric], list, count, queryBytes, queryAt, results.byteOffset)
    scores.set(results, start)
    return count
  }

  #setPresent(row: number): void {
    const word = row >>> 5
    this.#reservePresence(word + 1)
    this.#presence[word]! |= 1 << (row & 31)
    this.#presentCount += 1
  }

  /** The rows up to `end`, without it: a word at once where it is whole. */
  #setAllPresent(start: number, end: number): void {
    this.#reservePresence(Math.ceil(end / 32))
    const presence = this.#presence
    for (let row = start; row < end;) {
      const isWhole = (row & 31) === 0 && row + 32 <= end
      presence[row >>> 5]! |= isWhole ? -1 : 1 << (row & 31)
      row += isWhole ? 32 : 1
    }
    this.#presentCount += end - start
  }

  #reservePresence(words: number): void {
    if (words <= this.#presence.length) return
    const grown = new Uint32Array(new SharedArrayBuffer(Math.max(words, this.#presence.length * 2) * 4))
    grown.set(this.#presence)
    this.#presence = grown
  }

  #addChunk(rows: number): void {
    const rowBytes = this.#stride * 4
    // A power of two, so that a graph's kernels find a row's chunk by its highest bits.
    const rowsMax = powerOfTwoUpTo(Math.max(1, Math.floor(chunkBytesMax / rowBytes)))
    const near = this.#chunks[0]?.region.arena
    const placement = near === undefined ? { together: this.#together } : { near }
    const region = this.#memory.allocate(Math.min(rows, rowsMax) * rowBytes, placement)
    // The region is rounded up; rows that fit into the rest are welcome, unless others follow.
    const fitting = Math.floor(region.bytes / rowBytes)
    const chunkRows = rows < rowsMax ? Math.max(rows, powerOfTwoUpTo(fitting)) : rowsMax
    const floats = region.arena.floats(region.offset, chunkRows * this.#stride)
    this.#chunks.push({ region, firstRow: this.#capacity, rows: chunkRows, floats })
    this.#capacity += chunkRows
  }

  #freeChunks(): void {
    for (const { region } of this.#chunks) this.#memory.free(region)
    this.#chunks = []
    this.#capacity = 0
  }

  #chunkOf(row: number): Chunk {
    assert(row < this.#capacity, 'a row of the column is asked for')
    // Most accesses go to the last chunk: appending, and columns with only one.
    let high = this.#chunks.length - 1
    if (this.#chunks[high]!.firstRow <= row) return this.#chunks[high]!
    let low = 0
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#chunks[middle]!.firstRow <= row) low = middle
      else high = middle - 1
    }
    return this.#chunks[low]!
  }
}

function powerOfTwoUpTo(value: number): number {
  return 2 ** Math.floor(Math.log2(value))
}
