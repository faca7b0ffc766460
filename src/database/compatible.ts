import type { CollectionConfig, VectorParams } from '../collection/types.ts'
import { columnNameOf, type VectorSchema } from '../collection/vector-columns.ts'
import { isStoredAsGiven } from '../collection/vector-input.ts'
import { DatabaseError } from '../errors/database-error.ts'

/**
 * A snapshot may replace a collection if the vectors (names, kinds, sizes, distances, whether lengths are kept, data types) and
 * the number of shards are equal. Sparse vectors may be missing on either side: points need not have any.
 * @throws snapshot-incompatible; details: what, collection, snapshot
 */
export function checkCompatible(
  name: string,
  collection: CollectionConfig,
  snapshot: CollectionConfig,
): void {
  const shared = (one: VectorSchema, other: VectorSchema) =>
    Object.entries(one).filter(([vector, { kind }]) => kind !== 'sparse' || Object.hasOwn(other, vector))
  if (
    vectorsText(shared(collection.vectors, snapshot.vectors)) !==
    vectorsText(shared(snapshot.vectors, collection.vectors))
  )
    throw incompatible(name, 'vectors', collection.vectors, snapshot.vectors)
  const [own, other] = [collection.shardNumber ?? 1, snapshot.shardNumber ?? 1]
  if (own !== other) throw incompatible(name, 'shard number', own, other)
}

/**
 * Points that were looked at as those of one of `of` shards may become a shard if, besides, all vectors lie in the columns
 * where the other shards have them: one that was added later, or dropped and added again, is another column.
 * @throws snapshot-incompatible
 */
export function checkShardCompatible(
  name: string,
  collection: CollectionConfig,
  snapshot: CollectionConfig,
  of: number,
): void {
  checkCompatible(name, collection, { ...snapshot, shardNumber: of })
  if (Object.keys(collection.vectors).sort().join('\0') !== Object.keys(snapshot.vectors).sort().join('\0'))
    throw incompatible(name, 'vectors', collection.vectors, snapshot.vectors)
  for (const [vector, params] of Object.entries(collection.vectors)) {
    const other = snapshot.vectors[vector]!
    if (columnNameOf(vector, params) === columnNameOf(vector, other)) continue
    throw incompatible(name, `columns of vector "${vector}"`, params, other)
  }
}

/**
 * A shard becomes what a shard of the partition of the same name is: a segment in two partitions of a collection would
 * be one point twice. Null where there is no partition any more.
 * @throws snapshot-incompatible
 */
export function checkSamePartition(name: string, own: string | null, other: string | null): void {
  if (own === null || own !== other) throw incompatible(name, 'partition', own, other)
}

function vectorsText(vectors: readonly (readonly [string, VectorParams])[]): string {
  const compared = vectors.map(([vector, params]) => [
    vector,
    params.kind ?? 'dense',
    params.size,
    params.distance,
    isStoredAsGiven(params),
    params.datatype ?? 'float32',
  ])
  return JSON.stringify(compared.sort())
}

function incompatible(name: string, what: string, collection: unknown, snapshot: unknown): DatabaseError {
  const text = `Cannot replace collection "${name}" by this snapshot: the ${what} differ`
  return new DatabaseError('snapshot-incompatible', text, { what, collection, snapshot })
}
