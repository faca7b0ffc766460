// The query API. In the notation of api/grpc/notation.ts.

export const queries = `
QueryPoints:
  collection_name text 1, prefetch [PrefetchQuery] 2, query Query? 3, using text? 4,
  filter Filter? 5, params SearchParams? 6, score_threshold f32? 7, limit u64? 8, offset u64? 9,
  with_vectors WithVectorsSelector? 10, with_payload WithPayloadSelector? 11,
  read_consistency ReadConsistency? 12, shard_key_selector ShardKeySelector? 13,
  lookup_from LookupLocation? 14, timeout u64? 15
QueryBatchPoints:
  collection_name text 1, query_points [QueryPoints] 2, read_consistency ReadConsistency? 3,
  timeout u64? 4
QueryPointGroups:
  collection_name text 1, prefetch [PrefetchQuery] 2, query Query? 3, using text? 4,
  filter Filter? 5, params SearchParams? 6, score_threshold f32? 7,
  with_payload WithPayloadSelector 8, with_vectors WithVectorsSelector? 9,
  lookup_from LookupLocation? 10, limit u64? 11, group_size u64? 12, group_by text 13,
  read_consistency ReadConsistency? 14, with_lookup WithLookup? 15, timeout u64? 16,
  shard_key_selector ShardKeySelector? 17
PrefetchQuery:
  prefetch [PrefetchQuery] 1, query Query? 2, using text? 3, filter Filter? 4,
  params SearchParams? 5, score_threshold f32? 6, limit u64? 7, lookup_from LookupLocation? 8
Query:
  (nearest VectorInput 1 | recommend RecommendInput 2 | discover DiscoverInput 3
  | context ContextInput 4 | order_by OrderBy 5 | fusion Fusion 6 | sample Sample 7
  | formula Formula 8 | nearest_with_mmr NearestInputWithMmr 9 | rrf Rrf 10
  | relevance_feedback RelevanceFeedbackInput 11)
VectorInput:
  (id PointId 1 | dense DenseVector 2 | sparse SparseVector 3 | multi_dense MultiDenseVector 4
  | document Document 5 | image Image 6 | object InferenceObject 7)
RecommendInput: positive [VectorInput] 1, negative [VectorInput] 2, strategy RecommendStrategy? 3
ContextInputPair: positive VectorInput 1, negative VectorInput 2
DiscoverInput: target VectorInput 1, context ContextInput 2
ContextInput: pairs [ContextInputPair] 1
NearestInputWithMmr: nearest VectorInput 1, mmr Mmr 2
Mmr: diversity f32? 2, candidates_limit u32? 3
Rrf: k u32? 1, weights [f32] 2
Fusion = RRF DBSF
Sample = Random
RelevanceFeedbackInput: target VectorInput 1, feedback [FeedbackItem] 2, strategy FeedbackStrategy 3
FeedbackItem: example VectorInput 1, score f32 2
FeedbackStrategy: (naive NaiveFeedbackStrategy 1)
NaiveFeedbackStrategy: a f32 1, b f32 2, c f32 3
Formula: expression Expression 1, defaults {Value} 2
Expression:
  (constant f32 1 | variable text 2 | condition Condition 3 | geo_distance GeoDistance 4
  | datetime text 5 | datetime_key text 6 | mult MultExpression 7 | sum SumExpression 8
  | div DivExpression 9 | neg Expression 10 | abs Expression 11 | sqrt Expression 12
  | pow PowExpression 13 | exp Expression 14 | log10 Expression 15 | ln Expression 16
  | exp_decay DecayParamsExpression 17 | gauss_decay DecayParamsExpression 18
  | lin_decay DecayParamsExpression 19)
GeoDistance: origin GeoPoint 1, to text 2
MultExpression: mult [Expression] 1
SumExpression: sum [Expression] 1
DivExpression: left Expression 1, right Expression 2, by_zero_default f32? 3
PowExpression: base Expression 1, exponent Expression 2
DecayParamsExpression: x Expression 1, target Expression? 2, scale f32? 3, midpoint f32? 4
`
