import { assert } from '../../runtime/assert.ts'
import type { Arena, Region } from '../vector-memory.ts'
import { recordBytes, wordsOfScratch } from './hnsw-records.ts'

/** What a scratch is large enough for. */
export interface ScratchSizes {
  /** Rows of the largest graph. */
  readonly rows: number
  /** Largest `ef` of a search, and `efConstruct` of an insertion. */
  readonly ef: number
  readonly m: number
  /** Floats of a row with its padding. */
  readonly stride: number
}

/** A scratch as another thread sees it. */
export interface ScratchImage {
  readonly sizes: ScratchSizes
  /** Of the record that the kernels read. */
  readonly address: number
  readonly query: number
  readonly out: number
  readonly passing: number
  readonly alive: number
}

const logRowsMin = 8_192

/**
 * Memory in which one thread searches, or inserts: of one arena, for all of its graphs that are not larger. Two threads
 * never use one at a time.
 */
export class HnswScratch {
  readonly arena: Arena
  readonly #image: ScratchImage
  readonly #region: Region
  #isDisposed = false

  constructor(arena: Arena, region: Region, image: ScratchImage) {
    this.arena = arena
    this.#region = region
    this.#image = image
  }

  /** Undefined if the arena has no room. @throws overloaded if the system gives no more memory */
  static allocate(arena: Arena, sizes: ScratchSizes): HnswScratch | undefined {
    const bitBytes = Math.ceil(sizes.rows / 32) * 4
    const room = 2 * sizes.m
    const logMax = Math.max(logRowsMin, 4 * room)
    const parts = {
      record: recordBytes,
      visited: bitBytes,
      log: logMax * 4,
      pending: 4 * room * 4,
      scores: 4 * room * 4,
      list: sizes.ef * 8,
      pruned: 4 * room * 8,
      chosen: (room + 3) * 4,
      out: sizes.ef * 8,
      query: sizes.stride * 4,
      // No codes take more.
      code: sizes.stride * 4 + 16,
      open: bitBytes,
      passing: bitBytes,
      alive: bitBytes,
    }
    const { starts, end } = layOut(parts)
    const region = arena.allocate(end)
    if (region === undefined) return undefined
    const at = (name: keyof typeof parts) => region.offset + starts[name]
    arena.bytes(at('visited'), bitBytes).fill(0)
    const record = {
      visited: at('visited'),
      visitedBytes: bitBytes,
      log: at('log'),
      logMax,
      logCount: 0,
      pending: at('pending'),
      scores: at('scores'),
      list: at('list'),
      pruned: at('pruned'),
      chosen: at('chosen'),
      out: at('out'),
      open: at('open'),
      code: at('code'),
    }
    const words = wordsOfScratch(record)
    arena.words(at('record'), words.length).set(words)
    const [address, query, out] = [at('record'), at('query'), at('out')]
    const bits = { passing: at('passing'), alive: at('alive') }
    return new HnswScratch(arena, region, { sizes, address, query, out, ...bits })
  }

  /** For the thread that uses it. Good until the scratch is disposed. */
  image(): ScratchImage {
    assert(!this.#isDisposed, 'a disposed scratch has no image')
    return this.#image
  }

  get bytes(): number {
    return this.#region.bytes
  }

  dispose(): void {
    assert(!this.#isDisposed, 'a scratch is disposed once')
    this.#isDisposed = true
    this.arena.free(this.#region)
  }
}

/** Parts one behind the other, each at a multiple of a cache line. */
export function layOut<Name extends string>(
  parts: Readonly<Record<Name, number>>,
): { starts: Record<Name, number>; end: number } {
  const starts = {} as Record<Name, number>
  let end = 0
  for (const name in parts) {
    starts[name] = end
    end += Math.ceil(parts[name] / 64) * 64
  }
  return { starts, end }
}
