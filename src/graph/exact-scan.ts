import { putQuery } from './put-query.ts'
import { mergeKeys, type Metric } from './vector-hits.ts'
import type { Arena, Region } from './vector-memory.ts'

/** Rows of one column that lie together. */
export interface Chunk {
  readonly region: Region
  readonly firstRow: number
  /** Room for so many rows. */
  readonly rows: number
  /** The whole chunk. */
  readonly floats: Float32Array
}

export interface Scan {
  readonly chunks: readonly Chunk[]
  /** Floats between two rows. */
  readonly stride: number
  /** Only the rows from the first of these up to the second, which is none of them. */
  readonly firstRow: number
  readonly rowCount: number
  readonly query: Float32Array
  readonly metric: Metric
  readonly limit: number
  /** Bitsets of which all that are given must have the row: bit row & 31 of word row >>> 5. */
  readonly passing: Uint32Array | undefined
  readonly present: Uint32Array | undefined
}

/** The numbers in assembly/distance.ts. */
export const metricNumbers = {
  dot: 0,
  euclid: 1,
  manhattan: 2,
  cosine: 3,
  jaccard: 4,
} as const satisfies Record<Metric, number>

/** Chunks are not larger, unless a single row is. */
export const chunkBytesMax = 4 * 2 ** 20
// A chunk never has more rows, as a row has 16 bytes or more. So a heap for one chunk is never too small for its rows.
export const heapKeysMax = chunkBytesMax / 16

/** Keys of the best rows, by comparing all that may pass. */
export function scanChunks(scan: Scan): BigUint64Array {
  const lists: BigUint64Array[] = []
  // Mostly one arena. Beyond the largest heap each chunk is ranked by itself, and all are sorted together.
  for (const arena of arenasOf(scan.chunks)) {
    const heap = new ScanHeap(arena, scan)
    for (const chunk of scan.chunks) {
      if (chunk.region.arena !== arena) continue
      heap.offer(chunk)
      if (scan.limit > heapKeysMax) lists.push(heap.take())
    }
    if (scan.limit <= heapKeysMax) lists.push(heap.take())
  }
  return mergeKeys(lists, scan.limit)
}

/** A heap in an arena's scratch, with the query and the bits of one chunk beside it. One at a time per arena. */
class ScanHeap {
  readonly #arena: Arena
  readonly #scan: Scan
  readonly #keysMax: number
  readonly #heap: number
  readonly #query: number
  readonly #bits: Uint32Array | undefined
  #held = 0

  constructor(arena: Arena, scan: Scan) {
    this.#arena = arena
    this.#scan = scan
    this.#keysMax = Math.min(scan.limit, heapKeysMax)
    const heapBytes = alignedBytes(this.#keysMax * 8)
    const queryBytes = scan.stride * 4
    const isFiltered = scan.passing !== undefined || scan.present !== undefined
    // A chunk may begin and end within a word.
    const words = isFiltered ? 1 + Math.ceil(chunkBytesMax / queryBytes / 32) : 0
    this.#heap = arena.scratch(heapBytes + queryBytes + words * 4)
    this.#query = this.#heap + heapBytes
    putQuery(arena.memory, this.#query, scan.query, scan.stride)
    if (isFiltered) this.#bits = arena.words(this.#query + queryBytes, words)
  }

  offer(chunk: Chunk): void {
    const { stride, metric, firstRow, rowCount } = this.#scan
    const first = Math.max(chunk.firstRow, firstRow)
    const count = Math.min(chunk.firstRow + chunk.rows, rowCount) - first
    if (count <= 0 || !this.#putBits(first, count)) return
    this.#held = this.#arena.kernels.scan(
      metricNumbers[metric],
      chunk.region.offset + (first - chunk.firstRow) * stride * 4,
      count,
      first,
      stride * 4,
      this.#query,
      this.#bits?.byteOffset ?? 0,
      this.#heap,
      this.#held,
      this.#keysMax,
    )
  }

  /** The keys so far, best first; the heap is empty again. */
  take(): BigUint64Array {
    this.#arena.kernels.sortHeap(this.#heap, this.#held)
    const keys = new BigUint64Array(this.#arena.memory.buffer, this.#heap, this.#held).slice()
    this.#held = 0
    return keys
  }

  /** False if no row of the chunk passes. */
  #putBits(firstRow: number, count: number): boolean {
    if (this.#bits === undefined) return true
    const { passing, present } = this.#scan
    const first = firstRow >>> 5
    const words = ((firstRow + count - 1) >>> 5) - first + 1
    let any = 0
    for (let i = 0; i < words; i++) {
      let word = 0xffffffff
      if (passing !== undefined) word &= first + i < passing.length ? passing[first + i]! : 0
      if (present !== undefined) word &= first + i < present.length ? present[first + i]! : 0
      this.#bits[i] = word
      any |= word
    }
    return any !== 0
  }
}

/** Rounded up to where a SIMD load is aligned. */
export function alignedBytes(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}

function arenasOf(chunks: readonly Chunk[]): Set<Arena> {
  return new Set(chunks.map(({ region }) => region.arena))
}
