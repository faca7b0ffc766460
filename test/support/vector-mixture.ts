import { seededRandom } from '../../src/runtime/random.ts'

export interface Mixture {
  readonly rows: number
  readonly dimensions: number
  readonly clusters: number
  /** Spread within a cluster; that of the clusters' middles is 1. */
  readonly sigma: number
  readonly seed: number
}

/** Normal clusters around normal middles: the smaller their spread, the easier to search. */
export function mixtureOf({ rows, dimensions, clusters, sigma, seed }: Mixture): Float32Array[] {
  const random = seededRandom(seed)
  const normal = normalOf(random.next)
  const middles = Array.from({ length: clusters }, () => Float32Array.from({ length: dimensions }, normal))
  return Array.from({ length: rows }, () => {
    const middle = middles[Math.floor(random.next() * clusters)]!
    return middle.map((value) => value + sigma * normal())
  })
}

/** Box and Muller's way, one of each pair. */
function normalOf(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** A vector of length one; zeros stay as they are. */
export function unitVector(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}

/** Bits of rows of which about `share` pass. */
export function sampledBits(rows: number, share: number, seed: number): Uint32Array {
  const random = seededRandom(seed)
  const bits = new Uint32Array(Math.ceil(rows / 32))
  for (let row = 0; row < rows; row++) if (random.next() < share) bits[row >>> 5]! |= 1 << (row & 31)
  return bits
}

export function hasBit(bits: Uint32Array, row: number): boolean {
  return (((bits[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1
}
