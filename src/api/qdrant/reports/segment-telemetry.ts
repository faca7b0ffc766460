import type { CollectionInfo, JsonObject, SegmentReport } from '../../../index.ts'
import { shownDistance } from '../present/shown-distance.ts'

/** One segment in Qdrant's terms: rows in memory, no index of vectors. */
export function segmentTelemetry(segment: SegmentReport, info: CollectionInfo): JsonObject {
  const vectors = Object.entries(segment.vectors)
  const vectorCount = vectors.reduce((sum, [, { count }]) => sum + count, 0)
  return {
    info: {
      uuid: segment.id,
      segment_type: 'plain',
      num_vectors: vectorCount,
      num_points: segment.pointCount,
      num_indexed_vectors: 0,
      num_deleted_vectors: segment.deletedCount,
      vectors_size_bytes: vectors.reduce((sum, [, { bytes }]) => sum + bytes, 0),
      payloads_size_bytes: segment.payloadBytes,
      ram_usage_bytes: segment.memoryBytes,
      disk_usage_bytes: segment.diskBytes,
      is_appendable: !segment.isWritten,
      index_schema: {},
      vector_data: Object.fromEntries(
        vectors.map(([name, { count }]) => [
          name,
          { num_vectors: count, num_indexed_vectors: 0, num_deleted_vectors: 0 },
        ]),
      ),
    },
    config: { ...vectorConfigs(info), payload_storage_type: { type: 'in_ram_mmap' } },
    vector_index_searches: [],
    // Fields are counted by collection, in its info.
    payload_field_indices: [],
  }
}

function vectorConfigs({ config }: CollectionInfo): JsonObject {
  const all = Object.entries(config.vectors)
  const dense = all.filter(([, { kind }]) => kind !== 'sparse')
  const sparse = all.filter(([, { kind }]) => kind === 'sparse')
  return {
    vector_data: Object.fromEntries(
      dense.map(([name, { size, distance }]) => [
        name,
        {
          size,
          distance: shownDistance(distance),
          storage_type: 'Memory',
          index: { type: 'plain', options: {} },
        },
      ]),
    ),
    ...(sparse.length === 0
      ? {}
      : {
          sparse_vector_data: Object.fromEntries(
            sparse.map(([name]) => [name, { index: { index_type: 'MutableRam' } }]),
          ),
        }),
  }
}
