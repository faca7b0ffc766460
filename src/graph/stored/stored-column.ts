import { countBits } from '../../runtime/bits.ts'
import { DatabaseError } from '../../errors/database-error.ts'
import { assert } from '../../runtime/assert.ts'
import type { OpenFile } from '../../storage/disk.ts'
import { rowBytesOf, type Elements } from '../codes/elements.ts'
import { alignedBytes, metricNumbers } from '../exact-scan.ts'
import { putQuery } from '../put-query.ts'
import type { RowChunk } from '../codes/row-chunks.ts'
import { hitsOf, mergeKeys, type Metric, type VectorHits } from '../vector-hits.ts'
import { vectorMemory, type Arena, type Region, type VectorMemory } from '../vector-memory.ts'
import type { RowRun } from '../row-runs.ts'
import { Holders } from './holders.ts'
import { RunTable, runTableBytes } from './run-table.ts'
import {
  batchRowsOf,
  ChangedRow,
  readRows,
  searchBytes,
  storedKeys,
  type StoredRows,
  type StoredSearch,
} from './stored-rows.ts'

export type CodeElements = Exclude<Elements, 'float32'>

/** Where the rows of a column stand. */
export interface RowsFile {
  /** The column's from then on: closed when it is disposed. */
  readonly file: OpenFile
  /** By which messages name it. */
  readonly key: string
  /** Where in it they are, all of them. */
  readonly runs: readonly RowRun[]
}

/** What a column is going to have. */
export interface StoredShape {
  readonly dimensions: number
  readonly rowCount: number
  readonly elements: CodeElements
  /** What is taken off each vector before it is encoded, `dimensions` values; undefined: nothing. */
  readonly centre: Float32Array | undefined
}

/** Rows to be scored by which `searchStored` and others ask. */
export interface StoredRequest {
  readonly query: Float32Array
  readonly metric: Metric
  /** Ascending, each with a vector. */
  readonly rows: Uint32Array
  readonly limit: number
}

const linksBytesPerRow = 192
// Rows of a search of all that are ranked at once.
const partRows = 2 ** 15

// Invariants:
//   - row n of the codes is that of the file; neither ever changes.
//   - codes and sums are those of bytes that had their SHA-256.
//   - no byte of the file is used whose row has another sum.

/**
 * The vectors of one field in a file, and codes of them in shared memory, which rank and give way to a graph. Rows are read
 * when they are asked for, and compared with the sums that were taken of them when the file was checked. Complete when
 * `adopt` has been called. Dispose it to free the memory and close the file.
 */
export class StoredColumn {
  readonly dimensions: number
  readonly rowCount: number
  readonly elements: CodeElements
  readonly key: string
  readonly arena: Arena
  readonly #file: OpenFile
  readonly #region: Region
  readonly #codes: RowChunk
  readonly #stored: StoredRows
  readonly #centre: number
  readonly #holders = new Holders(() => this.#free())
  #presence = new Uint32Array(new SharedArrayBuffer(8))
  #presentCount = 0

  /** The file is the caller's if this throws. @throws overloaded */
  constructor(shape: StoredShape, { file, key, runs }: RowsFile, memory: VectorMemory = vectorMemory) {
    const { dimensions, rowCount, elements, centre } = shape
    this.dimensions = dimensions
    this.rowCount = rowCount
    this.elements = elements
    this.key = key
    this.#file = file
    const [floatBytes, codeBytes] = [rowBytesOf('float32', dimensions), rowBytesOf(elements, dimensions)]
    const centreBytes = centre === undefined ? 0 : floatBytes
    const codesAt = centreBytes
    const sumsAt = codesAt + alignedBytes(rowCount * codeBytes)
    const tableAt = sumsAt + alignedBytes(rowCount * 4)
    const bytes = Math.max(16, tableAt + runTableBytes(runs.length))
    this.#region = memory.allocate(bytes, { together: bytes + rowCount * linksBytesPerRow })
    this.arena = this.#region.arena
    const start = this.#region.offset
    this.#centre = centre === undefined ? 0 : start
    if (centre !== undefined) putQuery(this.arena.memory, start, centre, floatBytes / 4)
    const codes = { ...this.#region, arena: this.arena, offset: start + codesAt }
    this.#codes = { region: codes, firstRow: 0, rows: Math.max(1, rowCount) }
    const [sums, table, runCount] = [start + sumsAt, start + tableAt, runs.length]
    new RunTable(this.arena.memory, table, runCount).fill(runs)
    this.#stored = { descriptor: file.descriptor, table, runCount, rowBytes: floatBytes, sums }
  }

  /** Takes the rows, whose codes and sums have been made. `presence` as in a column's file. */
  adopt(presence: Uint8Array): void {
    this.#presence = new Uint32Array(
      new SharedArrayBuffer(Math.max(Math.ceil(presence.byteLength / 4) * 4, 8)),
    )
    new Uint8Array(this.#presence.buffer).set(presence)
    this.#presentCount = countBits(this.#presence)
  }

  /** Rows that have a vector. */
  get presentCount(): number {
    return this.#presentCount
  }

  /** Bit row & 31 of word row >>> 5. */
  get presence(): Uint32Array {
    return this.#presence
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#region.bytes + this.#presence.byteLength
  }

  /** Of the vectors in the file. */
  get fileBytes(): number {
    return this.rowCount * this.#stored.rowBytes
  }

  /** Of a row of codes. */
  get codeBytes(): number {
    return rowBytesOf(this.elements, this.dimensions)
  }

  /** Of the row of floats that is taken off each vector before it is encoded; 0 if none is. */
  get centreAddress(): number {
    return this.#centre
  }

  /** Where the codes lie, all of them together. */
  codes(): readonly RowChunk[] {
    return [this.#codes]
  }

  /** Of the sum of the first row. */
  get sumsAddress(): number {
    return this.#stored.sums
  }

  has(row: number): boolean {
    return row < this.rowCount && ((this.#presence[row >>> 5]! >>> (row & 31)) & 1) === 1
  }

  /** Read from the file; undefined if the row has no vector. @throws segment-corrupt, read-failed, overloaded */
  get(row: number): Float32Array | undefined {
    if (!this.has(row)) return undefined
    const at = this.arena.scratch(this.#stored.rowBytes)
    this.#read(Uint32Array.of(row), at)
    return this.arena.floats(at, this.dimensions).slice()
  }

  /** The best rows by exact comparison; rows without a vector are never among them. @throws as get */
  search(query: Float32Array, metric: Metric, limit: number): VectorHits {
    const lists: BigUint64Array[] = [new BigUint64Array(0)]
    for (let first = 0; first < this.rowCount; first += partRows) {
      const rows = this.presentRows(first, Math.min(this.rowCount, first + partRows))
      lists.push(this.rank({ query, metric, rows, limit }))
    }
    return hitsOf(mergeKeys(lists, limit), metric)
  }

  /** Rows from `first` up to `end` that have a vector, and a bit in `passing` if that is given. */
  presentRows(first: number, end: number, passing?: Uint32Array): Uint32Array {
    const rows = new Uint32Array(Math.max(0, end - first))
    let count = 0
    for (let row = first; row < end;) {
      const word = row >>> 5
      const present = (this.#presence[word] ?? 0) & (passing === undefined ? -1 : (passing[word] ?? 0))
      const wordEnd = Math.min(end, (word + 1) * 32)
      if (present === 0) row = wordEnd
      else for (; row < wordEnd; row++) if (((present >>> (row & 31)) & 1) === 1) rows[count++] = row
    }
    return rows.subarray(0, count)
  }

  /** Keys of the best of the rows, in the calling thread. @throws as get */
  rank({ query, metric, rows, limit }: StoredRequest): BigUint64Array {
    const most = Math.min(limit, rows.length)
    if (most <= 0) return new BigUint64Array(0)
    const scratch = this.arena.scratch(searchBytes(this.#stored.rowBytes, most))
    const search = this.searchOf({ query, metric, rows, limit: most }, scratch)
    return this.#reading(() => storedKeys(this.arena.kernels, this.arena.memory, search))
  }

  /** The same for a thread, in numbers; it may write to `scratch`. */
  searchOf({ query, metric, rows, limit }: StoredRequest, scratch: number): StoredSearch {
    assert(!this.#holders.isDisposed, 'a disposed column is not searched')
    assert(query.length === this.dimensions, 'a query has the dimensions of its column')
    return { stored: this.#stored, metric: metricNumbers[metric], query, rows, limit, scratch }
  }

  /** What a thread needs in its memory for such a search. */
  searchBytes(limit: number): number {
    return searchBytes(this.#stored.rowBytes, limit)
  }

  /** Scores of rows, in their order; NaN for a row without a vector. @throws as get */
  score(query: Float32Array, metric: Metric, rows: Uint32Array): Float32Array {
    assert(query.length === this.dimensions, 'a query has the dimensions of its column')
    const scores = new Float32Array(rows.length).fill(Number.NaN)
    const places = Uint32Array.from(rows.keys())
      .filter((place) => this.has(rows[place]!))
      .sort((a, b) => rows[a]! - rows[b]!)
    const batch = batchRowsOf(this.#stored.rowBytes)
    for (let first = 0; first < places.length; first += batch) {
      this.#scoreBatch(query, metric, rows, places.subarray(first, first + batch), scores)
    }
    return scores
  }

  /** The column is not disposed before it has been given back, by what this gives. */
  hold(): () => void {
    return this.#holders.hold()
  }

  /** Frees the memory and closes the file, when nobody holds the column any more. */
  dispose(): void {
    this.#holders.dispose()
  }

  #scoreBatch(
    query: Float32Array,
    metric: Metric,
    rows: Uint32Array,
    places: Uint32Array,
    scores: Float32Array,
  ): void {
    const { rowBytes } = this.#stored
    const listBytes = alignedBytes(places.length * 4)
    const queryAt = this.arena.scratch(rowBytes * (1 + places.length) + 2 * listBytes)
    const [list, rowsAt] = [queryAt + rowBytes, queryAt + rowBytes + 2 * listBytes]
    putQuery(this.arena.memory, queryAt, query, rowBytes / 4)
    // A row that is asked for twice is read twice.
    this.#read(
      places.map((place) => rows[place]!),
      rowsAt,
    )
    // The kernel takes four at a time: the last ones stand for rows that are not there.
    const addresses = this.arena.words(list, listBytes / 4).fill(rowsAt)
    for (let at = 0; at < places.length; at++) addresses[at] = rowsAt + at * rowBytes
    const results = this.arena.floats(list + listBytes, places.length)
    this.arena.kernels.scoreRows(
      ...([metricNumbers[metric], list, places.length, rowBytes, queryAt, results.byteOffset] as const),
    )
    for (let at = 0; at < places.length; at++) scores[places[at]!] = results[at]!
  }

  #read(rows: Uint32Array, address: number): void {
    assert(!this.#holders.isDisposed, 'a disposed column has no rows')
    this.#reading(() => readRows(this.arena.memory, this.#stored, rows, address))
  }

  #reading<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      const { key } = this
      if (error instanceof ChangedRow) {
        const { row, message } = error
        throw new DatabaseError('segment-corrupt', `Cannot read ${key}: ${message}`, { key, row })
      }
      const { code: system, message } = error as NodeJS.ErrnoException
      if (system === undefined) throw error
      throw new DatabaseError('read-failed', `Cannot read ${key}: ${message}`, { key, system }, error)
    }
  }

  #free(): void {
    this.arena.free(this.#region)
    this.#file.close()
  }
}
