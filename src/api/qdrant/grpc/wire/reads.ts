// Reads without a query, and the searches that came before queries. In the notation of api/grpc/notation.ts.

export const reads = `
GetPoints:
  collection_name text 1, ids [PointId] 2, with_payload WithPayloadSelector 4,
  with_vectors WithVectorsSelector? 5, read_consistency ReadConsistency? 6,
  shard_key_selector ShardKeySelector? 7, timeout u64? 8
ScrollPoints:
  collection_name text 1, filter Filter 2, offset PointId? 3, limit u32? 4,
  with_payload WithPayloadSelector 6, with_vectors WithVectorsSelector? 7,
  read_consistency ReadConsistency? 8, shard_key_selector ShardKeySelector? 9, order_by OrderBy? 10,
  timeout u64? 11
OrderBy: key text 1, direction Direction? 2, start_from StartFrom? 3
Direction = Asc Desc
StartFrom: (float f64 1 | integer i64 2 | timestamp Timestamp 3 | datetime text 4)
CountPoints:
  collection_name text 1, filter Filter 2, exact bool? 3, read_consistency ReadConsistency? 4,
  shard_key_selector ShardKeySelector? 5, timeout u64? 6
FacetCounts:
  collection_name text 1, key text 2, filter Filter? 3, limit u64? 4, exact bool? 5, timeout u64? 6,
  read_consistency ReadConsistency? 7, shard_key_selector ShardKeySelector? 8
SearchMatrixPoints:
  collection_name text 1, filter Filter? 2, sample u64? 3, limit u64? 4, using text? 5,
  timeout u64? 6, read_consistency ReadConsistency? 7, shard_key_selector ShardKeySelector? 8
SearchParams:
  hnsw_ef u64? 1, exact bool? 2, quantization QuantizationSearchParams? 3, indexed_only bool? 4,
  acorn AcornSearchParams? 5, idf IdfParams? 6
QuantizationSearchParams: ignore bool? 1, rescore bool? 2, oversampling f64? 3
AcornSearchParams: enable bool? 1, max_selectivity f64? 2
IdfParams: corpus Filter? 1
LookupLocation: collection_name text 1, vector_name text? 2, shard_key_selector ShardKeySelector? 3
WithLookup: collection text 1, with_payload WithPayloadSelector? 2, with_vectors WithVectorsSelector? 3
SearchPoints:
  collection_name text 1, vector [f32] 2, filter Filter 3, limit u64 4,
  with_payload WithPayloadSelector 6, params SearchParams 7, score_threshold f32? 8, offset u64? 9,
  vector_name text? 10, with_vectors WithVectorsSelector? 11, read_consistency ReadConsistency? 12,
  timeout u64? 13, shard_key_selector ShardKeySelector? 14, sparse_indices SparseIndices? 15
SearchBatchPoints:
  collection_name text 1, search_points [SearchPoints] 2, read_consistency ReadConsistency? 3,
  timeout u64? 4
SearchPointGroups:
  collection_name text 1, vector [f32] 2, filter Filter 3, limit u32 4,
  with_payload WithPayloadSelector 5, params SearchParams 6, score_threshold f32? 7,
  vector_name text? 8, with_vectors WithVectorsSelector? 9, group_by text 10, group_size u32 11,
  read_consistency ReadConsistency? 12, with_lookup WithLookup? 13, timeout u64? 14,
  shard_key_selector ShardKeySelector? 15, sparse_indices SparseIndices? 16
RecommendStrategy = AverageVector BestScore SumScores
RecommendPoints:
  collection_name text 1, positive [PointId] 2, negative [PointId] 3, filter Filter 4, limit u64 5,
  with_payload WithPayloadSelector 7, params SearchParams 8, score_threshold f32? 9, offset u64? 10,
  using text? 11, with_vectors WithVectorsSelector? 12, lookup_from LookupLocation? 13,
  read_consistency ReadConsistency? 14, strategy RecommendStrategy? 16,
  positive_vectors [Vector] 17, negative_vectors [Vector] 18, timeout u64? 19,
  shard_key_selector ShardKeySelector? 20
RecommendBatchPoints:
  collection_name text 1, recommend_points [RecommendPoints] 2, read_consistency ReadConsistency? 3,
  timeout u64? 4
RecommendPointGroups:
  collection_name text 1, positive [PointId] 2, negative [PointId] 3, filter Filter 4, limit u32 5,
  with_payload WithPayloadSelector 6, params SearchParams 7, score_threshold f32? 8, using text? 9,
  with_vectors WithVectorsSelector? 10, lookup_from LookupLocation? 11, group_by text 12,
  group_size u32 13, read_consistency ReadConsistency? 14, with_lookup WithLookup? 15,
  strategy RecommendStrategy? 17, positive_vectors [Vector] 18, negative_vectors [Vector] 19,
  timeout u64? 20, shard_key_selector ShardKeySelector? 21
TargetVector: (single VectorExample 1)
VectorExample: (id PointId 1 | vector Vector 2)
ContextExamplePair: positive VectorExample 1, negative VectorExample 2
DiscoverPoints:
  collection_name text 1, target TargetVector 2, context [ContextExamplePair] 3, filter Filter 4,
  limit u64 5, with_payload WithPayloadSelector 6, params SearchParams 7, offset u64? 8,
  using text? 9, with_vectors WithVectorsSelector? 10, lookup_from LookupLocation? 11,
  read_consistency ReadConsistency? 12, timeout u64? 13, shard_key_selector ShardKeySelector? 14
DiscoverBatchPoints:
  collection_name text 1, discover_points [DiscoverPoints] 2, read_consistency ReadConsistency? 3,
  timeout u64? 4
`
