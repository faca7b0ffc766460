import type { QdrantCollection } from './types.ts'

/** What the format has no checksum for, as lines of a report. */
export function unprovedOf(collections: readonly QdrantCollection[]): string[] {
  const segments = collections.flatMap(({ shards }) => shards.flatMap((shard) => shard.segments))
  const points = segments.reduce((sum, segment) => sum + segment.pointCount, 0)
  if (points === 0) return []
  const of = `of ${points} points in ${segments.length} segments`
  return [
    `ids and versions ${of}: that each stands once and fits the other files was checked, Qdrant keeps no checksum of them`,
    `vectors ${of}: their lengths and that all components are numbers were checked, Qdrant keeps no checksum of them`,
    `payloads ${of}: their compression, UTF-8 and JSON were checked, Qdrant keeps no checksum of them`,
    'a changed bit in these can be noticed by the SHA-256 of the whole file only',
  ]
}
