import type { CollectionConfig } from '../collection/types.ts'
import { DatabaseError } from '../errors/database-error.ts'

/**
 * A snapshot may replace a collection if the vectors (names, sizes, distances) and the number of shards are equal.
 * @throws snapshot-incompatible; details: what, collection, snapshot
 */
export function checkCompatible(
  name: string,
  collection: CollectionConfig,
  snapshot: CollectionConfig,
): void {
  if (vectorsText(collection) !== vectorsText(snapshot))
    throw incompatible(name, 'vectors', collection.vectors, snapshot.vectors)
  const [own, other] = [collection.shardNumber ?? 1, snapshot.shardNumber ?? 1]
  if (own !== other) throw incompatible(name, 'shard number', own, other)
}

function vectorsText(config: CollectionConfig): string {
  const vectors = Object.entries(config.vectors).map(([vector, { size, distance }]) => [
    vector,
    size,
    distance,
  ])
  return JSON.stringify(vectors.sort())
}

function incompatible(name: string, what: string, collection: unknown, snapshot: unknown): DatabaseError {
  const text = `Cannot replace collection "${name}" by this snapshot: the ${what} differ`
  return new DatabaseError('snapshot-incompatible', text, { what, collection, snapshot })
}
