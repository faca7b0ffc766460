import { DatabaseError } from '../errors/database-error.ts'
import { assert } from '../runtime/assert.ts'
import { allocateBlock, blockBytesMax, freeBlock, type Arena, type Block } from './vector-memory.ts'

/** Cosine is `dot` over vectors of length one. */
export type Metric = 'dot' | 'euclid' | 'manhattan'

const metricNumbers = { dot: 0, euclid: 1, manhattan: 2 } as const satisfies Record<Metric, number>

/** Best first, equal scores by row. Scores: dot product, Euclidean or Manhattan distance, in float32. */
export interface VectorHits {
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

export interface SearchRequest {
  /** `dimensions` values. */
  readonly query: Float32Array
  readonly metric: Metric
  readonly limit: number
  /** Bit row & 31 of word row >>> 5: rows that may be hits. Rows beyond its end are none. Default: all. */
  readonly passing?: Uint32Array
  /** Only the first n rows. Default: all. */
  readonly rowCount?: number
}

/** A column as another thread sees it: nothing is copied. */
export interface VectorColumnImage {
  readonly dimensions: number
  readonly rowCount: number
  readonly presentCount: number
  readonly presence: Uint32Array
  readonly chunks: readonly {
    readonly memory: WebAssembly.Memory
    readonly offset: number
    readonly rows: number
  }[]
}

interface Chunk {
  readonly block: Block
  readonly firstRow: number
  readonly rows: number
}

// Larger heaps would not fit a block; nobody pages that deep by score.
export const searchLimitMax = blockBytesMax / 8 / 2
const firstChunkRows = 16

/** Floats between two rows: rows begin at multiples of 16 bytes, for SIMD. */
export function strideOf(dimensions: number): number {
  return (dimensions + 3) & ~3
}

/**
 * The vectors of one field, row by row, in shared memory. Rows are appended and never move or change; a row may have
 * no vector. Dispose it to free the memory.
 */
export class VectorColumn {
  readonly dimensions: number
  readonly #stride: number
  #chunks: Chunk[] = []
  #capacity = 0
  #rowCount = 0
  #presentCount = 0
  #presence = new Uint32Array(new SharedArrayBuffer(16))
  #isDisposed = false

  constructor(dimensions: number, capacityRows = 0) {
    assert(dimensions > 0, 'a vector has dimensions')
    this.dimensions = dimensions
    this.#stride = strideOf(dimensions)
    while (this.#capacity < capacityRows) this.#addChunk(capacityRows - this.#capacity)
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Rows that have a vector. */
  get presentCount(): number {
    return this.#presentCount
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.block.bytes, this.#presence.byteLength)
  }

  /** Gives the row's number. Undefined: the row has no vector. */
  append(vector: Float32Array | undefined): number {
    assert(!this.#isDisposed, 'a disposed column takes no rows')
    const row = this.#rowCount
    if (row === this.#capacity) this.#addChunk(Math.max(firstChunkRows, this.#capacity))
    const chunk = this.#chunkOf(row)
    const target = chunk.block.arena.floats(this.#offsetIn(chunk, row), this.#stride)
    if (vector === undefined) {
      target.fill(0)
    } else {
      assert(vector.length === this.dimensions, 'a vector has the dimensions of its column')
      target.set(vector)
      target.fill(0, vector.length)
      this.#setPresent(row)
    }
    this.#rowCount += 1
    return row
  }

  has(row: number): boolean {
    if (row >= this.#rowCount) return false
    const word = row >>> 5
    return word < this.#presence.length && ((this.#presence[word]! >>> (row & 31)) & 1) === 1
  }

  /** A copy; undefined if the row has no vector. */
  get(row: number): Float32Array | undefined {
    if (!this.has(row)) return undefined
    const chunk = this.#chunkOf(row)
    return new Float32Array(chunk.block.arena.floats(this.#offsetIn(chunk, row), this.dimensions))
  }

  /** The best rows by exact comparison. @throws request-invalid if the limit is above 262,144 */
  search(request: SearchRequest): VectorHits {
    const rowCount = Math.min(request.rowCount ?? this.#rowCount, this.#rowCount)
    const limit = Math.min(request.limit, rowCount)
    if (limit <= 0) return { rows: new Uint32Array(0), scores: new Float32Array(0) }
    if (limit > searchLimitMax) {
      throw new DatabaseError(
        'request-invalid',
        `Cannot search for ${limit} points: at most ${searchLimitMax} are ranked`,
        { limit },
      )
    }
    assert(request.query.length === this.dimensions, 'a query has the dimensions of its column')
    const bits = this.#passingRows(request.passing, rowCount)
    let keys = new BigUint64Array(0)
    // Mostly one arena; with several, the best of each are brought together.
    for (const arena of new Set(this.#chunks.map((chunk) => chunk.block.arena))) {
      keys = joinKeys(keys, this.#searchArena(arena, request, rowCount, limit, bits), limit)
    }
    return decodeKeys(keys, request.metric)
  }

  /** Scores of rows that have a vector, in their order. */
  score(query: Float32Array, metric: Metric, rows: Uint32Array): Float32Array {
    const scores = new Float32Array(rows.length)
    for (let i = 0; i < rows.length; i++) {
      const chunk = this.#chunkOf(rows[i]!)
      const { arena } = chunk.block
      const at = arena.scratch(this.#stride * 4)
      const padded = arena.floats(at, this.#stride)
      padded.fill(0)
      padded.set(query)
      scores[i] = arena.kernels.score(
        metricNumbers[metric],
        this.#offsetIn(chunk, rows[i]!),
        at,
        this.#stride * 4,
      )
    }
    return scores
  }

  image(): VectorColumnImage {
    return {
      dimensions: this.dimensions,
      rowCount: this.#rowCount,
      presentCount: this.#presentCount,
      presence: this.#presence,
      chunks: this.#chunks.map(({ block, rows }) => ({
        memory: block.arena.memory,
        offset: block.offset,
        rows,
      })),
    }
  }

  dispose(): void {
    assert(!this.#isDisposed, 'a column is disposed once')
    this.#isDisposed = true
    for (const { block } of this.#chunks) freeBlock(block)
    this.#chunks = []
  }

  #searchArena(
    arena: Arena,
    request: SearchRequest,
    rowCount: number,
    limit: number,
    bits: Uint32Array | undefined,
  ): BigUint64Array {
    const queryBytes = this.#stride * 4
    const heapBytes = limit * 8
    const bitsBytes = (bits?.length ?? 0) * 4
    const heap = arena.scratch(heapBytes + queryBytes + bitsBytes + 16)
    const query = (heap + heapBytes + 15) & ~15
    const padded = arena.floats(query >>> 0, this.#stride)
    padded.fill(0)
    padded.set(request.query)
    const bitsAt = bits === undefined ? 0 : (query >>> 0) + queryBytes
    if (bits !== undefined) arena.words(bitsAt, bits.length).set(bits)
    let held = 0
    for (const { block, firstRow, rows } of this.#chunks) {
      const count = Math.min(rows, rowCount - firstRow)
      if (count <= 0) break
      if (block.arena !== arena) continue
      held = arena.kernels.scan(
        metricNumbers[request.metric],
        block.offset,
        count,
        firstRow,
        queryBytes,
        query,
        bitsAt,
        heap,
        held,
        limit,
      )
    }
    arena.kernels.sortHeap(heap, held)
    return new BigUint64Array(new BigUint64Array(arena.memory.buffer, heap >>> 0, held))
  }

  /** The bitset for the kernels: padded to the rows asked for, without rows that have no vector. Undefined: all pass. */
  #passingRows(passing: Uint32Array | undefined, rowCount: number): Uint32Array | undefined {
    const isFull = this.#presentCount === this.#rowCount
    if (passing === undefined && isFull) return undefined
    const words = (rowCount + 31) >>> 5
    const bits = new Uint32Array(words)
    for (let i = 0; i < words; i++) {
      const present = isFull ? 0xffffffff : i < this.#presence.length ? this.#presence[i]! : 0
      bits[i] = present & (passing === undefined ? 0xffffffff : i < passing.length ? passing[i]! : 0)
    }
    return bits
  }

  #setPresent(row: number): void {
    const word = row >>> 5
    if (word >= this.#presence.length) {
      const grown = new Uint32Array(new SharedArrayBuffer(this.#presence.byteLength * 2))
      grown.set(this.#presence)
      this.#presence = grown
    }
    this.#presence[word]! |= 1 << (row & 31)
    this.#presentCount += 1
  }

  #addChunk(rows: number): void {
    const strideBytes = this.#stride * 4
    const block = allocateBlock(Math.min(Math.max(rows, 1) * strideBytes, blockBytesMax))
    const chunk = { block, firstRow: this.#capacity, rows: Math.floor(block.bytes / strideBytes) }
    this.#chunks.push(chunk)
    this.#capacity += chunk.rows
  }

  #chunkOf(row: number): Chunk {
    // Most accesses go to the last chunk (appending) or to large ones.
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

  #offsetIn(chunk: Chunk, row: number): number {
    return chunk.block.offset + (row - chunk.firstRow) * this.#stride * 4
  }
}

function joinKeys(a: BigUint64Array, b: BigUint64Array, limit: number): BigUint64Array<ArrayBuffer> {
  if (a.length === 0) return new BigUint64Array(b)
  const all = new BigUint64Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all.sort().slice(0, limit)
}

const orderWord = new Uint32Array(1)
const orderFloat = new Float32Array(orderWord.buffer)

/** The inverse of keyOf in assembly/kernels.ts. */
function decodeKeys(keys: BigUint64Array, metric: Metric): VectorHits {
  const halves = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2)
  const rows = new Uint32Array(keys.length)
  const scores = new Float32Array(keys.length)
  for (let i = 0; i < keys.length; i++) {
    rows[i] = halves[2 * i]!
    let order = halves[2 * i + 1]!
    if (order === 0xffffffff) {
      scores[i] = Number.NaN
      continue
    }
    if (metric === 'dot') order = ~order >>> 0
    orderWord[0] = order >>> 31 === 1 ? order & 0x7fffffff : ~order
    scores[i] = orderFloat[0]!
  }
  return { rows, scores }
}
