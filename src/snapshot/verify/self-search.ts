import { defaultPartition, partitionOfShard } from '../../collection/partitions.ts'
import type { CollectionReader } from '../../collection/reader.ts'
import { isDescending } from '../../collection/scoring.ts'
import type { VectorParams } from '../../collection/types.ts'
import { vectorAt } from '../../collection/vector-columns.ts'
import { isStoredAsGiven } from '../../collection/vector-input.ts'
import { isVisible, type View } from '../../collection/view.ts'
import type { PointId } from '../../ids/point-id.ts'
import type { Random } from '../../runtime/random.ts'

// Kernels add up in float32, in another order than we do here.
const tolerance = 1e-4
const triesPerSample = 50
// Far from where squares of components are no longer exact in float32.
const squareMin = 2 ** -80

/** A point's own vector, with what a search for it must give. */
export interface KnownVector {
  readonly id: PointId
  readonly partition: string
  readonly using: string
  readonly vector: Float32Array
  readonly params: VectorParams
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
    const params = view.config.vectors[using]!
    found.set(JSON.stringify([String(id), partition, using]), { id, partition, using, vector, params })
  }
  return [...found.values()]
}

/** The score of a dense vector with itself follows from its components. */
function isExpected({ kind = 'dense', datatype = 'float32' }: VectorParams): boolean {
  return kind === 'dense' && datatype === 'float32'
}

/** Scores of infinite or huge components are no numbers, and lengths of tiny ones are lost. */
function isSearchable(vector: Float32Array): boolean {
  const square = squareOf(vector)
  return Number.isFinite(Math.fround(4 * square)) && (square === 0 || square > squareMin)
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
  { id, partition, using, vector, params }: KnownVector,
): Promise<string | undefined> {
  const request = { using, vector, limit: 1, partitions: [partition] }
  const [best] = await reader.query(request)
  const [own] = await reader.query({ ...request, filter: { must: [{ kind: 'has-id', ids: [id] }] } })
  const what = `point ${String(id)}${using === '' ? '' : `, vector "${using}"`}`
  if (own === undefined || best === undefined) return `search: ${what} is not found by its own vector`
  const expected = selfScore(vector, params)
  const margin = tolerance * Math.max(1, Math.abs(expected))
  if (!(Math.abs(own.score - expected) <= margin))
    return `search: ${what} scores ${own.score} for its own vector, not ${expected}`
  const isBetter = isDescending(params.distance) ? best.score - own.score : own.score - best.score
  if (!(isBetter >= 0)) return `search: the best score for ${what} is ${best.score}, worse than its own`
  if (params.distance !== 'Dot' && isBetter > margin)
    return `search: point ${String(best.id)} scores ${best.score} for ${what}, better than itself`
  return undefined
}

function selfScore(vector: Float32Array, params: VectorParams): number {
  const square = squareOf(vector)
  switch (params.distance) {
    case 'Cosine':
      // Stored at length 1, or 0.
      if (!isStoredAsGiven(params)) return Math.sqrt(square)
      return square === 0 ? 0 : 1
    case 'Dot':
      return square
    case 'Euclid':
    case 'Manhattan':
    case 'Jaccard':
      return 0
  }
}
