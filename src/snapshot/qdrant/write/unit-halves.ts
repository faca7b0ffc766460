/** Squared lengths this close to 1 are taken for 1 by Qdrant, and by us: such vectors are stored as they are given. */
const unitTolerance = 1e-6
/** No vector of length one gets farther from it by rounding to halves, but for the tiniest components. */
const farthest = 0.05
const steps = 40

/**
 * Cosine vectors of half precision are near length one, as they were rounded after they were brought to it. Qdrant would bring
 * them to it again and round them again. This gives one at length one that rounds to the very same halves: components move within what
 * rounds to them, all in the same proportion as far as they may. Others are given back as they are.
 */
export function atLengthOne(halves: Float32Array): Float32Array {
  const squared = squaredLength(halves)
  if (Math.abs(squared - 1) <= unitTolerance || Math.abs(squared - 1) > farthest) return halves
  const moved = new Float32Array(halves.length)
  let [low, high] = [-farthest, farthest]
  for (let step = 0; step < steps; step++) {
    const share = (low + high) / 2
    for (let i = 0; i < halves.length; i++) moved[i] = movedBy(halves[i]!, share)
    const reached = squaredLength(moved)
    if (Math.abs(reached - 1) <= unitTolerance / 2) return moved
    if (reached < 1) low = share
    else high = share
  }
  return halves
}

/** Grows by a share, or shrinks, but not beyond what rounds to it. */
function movedBy(half: number, share: number): number {
  const size = Math.abs(half)
  if (size === 0) return half
  const exponent = Math.max(Math.floor(Math.log2(size)), -14)
  const spacing = 2 ** (exponent - 10)
  // Below a power of two halves lie twice as close.
  const inwards = size === 2 ** exponent ? 0.24 * spacing : 0.49 * spacing
  const target = Math.min(Math.max(size * (1 + share), size - inwards), size + 0.49 * spacing)
  return half < 0 ? -target : target
}

function squaredLength(values: Float32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!
  return sum
}
