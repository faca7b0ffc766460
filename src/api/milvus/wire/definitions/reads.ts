// Searches and queries. In the notation of api/grpc/notation.ts.

export const reads = `
SearchRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, partition_names [text] 4, dsl text 5,
  (placeholder_group bytes 6 | ids IDs 22), dsl_type DslType 7, output_fields [text] 8,
  search_params [KeyValuePair] 9, travel_timestamp u64 10, guarantee_timestamp u64 11, nq i64 12,
  not_return_all_meta bool 13, consistency_level ConsistencyLevel 14, use_default_consistency bool 15,
  search_by_primary_keys bool 16, sub_reqs [SubSearchRequest] 17, expr_template_values {TemplateValue} 18,
  function_score FunctionScore 19, namespace text? 20, highlighter Highlighter 21,
  search_aggregation SearchAggregationSpec 23, function_chains [FunctionChain] 24
DslType = Dsl BoolExprV1
SubSearchRequest:
  dsl text 1, placeholder_group bytes 2, dsl_type DslType 3, search_params [KeyValuePair] 4, nq i64 5,
  expr_template_values {TemplateValue} 6, namespace text? 7
Highlighter: type HighlightType 1, params [KeyValuePair] 2
HighlightType = Lexical Semantic
SearchAggregationSpec:
  fields [text] 1, size i64 2, metrics {MetricAggSpec} 3, order [OrderSpec] 4, top_hits TopHitsSpec 5,
  sub_aggregation SearchAggregationSpec 6, search_size i64 7
MetricAggSpec: op text 1, field_name text 2
OrderSpec: key text 1, direction text 2, null_first bool 3
TopHitsSpec: size i64 1, sort [SortSpec] 2
SortSpec: field_name text 1, direction text 2, null_first bool 3
FunctionChain: name text 1, stage FunctionChainStage 2, ops [FunctionChainOp] 3
FunctionChainStage =
  FunctionChainStageUnspecified FunctionChainStageIngestion FunctionChainStagePreProcess
  FunctionChainStageL0Rerank FunctionChainStageL1Rerank FunctionChainStageL2Rerank
  FunctionChainStagePostProcess
FunctionChainOp:
  op text 1, expr FunctionChainExpr 2, inputs [text] 3, outputs [text] 4, params {FunctionParamValue} 5
FunctionChainExpr: name text 1, args [FunctionChainExprArg] 2, params {FunctionParamValue} 3
FunctionChainExprArg: (column FunctionChainColumnArg 1 | literal FunctionParamValue 2)
FunctionChainColumnArg: name text 1
FunctionParamValue:
  (bool_value bool 1 | int64_value i64 2 | double_value f64 3 | string_value text 4
  | array_value FunctionParamArray 5 | object_value FunctionParamObject 6 | bytes_value bytes 7)
FunctionParamArray: values [FunctionParamValue] 1
FunctionParamObject: fields {FunctionParamValue} 1
SearchResults: status Status 1, results SearchResultData 2, collection_name text 3, session_ts u64 4
SearchResultData:
  num_queries i64 1, top_k i64 2, fields_data [FieldData] 3, scores [f32] 4, ids IDs 5, topks [i64] 6,
  output_fields [text] 7, group_by_field_value FieldData 8, all_search_count i64 9, distances [f32] 10,
  search_iterator_v2_results SearchIteratorV2Results? 11, recalls [f32] 12, primary_field_name text 13,
  highlight_results [HighlightResult] 14, element_indices LongArray 15,
  group_by_field_values [FieldData] 17, agg_buckets [AggBucket] 18, agg_topks [i64] 19
SearchIteratorV2Results: token text 1, last_bound f32 2
HighlightResult: field_name text 1, datas [HighlightData] 2
HighlightData: fragments [text] 1, scores [f32] 2
AggBucket:
  key [BucketKeyEntry] 1, count i64 2, metrics {MetricValue} 3, hits [AggHit] 4, sub_groups [AggBucket] 5
BucketKeyEntry: field_id i64 1, field_name text 2, (int_val i64 3 | string_val text 4 | bool_val bool 5)
MetricValue: (int_val i64 1 | double_val f64 2 | string_val text 3 | bool_val bool 4)
AggHit: (int_pk i64 1 | str_pk text 2), score f32 3, fields [AggHitField] 4
AggHitField:
  field_id i64 1, field_name text 2, (int_val i64 3 | bool_val bool 4 | float_val f32 5 | double_val f64 6
  | string_val text 7 | bytes_val bytes 8)
HybridSearchRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, partition_names [text] 4,
  requests [SearchRequest] 5, rank_params [KeyValuePair] 6, travel_timestamp u64 7,
  guarantee_timestamp u64 8, not_return_all_meta bool 9, output_fields [text] 10,
  consistency_level ConsistencyLevel 11, use_default_consistency bool 12, function_score FunctionScore 13,
  namespace text? 14, function_chains [FunctionChain] 15
QueryRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, expr text 4, output_fields [text] 5,
  partition_names [text] 6, travel_timestamp u64 7, guarantee_timestamp u64 8,
  query_params [KeyValuePair] 9, not_return_all_meta bool 10, consistency_level ConsistencyLevel 11,
  use_default_consistency bool 12, expr_template_values {TemplateValue} 13, namespace text? 14
QueryResults:
  status Status 1, fields_data [FieldData] 2, collection_name text 3, output_fields [text] 4,
  session_ts u64 5, primary_field_name text 6, element_indices [ElementIndices] 7
ElementIndices: indices LongArray 1
`
