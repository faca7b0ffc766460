import { defaultPartition, partitionOfShard } from '../../collection/partitions.ts'
import type { CollectionReader } from '../../collection/reader.ts'
import { isDescending } from '../../collection/scoring.ts'
import type { Distance, VectorParams } from '../../collection/types.ts'
import { vectorAt } from '../../collection/vector-columns.ts'
import { isVisible, type View } from '../../collection/view.ts'
import type { PointId } from '../../ids/point-id.ts'
import type { Random } from '../../runtime/random.ts'

// Kernels add up in float32, in another order than we do here.
const tolerance = 1e-4
const triesPerSample = 50

/** A point's own vector, with what a search for it must give. */
export interface KnownVector {
  readonly id: PointId
  readonly partition: string
  readonly using: string
  readonly vector: Float32Array
  readonly distance: Distance
}

/** Random points of a view, one of their vectors each; fewer where there are fewer. */
export function sampleVectors(view: View, count: number, random: Random): KnownVector[] {
  const entries = view.shards.flatMap((inShard, shard) => {
    const partition = partitionOfShard(view.config, shard) ?? defaultPartition
    return inShard.map((entry) => ({ entry, partition }))
  })
  const rowCount = entries.reduce((sum, { entry }) => sum + entry.rowLimit, 0)
  const found = new Map<string, KnownVector>()
  for (let tries = count * triesPerSample; tries > 0 && found.size < count && rowCount > 0; tries--) {
    let row = Math.floor(random.next() * rowCount)
    const { entry, partition } = entries.find(
      ({ entry: { rowLimit } }) => row < rowLimit || ((row -= rowLimit), false),
    )!
    if (!isVisible(entry, row)) continue
    const { rows } = entry.handle
    const names = Object.keys(view.config.vectors)
    const using = names[Math.floor(random.next() * names.length)]
    if (using === undefined || !isExpected(view.config.vectors[using]!)) continue
    const vector = vectorAt({ rows, row }, view.config.vectors, using)
    if (!(vector instanceof Float32Array) || !isSearchable(vector)) continue
    const id = rows.pointIdAt(row)
    const { distance } = view.config.vectors[using]!
    found.set(JSON.stringify([String(id), partition, using]), { id, partition, using, vector, distance })
  }
  return [...found.values()]
}

/** The score of a vector with itself follows from its components: of dense ones, but for whole numbers under Cosine. */
function isExpected({ kind = 'dense', distance, datatype }: VectorParams): boolean {
  return (
    kind === 'dense' &&
    (datatype ?? 'float32') === 'float32' &&
    (distance !== 'Cosine' || datatype !== 'uint8')
  )
}

/** Scores of infinite or huge components are no numbers. */
function isSearchable(vector: Float32Array): boolean {
  return Number.isFinite(Math.fround(4 * squareOf(vector)))
}

function squareOf(vector: Float32Array): number {
  return vector.reduce((sum, value) => sum + value * value, 0)
}

/**
 * Searches a point's own vector. It must find itself, with the score that the distance gives, and nothing better; for
 * dot products, where a longer vector is better than the same one, only the first two. Undefined if all is well.
 */
export async function searchItself(
  reader: CollectionReader,
  { id, partition, using, vector, distance }: KnownVector,
): Promise<string | undefined> {
  const request = { using, vector, limit: 1, partitions: [partition] }
  const [best] = await reader.query(request)
  const [own] = await reader.query({ ...request, filter: { must: [{ kind: 'has-id', ids: [id] }] } })
  const what = `point ${String(id)}${using === '' ? '' : `, vector "${using}"`}`
  if (own === undefined || best === undefined) return `search: ${what} is not found by its own vector`
  const expected = selfScore(vector, distance)
  const margin = tolerance * Math.max(1, Math.abs(expected))
  if (!(Math.abs(own.score - expected) <= margin))
    return `search: ${what} scores ${own.score} for its own vector, not ${expected}`
  const isBetter = isDescending(distance) ? best.score - own.score : own.score - best.score
  if (!(isBetter >= 0)) return `search: the best score for ${what} is ${best.score}, worse than its own`
  if (distance !== 'Dot' && isBetter > margin)
    return `search: point ${String(best.id)} scores ${best.score} for ${what}, better than itself`
  return undefined
}

function selfScore(vector: Float32Array, distance: Distance): number {
  switch (distance) {
    case 'Cosine':
      // Stored at length 1, or 0.
      return Math.sqrt(squareOf(vector))
    case 'Dot':
      return squareOf(vector)
    case 'Euclid':
    case 'Manhattan':
      return 0
  }
}
