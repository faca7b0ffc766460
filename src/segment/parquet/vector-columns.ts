import { strideOf, type VectorColumnImage } from '../../graph/vector-column.ts'
import type { PackedColumnImage } from '../packed-column.ts'
import type { VectorImage } from '../row-set.ts'
import { sparseIndicesColumn, sparseValuesColumn, vectorColumn } from './columns.ts'
import { equalPages, pageRanges, type DataPage, type ParquetColumn } from './data-page.ts'
import { LevelEncoder } from './levels.ts'
import type { RowRange } from './row-groups.ts'
import { listColumn, listsColumn } from './schema.ts'

// Of each float there are two levels, and no more than a few bytes for all levels of a row.
//   repetition   0 at the beginning of a row, 1 within it; of several vectors 2 within one of them
//   definition   0 without a vector, 1 for an empty list, 2 for a float; of several vectors 3 for a float

/** One column; two for sparse vectors. */
export function vectorColumns(name: string, column: VectorImage): readonly ParquetColumn[] {
  if (!('kind' in column)) {
    const pages = new DensePages(column)
    const path = listColumn(vectorColumn(name), { type: 'float' })
    return [{ path, chunk: (range) => ({ pages: pages.of(range) }) }]
  }
  if (column.kind === 'multi') {
    const path = listsColumn(vectorColumn(name), { type: 'float' })
    return [{ path, chunk: (range) => ({ pages: multiPages(column, range) }) }]
  }
  const indices = listColumn(sparseIndicesColumn(name), { type: 'int32', meaning: 'uint32' })
  const values = listColumn(sparseValuesColumn(name), { type: 'float' })
  return [
    { path: indices, chunk: (range) => ({ pages: sparsePages(column, range, 'indices') }) },
    { path: values, chunk: (range) => ({ pages: sparsePages(column, range, 'values') }) },
  ]
}

/** The levels of both kinds of one page. */
class ListLevels {
  readonly #repetition: LevelEncoder
  readonly #definition: LevelEncoder
  #count = 0

  constructor(depth: 1 | 2) {
    this.#repetition = new LevelEncoder(depth)
    this.#definition = new LevelEncoder(depth + 1)
  }

  /** Levels, not rows. */
  get count(): number {
    return this.#count
  }

  /** A row without a vector, or with an empty list. */
  addNone(definition: 0 | 1): void {
    this.#repetition.add(0, 1)
    this.#definition.add(definition, 1)
    this.#count += 1
  }

  /** A row of one list. */
  addList(length: number): void {
    this.#repetition.add(0, 1)
    if (length > 1) this.#repetition.add(1, length - 1)
    this.#definition.add(2, length)
    this.#count += length
  }

  /** A row of lists of the same length. */
  addLists(lists: number, length: number): void {
    for (let list = 0; list < lists; list++) {
      this.#repetition.add(list === 0 ? 0 : 1, 1)
      if (length > 1) this.#repetition.add(2, length - 1)
    }
    this.#definition.add(3, lists * length)
    this.#count += lists * length
  }

  finish(): readonly Uint8Array[] {
    return [this.#repetition.finish(), this.#definition.finish()]
  }
}

/** Pages of vectors that are equally long. Where all rows have one, and lie one behind the other, the floats are not copied. */
class DensePages {
  readonly #column: VectorColumnImage
  readonly #rowBytes: number
  /** Levels of a page in which all rows have a vector, as most have: only the last one is shorter. */
  #full: { readonly rowCount: number; readonly levels: readonly Uint8Array[] } | undefined

  constructor(column: VectorColumnImage) {
    this.#column = column
    this.#rowBytes = column.dimensions * 4
  }

  *of(range: RowRange): Generator<DataPage> {
    for (const page of equalPages(range, this.#rowBytes)) yield this.#page(page)
  }

  #page({ start, end }: RowRange): DataPage {
    const rowCount = end - start
    const { dimensions } = this.#column
    const presentCount = countPresent(this.#column.presence, start, end)
    if (presentCount === rowCount) {
      const levels = this.#fullLevels(rowCount)
      const valueCount = rowCount * dimensions
      if (strideOf(dimensions) !== dimensions)
        return { rowCount, valueCount, parts: [...levels, this.#copy(start, end, rowCount)] }
      const levelBytes = levels.reduce((sum, { byteLength }) => sum + byteLength, 0)
      return { rowCount, valueCount, parts: [...levels, ...this.#views(start, end)], levelBytes }
    }
    const levels = new ListLevels(1)
    for (let row = start; row < end; row++) {
      if (isPresent(this.#column.presence, row)) levels.addList(dimensions)
      else levels.addNone(0)
    }
    const parts = [...levels.finish(), this.#copy(start, end, presentCount)]
    return { rowCount, valueCount: levels.count, parts }
  }

  #fullLevels(rowCount: number): readonly Uint8Array[] {
    if (this.#full?.rowCount !== rowCount) {
      const levels = new ListLevels(1)
      for (let row = 0; row < rowCount; row++) levels.addList(this.#column.dimensions)
      this.#full = { rowCount, levels: levels.finish() }
    }
    // Parts are given away.
    return this.#full.levels.map((levels) => levels.slice())
  }

  #views(start: number, end: number): Uint8Array[] {
    const views: Uint8Array[] = []
    for (const { memory, offset, firstRow, endRow } of this.#chunks(start, end)) {
      const from = Math.max(start, firstRow)
      const bytes = (Math.min(end, endRow) - from) * this.#rowBytes
      views.push(new Uint8Array(memory.buffer, offset + (from - firstRow) * this.#rowBytes, bytes))
    }
    return views
  }

  /** The floats of the rows that have a vector. */
  #copy(start: number, end: number, presentCount: number): Uint8Array {
    const { dimensions, presence } = this.#column
    const stride = strideOf(dimensions)
    const floats = new Float32Array(presentCount * dimensions)
    let at = 0
    for (const { memory, offset, firstRow, endRow } of this.#chunks(start, end)) {
      const last = Math.min(end, endRow)
      for (let row = Math.max(start, firstRow); row < last; row++) {
        if (!isPresent(presence, row)) continue
        floats.set(new Float32Array(memory.buffer, offset + (row - firstRow) * stride * 4, dimensions), at)
        at += dimensions
      }
    }
    return new Uint8Array(floats.buffer)
  }

  *#chunks(start: number, end: number): Generator<VectorChunk> {
    let firstRow = 0
    for (const { memory, offset, rows } of this.#column.chunks) {
      const endRow = firstRow + rows
      if (firstRow < end && endRow > start) yield { memory, offset, firstRow, endRow }
      firstRow = endRow
    }
  }
}

function isPresent(presence: Uint32Array, row: number): boolean {
  const word = row >>> 5
  return word < presence.length && ((presence[word]! >>> (row & 31)) & 1) === 1
}

function countPresent(presence: Uint32Array, start: number, end: number): number {
  let count = 0
  for (let row = start; row < end; row++) {
    // 32 rows at once, as mostly all of them are.
    if ((row & 31) === 0 && row + 32 <= end && presence[row >>> 5] === allPresent) {
      count += 32
      row += 31
    } else if (isPresent(presence, row)) count += 1
  }
  return count
}

const allPresent = 0xffff_ffff

interface VectorChunk {
  readonly memory: WebAssembly.Memory
  readonly offset: number
  readonly firstRow: number
  readonly endRow: number
}

/** The words of a row's vector, after the count; undefined if it has none. */
function packedWords({ rows: { places, chunks } }: PackedColumnImage, row: number): Uint32Array | undefined {
  const length = places[row * 3 + 2]!
  if (length === 0) return undefined
  const chunk = chunks[places[row * 3]!]!
  return new Uint32Array(chunk.buffer, chunk.byteOffset + places[row * 3 + 1]! + 4, length / 4 - 1)
}

function* multiPages(column: PackedColumnImage, range: RowRange): Generator<DataPage> {
  const { dimensions } = column
  yield* packedPages(column, range, 2, (words, levels) => {
    if (words.length === 0) levels.addNone(1)
    else levels.addLists(words.length / dimensions, dimensions)
    return words
  })
}

function* sparsePages(
  column: PackedColumnImage,
  range: RowRange,
  half: 'indices' | 'values',
): Generator<DataPage> {
  yield* packedPages(column, range, 1, (words, levels) => {
    const count = words.length / 2
    if (count === 0) levels.addNone(1)
    else levels.addList(count)
    return half === 'indices' ? words.subarray(0, count) : words.subarray(count)
  })
}

/** `add` takes a row's words, adds their levels, and gives those that are the values. */
function* packedPages(
  column: PackedColumnImage,
  range: RowRange,
  depth: 1 | 2,
  add: (words: Uint32Array, levels: ListLevels) => Uint32Array,
): Generator<DataPage> {
  const { places } = column.rows
  for (const { start, end } of pageRanges(range, (row) => places[row * 3 + 2]!)) {
    let bytes = 0
    for (let row = start; row < end; row++) bytes += places[row * 3 + 2]!
    const levels = new ListLevels(depth)
    const values = new Uint32Array(bytes / 4)
    let at = 0
    for (let row = start; row < end; row++) {
      const words = packedWords(column, row)
      if (words === undefined) {
        levels.addNone(0)
        continue
      }
      const taken = add(words, levels)
      values.set(taken, at)
      at += taken.length
    }
    const parts = [...levels.finish(), new Uint8Array(values.buffer, 0, at * 4)]
    yield { rowCount: end - start, valueCount: levels.count, parts }
  }
}
