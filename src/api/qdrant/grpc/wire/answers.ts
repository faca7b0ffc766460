// What reads answer. In the notation of api/grpc/notation.ts.

export const answers = `
Usage: hardware HardwareUsage? 1, inference InferenceUsage? 2
HardwareUsage:
  cpu u64 1, payload_io_read u64 2, payload_io_write u64 3, payload_index_io_read u64 4,
  payload_index_io_write u64 5, vector_io_read u64 6, vector_io_write u64 7
InferenceUsage: models {ModelUsage} 1
ModelUsage: tokens u64 1
ScoredPoint:
  id PointId 1, payload {Value} 2, score f32 3, version u64 5, vectors VectorsOutput? 6,
  shard_key ShardKey? 7, order_value OrderValue? 8
RetrievedPoint:
  id PointId 1, payload {Value} 2, vectors VectorsOutput? 4, shard_key ShardKey? 5,
  order_value OrderValue? 6
OrderValue: (int i64 1 | float f64 2)
GroupId: (unsigned_value u64 1 | integer_value i64 2 | string_value text 3)
PointGroup: id GroupId 1, hits [ScoredPoint] 2, lookup RetrievedPoint 3
GroupsResult: groups [PointGroup] 1
BatchResult: result [ScoredPoint] 1
GetResponse: result [RetrievedPoint] 1, time f64 2, usage Usage? 3
ScrollResponse: next_page_offset PointId? 1, result [RetrievedPoint] 2, time f64 3, usage Usage? 4
CountResponse: result CountResult 1, time f64 2, usage Usage? 3
CountResult: count u64 1
FacetResponse: hits [FacetHit] 1, time f64 2, usage Usage? 3
FacetHit: value FacetValue 1, count u64 2
FacetValue: (string_value text 1 | integer_value i64 2 | bool_value bool 3)
SearchResponse: result [ScoredPoint] 1, time f64 2, usage Usage? 3
SearchBatchResponse: result [BatchResult] 1, time f64 2, usage Usage? 3
SearchGroupsResponse: result GroupsResult 1, time f64 2, usage Usage? 3
RecommendResponse: result [ScoredPoint] 1, time f64 2, usage Usage? 3
RecommendBatchResponse: result [BatchResult] 1, time f64 2, usage Usage? 3
RecommendGroupsResponse: result GroupsResult 1, time f64 2, usage Usage? 3
DiscoverResponse: result [ScoredPoint] 1, time f64 2, usage Usage? 3
DiscoverBatchResponse: result [BatchResult] 1, time f64 2, usage Usage? 3
QueryResponse: result [ScoredPoint] 1, time f64 2, usage Usage? 3
QueryBatchResponse: result [BatchResult] 1, time f64 2, usage Usage? 3
QueryGroupsResponse: result GroupsResult 1, time f64 2, usage Usage? 3
SearchMatrixPairsResponse: result SearchMatrixPairs 1, time f64 2, usage Usage? 3
SearchMatrixPairs: pairs [SearchMatrixPair] 1
SearchMatrixPair: a PointId 1, b PointId 2, score f32 3
SearchMatrixOffsetsResponse: result SearchMatrixOffsets 1, time f64 2, usage Usage? 3
SearchMatrixOffsets: offsets_row [u64] 1, offsets_col [u64] 2, scores [f32] 3, ids [PointId] 4
`
