import type { HnswGraph } from '../graph/hnsw/hnsw-graph.ts'
import type { DenseColumn } from '../graph/stored/dense-column.ts'
import { StoredColumn, type CodeElements } from '../graph/stored/stored-column.ts'
import { VectorColumn, type VectorColumnImage } from '../graph/vector-column.ts'
import type { Metric } from '../graph/vector-hits.ts'
import { vectorMemory, type VectorMemory } from '../graph/vector-memory.ts'
import type { VectorValue } from '../graph/vector-value.ts'
import { DatabaseError } from '../errors/database-error.ts'
import { seqOf, type SequenceNumber } from '../ids/brands.ts'
import { IdTable } from '../ids/id-table.ts'
import { idOfWords, type IdWords, type PointId } from '../ids/point-id.ts'
import { assert } from '../runtime/assert.ts'
import type { Slices } from '../runtime/slices.ts'
import { runInSlices, runToEnd, type Steps } from '../runtime/steps.ts'
import { yieldToEventLoop } from '../runtime/yield.ts'
import { IdColumn, type IdColumnImage } from './id-column.ts'
import { PackedColumn, type PackedColumnImage, type PackedKind } from './packed-column.ts'
import { PayloadColumn, type PayloadColumnImage } from './payload-column.ts'
import { checkBlock, isDenseRows, valueAt, type RowBlock } from './row-block.ts'
import type { RowIndexImage } from './row-index.ts'
import { grownRows, sharedFloat64 } from './shared-array.ts'
import { mergeSteps, sortSteps } from './sort-rows.ts'

export interface NewRow {
  readonly id: Readonly<IdWords>
  readonly written: SequenceNumber
  /** The text of a JSON object; may be empty for `{}`. */
  readonly payload: Uint8Array
  /** By the names of the set's vectors; those that are absent stay absent. */
  readonly vectors: Readonly<Record<string, VectorValue | undefined>>
}

/** Rows as another thread sees them: nothing is copied. */
export interface RowSetImage {
  readonly rowCount: number
  readonly ids: IdColumnImage
  /** The number that wrote each row. */
  readonly written: Float64Array
  readonly payloads: PayloadColumnImage
  /** In the order of their names. */
  readonly vectors: readonly { readonly name: string; readonly column: VectorImage }[]
}

/** Columns of equal length that become a set, which owns them from then on. */
export interface RowColumns {
  readonly ids: IdColumn
  readonly written: Float64Array
  readonly payloads: PayloadColumn
  readonly vectors: ReadonlyMap<string, RowVectors>
  /** If it is there already; it is made otherwise. */
  readonly index?: RowIndexImage
}

/** The vectors of one name, one value for each row or none. */
export type RowVectors = DenseColumn | PackedColumn
export type VectorImage = VectorColumnImage | PackedColumnImage

export interface DeclaredVector {
  /** Default 'dense'. */
  readonly kind?: 'dense' | PackedKind
  /** 0 for sparse vectors. */
  readonly dimensions: number
  /** Dense ones whose rows stay in the files of written segments. */
  readonly stored?: StoredVectors
}

export interface StoredVectors {
  /** By which they are compared most of all: codes are made for it. */
  readonly metric: Metric
  /** Default: bytes, unless these are too coarse. */
  readonly codes?: CodeElements
}

export type DeclaredVectors = Readonly<Record<string, DeclaredVector>>

// Rows that are indexed between two looks at the event loop: some 20 ms.
const sliceRows = 200_000
/** Rows whose ids are sorted in one go: some milliseconds. */
const orderedAtOnceMax = 16_384

// Invariants:
//   - rows are only appended; a row's number, id, payload and vectors never change.
//   - every column has one entry per row.
//   - the vector memory is there until the last holder has released the set.

/** The rows of a segment in memory, growing (a memtable) or complete (read from files). */
export class RowSet {
  readonly #ids: IdColumn
  readonly #payloads: PayloadColumn
  readonly #vectors: Map<string, RowVectors>
  readonly #table: IdTable
  readonly #graphs = new Map<string, HnswGraph>()
  readonly #unfinished = new Map<string, HnswGraph>()
  /** Graphs that others have replaced: searches may still be on their way through them. */
  readonly #oldGraphs: HnswGraph[] = []
  #written: Float64Array
  /** row + 1 of the next older row with the same id; made when there is one. */
  #older: Uint32Array | undefined
  #rowCount = 0
  #minWritten = Infinity
  #maxWritten = 0
  #isInWrittenOrder = true
  #idOrder = new Uint32Array(0)
  #ordering: Promise<void> | undefined
  #holders = 1

  /**
   * An empty set with these vectors, with room for some rows. `columns` is for `fromColumns`; `passing` is the memory of vectors
   * that leave it as soon as they are written. @throws overloaded
   */
  constructor(
    vectors: DeclaredVectors,
    columns?: RowColumns,
    capacityRows = 0,
    passing: VectorMemory = vectorMemory,
  ) {
    this.#ids = columns?.ids ?? new IdColumn()
    this.#payloads = columns?.payloads ?? new PayloadColumn()
    this.#written = columns?.written ?? sharedFloat64(0)
    this.#vectors = new Map(columns?.vectors)
    const index = columns?.index
    this.#table =
      index === undefined ? new IdTable(this.#ids, this.#ids.rowCount) : IdTable.adopt(this.#ids, index)
    for (const [name, { kind = 'dense', dimensions, stored }] of Object.entries(vectors)) {
      const memory = stored === undefined ? vectorMemory : passing
      this.#vectors.set(
        name,
        kind === 'dense'
          ? new VectorColumn(dimensions, capacityRows, memory)
          : new PackedColumn(kind, dimensions),
      )
    }
  }

  /** A set that owns the columns, which must be equally long; no more rows follow. */
  static async fromColumns(columns: RowColumns): Promise<RowSet> {
    const rows = new RowSet({}, columns)
    await rows.#adoptRows(columns)
    return rows
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    let sum = this.#ids.bytes + this.#written.byteLength + this.#payloads.bytes + this.#table.bytes
    sum += (this.#older?.byteLength ?? 0) + this.#idOrder.byteLength
    for (const column of this.#vectors.values()) sum += column.bytes
    return sum + this.graphBytes
  }

  /** Of vectors that are in files. */
  get storedBytes(): number {
    let sum = 0
    for (const column of this.#vectors.values()) if (column instanceof StoredColumn) sum += column.fileBytes
    return sum
  }

  /** Of the links alone. */
  get graphBytes(): number {
    let sum = 0
    for (const graph of this.#allGraphs()) sum += graph.bytes
    return sum
  }

  /** Of the payloads alone, those of rows that were replaced or removed among them. */
  get payloadBytes(): number {
    return this.#payloads.payloadBytes
  }

  /** A name without a column: no row has such a vector. */
  get vectors(): ReadonlyMap<string, RowVectors> {
    return this.#vectors
  }

  /** The set owns the column from then on, which has the same vectors; those who hold the one before may go on with it. */
  replaceVectors(vector: string, column: StoredColumn): void {
    const before = this.#vectors.get(vector)
    assert(
      this.#holders > 0 && before instanceof VectorColumn,
      'vectors in memory give way to those in a file',
    )
    assert(
      before.rowCount === column.rowCount && before.presentCount === column.presentCount,
      'a column is replaced by one with the same vectors',
    )
    assert(!this.#graphs.has(vector) && !this.#unfinished.has(vector), 'there is no graph over them yet')
    this.#vectors.set(vector, column)
    before.dispose()
  }

  /** The graph over the rows of a vector, if there is one. Its metric may be another than is asked for. */
  graphOf(vector: string): HnswGraph | undefined {
    return this.#graphs.get(vector)
  }

  /** The set owns the graph from then on. One that it replaces is there as long as the set, as it may be in use. */
  attachGraph(vector: string, graph: HnswGraph): void {
    assert(this.#holders > 0, 'a released set takes no graph')
    assert(this.#vectors.get(vector) === graph.column, 'a graph is one over a column of its set')
    assert(graph.isComplete, 'a graph that is searched has all rows')
    if (this.#unfinished.get(vector) === graph) this.#unfinished.delete(vector)
    const replaced = this.#graphs.get(vector)
    if (replaced !== undefined) this.#oldGraphs.push(replaced)
    this.#graphs.set(vector, graph)
  }

  /** One that is being built, or is to be gone on with: nobody searches it. */
  unfinishedGraphOf(vector: string): HnswGraph | undefined {
    return this.#unfinished.get(vector)
  }

  /** The set owns it from then on; the one before is disposed. */
  keepUnfinished(vector: string, graph: HnswGraph): void {
    assert(this.#vectors.get(vector) === graph.column, 'a graph is one over a column of its set')
    this.dropUnfinished(vector)
    this.#unfinished.set(vector, graph)
  }

  /** The lowest and highest number that wrote a row; 0 if there are none. */
  get minWritten(): SequenceNumber {
    return seqOf(this.#rowCount === 0 ? 0 : this.#minWritten)
  }

  get maxWritten(): SequenceNumber {
    return seqOf(this.#maxWritten)
  }

  /** Copies the row. Vectors of names that the set does not have are a mistake of the caller. */
  append(row: NewRow): number {
    const number = this.#rowCount
    if (number === this.#written.length) this.#grow()
    this.#ids.append(row.id)
    this.#payloads.append(row.payload)
    this.#written[number] = row.written
    for (const [name, column] of this.#vectors) {
      const vector = row.vectors[name]
      assert(!(column instanceof StoredColumn), 'rows of a file are all there are')
      if (column instanceof PackedColumn) column.append(vector)
      else {
        assert(vector === undefined || vector instanceof Float32Array, 'a dense vector is its components')
        column.append(vector)
      }
    }
    this.#rowCount = number + 1
    this.#noteWritten(row.written)
    const older = this.#table.insert(row.id, number)
    if (older !== undefined) this.#linkOlder(number, older)
    return number
  }

  /** Copies the rows, in their order, many times as fast as one by one. Vectors of names that the set does not have are a mistake of the caller. */
  appendAll(block: RowBlock): void {
    checkBlock(block)
    const first = this.#rowCount
    const end = first + block.rowCount
    while (this.#written.length < end) this.#grow()
    this.#ids.appendAll(block.ids)
    this.#payloads.appendAll(block.payloads)
    this.#written.set(block.written, first)
    for (const [name, column] of this.#vectors) {
      const vectors = block.vectors[name]
      assert(!(column instanceof StoredColumn), 'rows of a file are all there are')
      if (column instanceof VectorColumn && vectors !== undefined && isDenseRows(vectors)) {
        column.appendAll(vectors)
        continue
      }
      for (let row = 0; row < block.rowCount; row++) {
        const value = vectors && valueAt(vectors, row)
        if (column instanceof PackedColumn) column.append(value)
        else {
          assert(value === undefined || value instanceof Float32Array, 'a dense vector is its components')
          column.append(value)
        }
      }
    }
    this.#rowCount = end
    for (let row = first; row < end; row++) this.#noteWritten(this.#written[row]!)
    this.#table.insertAll(first, end, (row, older) => this.#linkOlder(row, older))
  }

  /** That it will have so many rows makes adding them cheaper; a few bytes for each. */
  expectRows(rowCount: number): void {
    this.#table.reserve(rowCount)
  }

  idAt(row: number, out: IdWords): void {
    this.#ids.read(row, out)
  }

  /** Its `hashWords`. */
  idHashAt(row: number): number {
    return this.#ids.hashAt(row)
  }

  pointIdAt(row: number): PointId {
    const words: IdWords = { kind: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
    this.#ids.read(row, words)
    return idOfWords(words)
  }

  writtenAt(row: number): SequenceNumber {
    return seqOf(this.#written[row]!)
  }

  /** A view of shared memory, not a copy; it never changes. Empty means `{}`. */
  payloadAt(row: number): Uint8Array {
    return this.#payloads.get(row)
  }

  /** The newest row with this id; older ones by `olderRow`. */
  findNewest(id: Readonly<IdWords>): number | undefined {
    return this.#table.find(id)
  }

  /** The next older row with the same id. */
  olderRow(row: number): number | undefined {
    const older = this.#older?.[row] ?? 0
    return older === 0 ? undefined : older - 1
  }

  /**
   * How many rows were written up to `seq`: they are the first ones.
   * @throws segment-corrupt if that is no prefix, as the rows are not in the order of their numbers
   */
  rowsUpTo(seq: SequenceNumber): number {
    if (seq >= this.#maxWritten) return this.#rowCount
    if (!this.#isInWrittenOrder) {
      throw new DatabaseError(
        'segment-corrupt',
        `Cannot take the rows up to ${seq}: they are not in the order of their numbers`,
        { seq },
      )
    }
    let low = 0
    let high = this.#rowCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#written[middle]! <= seq) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * All rows, numbers before UUIDs; rows of one id from the oldest on. Kept until rows are added: read only. `least`: enough for the
   * caller, who passes over the others if there are more.
   */
  rowsInIdOrder(least = this.#rowCount): Uint32Array {
    if (this.#idOrder.length < least) runToEnd(this.#orderSteps())
    return this.#idOrder
  }

  /** Finds the order of at least so many rows in slices; undefined: it is known, or found at once. Whoever asks meanwhile waits for the same. */
  prepareIdOrder(least: number, slices: Slices): Promise<void> | undefined {
    if (this.#idOrder.length >= least || this.#rowCount <= orderedAtOnceMax) return undefined
    return this.#orderInSlices(least, slices)
  }

  async #orderInSlices(least: number, slices: Slices): Promise<void> {
    while (this.#idOrder.length < least) {
      this.#ordering ??= runInSlices(this.#orderSteps(), slices).finally(() => (this.#ordering = undefined))
      await this.#ordering
    }
  }

  *#orderSteps(): Steps<void> {
    const known = this.#idOrder
    const image = this.#ids.image()
    const end = this.#rowCount
    const added = yield* sortSteps(image, known.length, end)
    const order = known.length === 0 ? added : yield* mergeSteps(image, known, added)
    // Somebody who could not wait may have found it meanwhile.
    if (this.#idOrder.length < end) this.#idOrder = order
  }

  /** The present rows, for a thread that writes them. Valid while the set is retained. */
  image(): RowSetImage {
    const names = [...this.#vectors.keys()].sort()
    return {
      rowCount: this.#rowCount,
      ids: this.#ids.image(),
      written: this.#written,
      payloads: this.#payloads.image(),
      vectors: names.map((name) => ({ name, column: imageOf(this.#vectors.get(name)!) })),
    }
  }

  retain(): void {
    assert(this.#holders > 0, 'a released set is not retained again')
    this.#holders += 1
  }

  /** The last release frees the vector memory. */
  release(): void {
    assert(this.#holders > 0, 'a set is released once by each holder')
    this.#holders -= 1
    if (this.#holders > 0) return
    for (const graph of this.#allGraphs()) graph.dispose()
    for (const column of this.#vectors.values()) column.dispose()
  }

  async #adoptRows({ ids, written, payloads, vectors, index }: RowColumns): Promise<void> {
    const rowCount = ids.rowCount
    assert(payloads.rowCount === rowCount && written.length === rowCount, 'columns are equally long')
    for (const column of vectors.values()) assert(column.rowCount === rowCount, 'columns are equally long')
    this.#rowCount = rowCount
    if (index !== undefined) {
      this.#older = index.older
      this.#minWritten = index.minWritten
      this.#maxWritten = index.maxWritten
      this.#isInWrittenOrder = index.isInWrittenOrder
      return
    }
    const onOlder = (row: number, older: number): void => this.#linkOlder(row, older)
    for (let start = 0; start < rowCount; start += sliceRows) {
      const end = Math.min(start + sliceRows, rowCount)
      for (let row = start; row < end; row++) this.#noteWritten(written[row]!)
      this.#table.insertAll(start, end, onOlder)
      await yieldToEventLoop()
    }
  }

  dropUnfinished(vector: string): void {
    this.#unfinished.get(vector)?.dispose()
    this.#unfinished.delete(vector)
  }

  #allGraphs(): HnswGraph[] {
    return [...this.#graphs.values(), ...this.#unfinished.values(), ...this.#oldGraphs]
  }

  #noteWritten(written: number): void {
    if (written < this.#maxWritten) this.#isInWrittenOrder = false
    if (written > this.#maxWritten) this.#maxWritten = written
    if (written < this.#minWritten) this.#minWritten = written
  }

  #linkOlder(row: number, older: number): void {
    if (this.#older === undefined || row >= this.#older.length) {
      const grown = new Uint32Array(Math.max(this.#written.length, row + 1))
      if (this.#older !== undefined) grown.set(this.#older)
      this.#older = grown
    }
    this.#older[row] = older + 1
  }

  #grow(): void {
    const written = sharedFloat64(grownRows(this.#written.length))
    written.set(this.#written)
    this.#written = written
  }
}

function imageOf(column: RowVectors): VectorImage {
  assert(!(column instanceof StoredColumn), 'what is in a file is not written again')
  return column.image()
}
