import { seededRandom } from '../../../src/runtime/random.ts'
import { mixtureOf } from '../../../test/support/vector-mixture.ts'

export const kinds = ['easy', 'hard'] as const
export type Kind = (typeof kinds)[number]

const clusters = 1_000
const easySpread = 0.3
/** Overlapping clusters in a few hidden dimensions, as those of learned vectors are. */
const hidden = { dimensions: 32, spread: 1.5, noise: 0.1 }

export function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text)
}

/** Rows one after another. Easy: clusters far apart. Hard: they overlap, and the next cluster is no help. */
export function vectorsOf(kind: Kind, rows: number, dimensions: number, seed: number): Float32Array {
  const flat = new Float32Array(rows * dimensions)
  if (kind === 'easy') {
    const mixture = mixtureOf({ rows, dimensions, clusters, sigma: easySpread, seed })
    mixture.forEach((row, at) => flat.set(row, at * dimensions))
    return flat
  }
  const depth = Math.min(hidden.dimensions, dimensions)
  const mixture = mixtureOf({ rows, dimensions: depth, clusters, sigma: hidden.spread, seed })
  const axes = mixtureOf({ rows: depth, dimensions, clusters: 1, sigma: 1, seed: seed + 1 })
  const noise = noiseOf(seed + 2)
  mixture.forEach((row, at) => lift(row, axes, noise, flat.subarray(at * dimensions, (at + 1) * dimensions)))
  return flat
}

function lift(
  row: Float32Array,
  axes: readonly Float32Array[],
  noise: () => number,
  target: Float32Array,
): void {
  const scale = 1 / Math.sqrt(row.length)
  axes.forEach((axis, which) => {
    const share = row[which]! * scale
    for (let i = 0; i < target.length; i++) target[i]! += share * axis[i]!
  })
  for (let i = 0; i < target.length; i++) target[i]! += noise()
}

/** Even rather than normal: nobody sees the difference, and it is drawn for every number of a row. */
function noiseOf(seed: number): () => number {
  const random = seededRandom(seed)
  const width = hidden.noise * Math.sqrt(12)
  return () => (random.next() - 0.5) * width
}
