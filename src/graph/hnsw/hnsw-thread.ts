import { assert } from '../../runtime/assert.ts'
import { createKernels, type Kernels } from '../kernels.ts'
import { putQuery } from '../put-query.ts'
import { hitsOf, type Metric, type VectorHits } from '../vector-hits.ts'
import { graphFields } from './hnsw-records.ts'
import type { ScratchImage } from './hnsw-scratch.ts'

/** A graph as another thread sees it: nothing is copied. Good until the graph grows or is disposed. */
export interface HnswImage {
  readonly memory: WebAssembly.Memory
  /** Of the record that the kernels read. */
  readonly address: number
  readonly metric: Metric
  readonly dimensions: number
  readonly m: number
  /** Rows that there is room for; the column has them all. */
  readonly capacityRows: number
  /** Bit row & 31 of word row >>> 5: rows that have a vector. */
  readonly presence: Uint32Array
}

/** A bitset in the graph's own memory, which no search has to copy. */
export interface PlacedBits {
  readonly address: number
  /** Rows that it has bits for. */
  readonly rowCount: number
}

export interface HnswRequest {
  /** `dimensions` values. */
  readonly query: Float32Array
  readonly limit: number
  /** Rows that the search keeps in view: more find more. At least `limit` are kept. */
  readonly ef: number
  /** Bitsets of which all that are given must have the row: bit row & 31 of word row >>> 5. Rows beyond the end are none. */
  readonly passing?: Uint32Array | PlacedBits
  readonly alive?: Uint32Array | PlacedBits
  /** Only the first n rows. Default: all. */
  readonly rowCount?: number
}

const kernelsOfMemory = new WeakMap<WebAssembly.Memory, Kernels>()
const nextRowIndex = graphFields.indexOf('nextRow')
const linkedCountIndex = graphFields.indexOf('linkedCount')

/**
 * A graph in the hands of one thread, with a scratch that no other thread uses meanwhile. Any number of threads may search
 * at once; while one inserts, nobody searches.
 */
export class HnswThread {
  readonly #image: HnswImage
  readonly #scratch: ScratchImage
  readonly #kernels: Kernels
  readonly #record: Uint32Array

  /** `scratch` lies in the graph's memory. */
  constructor(image: HnswImage, scratch: ScratchImage) {
    const { sizes } = scratch
    assert(sizes.rows >= image.capacityRows, 'a scratch has a bit for every row')
    assert(
      sizes.m >= image.m && sizes.stride >= image.dimensions,
      'a scratch has room for a list and a query',
    )
    this.#image = image
    this.#scratch = scratch
    this.#kernels = kernelsOf(image.memory)
    this.#record = new Uint32Array(image.memory.buffer, image.address, graphFields.length)
  }

  /** The first row that is not in the graph yet. */
  get nextRow(): number {
    return this.#record[nextRowIndex]!
  }

  /** Rows that can be found. */
  get linkedCount(): number {
    return this.#record[linkedCountIndex]!
  }

  /** Puts up to `rowsMax` further rows into the graph. Gives how many; 0 if all are. */
  insert(rowsMax: number): number {
    const { capacityRows, presence, address } = this.#image
    const first = this.nextRow
    const end = Math.min(capacityRows, first + rowsMax)
    for (let row = first; row < end; row++) {
      const has = ((presence[row >>> 5] ?? 0) >>> (row & 31)) & 1
      this.#kernels.hnswInsert(address, this.#scratch.address, has)
    }
    return end - first
  }

  /**
   * The best rows that were found, best first: nearly always the best there are, and fewer than `limit` only if no more
   * pass or if those that do are far apart. Rows that are not in the graph yet are not found.
   */
  search(request: HnswRequest): VectorHits {
    const { query, passing, alive } = request
    const { dimensions, metric, memory } = this.#image
    assert(query.length === dimensions, 'a query has the dimensions of its column')
    const rowCount = Math.min(request.rowCount ?? this.nextRow, this.nextRow)
    const limit = Math.min(request.limit, this.linkedCount)
    const ef = Math.min(Math.max(request.ef, limit, 1), Math.max(1, this.linkedCount))
    assert(ef <= this.#scratch.sizes.ef, 'a scratch has room for what a search keeps')
    if (limit === 0 || rowCount === 0) return hitsOf(new BigUint64Array(0), metric)
    const { query: queryAt, sizes } = this.#scratch
    putQuery(memory, queryAt, query, sizes.stride)
    const found = this.#kernels.hnswSearch(
      this.#image.address,
      this.#scratch.address,
      queryAt,
      ef,
      limit,
      this.#place(passing, this.#scratch.passing, rowCount),
      this.#place(alive, this.#scratch.alive, rowCount),
      rowCount,
      0,
    )
    return hitsOf(new BigUint64Array(memory.buffer, this.#scratch.out, found).slice(), metric)
  }

  /** Gives the address of the bits, 0 if all rows pass. */
  #place(bits: Uint32Array | PlacedBits | undefined, address: number, rowCount: number): number {
    if (bits === undefined) return 0
    if (!(bits instanceof Uint32Array)) {
      assert(bits.rowCount >= rowCount, 'placed bits reach to the last row')
      return bits.address
    }
    const words = Math.ceil(rowCount / 32)
    const target = new Uint32Array(this.#image.memory.buffer, address, words)
    target.set(bits.length > words ? bits.subarray(0, words) : bits)
    target.fill(0, Math.min(bits.length, words))
    return address
  }
}

/** One instance per memory and thread: compiled code is the same, and an instance is not free. */
export function kernelsOf(memory: WebAssembly.Memory): Kernels {
  const known = kernelsOfMemory.get(memory)
  if (known !== undefined) return known
  const kernels = createKernels(memory)
  kernelsOfMemory.set(memory, kernels)
  return kernels
}
