// Changes of points and of payload indexes. In the notation of api/grpc/notation.ts.

export const writes = `
PointStruct: id PointId 1, payload {Value} 3, vectors Vectors? 4
PointsSelector: (points PointsIdsList 1 | filter Filter 2)
PointsIdsList: ids [PointId] 1
PointVectors: id PointId 1, vectors Vectors 2
UpdateMode = Upsert InsertOnly UpdateOnly
UpsertPoints:
  collection_name text 1, wait bool? 2, points [PointStruct] 3, ordering WriteOrdering? 4,
  shard_key_selector ShardKeySelector? 5, update_filter Filter? 6, timeout u64? 7,
  update_mode UpdateMode? 8
DeletePoints:
  collection_name text 1, wait bool? 2, points PointsSelector 3, ordering WriteOrdering? 4,
  shard_key_selector ShardKeySelector? 5, timeout u64? 6
UpdatePointVectors:
  collection_name text 1, wait bool? 2, points [PointVectors] 3, ordering WriteOrdering? 4,
  shard_key_selector ShardKeySelector? 5, update_filter Filter? 6, timeout u64? 7
DeletePointVectors:
  collection_name text 1, wait bool? 2, points_selector PointsSelector 3, vectors VectorsSelector 4,
  ordering WriteOrdering? 5, shard_key_selector ShardKeySelector? 6, timeout u64? 7
SetPayloadPoints:
  collection_name text 1, wait bool? 2, payload {Value} 3, points_selector PointsSelector? 5,
  ordering WriteOrdering? 6, shard_key_selector ShardKeySelector? 7, key text? 8, timeout u64? 9
DeletePayloadPoints:
  collection_name text 1, wait bool? 2, keys [text] 3, points_selector PointsSelector? 5,
  ordering WriteOrdering? 6, shard_key_selector ShardKeySelector? 7, timeout u64? 8
ClearPayloadPoints:
  collection_name text 1, wait bool? 2, points PointsSelector 3, ordering WriteOrdering? 4,
  shard_key_selector ShardKeySelector? 5, timeout u64? 6
UpdateBatchPoints:
  collection_name text 1, wait bool? 2, operations [PointsUpdateOperation] 3,
  ordering WriteOrdering? 4, timeout u64? 5
PointsUpdateOperation:
  (upsert BatchPointStructList 1 | delete_deprecated PointsSelector 2
  | set_payload BatchSetPayload 3 | overwrite_payload BatchOverwritePayload 4
  | delete_payload BatchDeletePayload 5 | clear_payload_deprecated PointsSelector 6
  | update_vectors BatchUpdateVectors 7 | delete_vectors BatchDeleteVectors 8
  | delete_points BatchDeletePoints 9 | clear_payload BatchClearPayload 10)
BatchPointStructList:
  points [PointStruct] 1, shard_key_selector ShardKeySelector? 2, update_filter Filter? 3,
  update_mode UpdateMode? 4
BatchSetPayload:
  payload {Value} 1, points_selector PointsSelector? 2, shard_key_selector ShardKeySelector? 3,
  key text? 4
BatchOverwritePayload:
  payload {Value} 1, points_selector PointsSelector? 2, shard_key_selector ShardKeySelector? 3,
  key text? 4
BatchDeletePayload:
  keys [text] 1, points_selector PointsSelector? 2, shard_key_selector ShardKeySelector? 3
BatchUpdateVectors:
  points [PointVectors] 1, shard_key_selector ShardKeySelector? 2, update_filter Filter? 3
BatchDeleteVectors:
  points_selector PointsSelector 1, vectors VectorsSelector 2,
  shard_key_selector ShardKeySelector? 3
BatchDeletePoints: points PointsSelector 1, shard_key_selector ShardKeySelector? 2
BatchClearPayload: points PointsSelector 1, shard_key_selector ShardKeySelector? 2
CreateFieldIndexCollection:
  collection_name text 1, wait bool? 2, field_name text 3, field_type FieldType? 4,
  field_index_params PayloadIndexParams? 5, ordering WriteOrdering? 6, timeout u64? 7
DeleteFieldIndexCollection:
  collection_name text 1, wait bool? 2, field_name text 3, ordering WriteOrdering? 4, timeout u64? 5
CreateVectorNameRequest:
  collection_name text 1, wait bool? 2, vector_name text 3,
  (dense_config DenseVectorCreationConfig 4 | sparse_config SparseVectorCreationConfig 5),
  timeout u64? 6, ordering WriteOrdering? 7
DenseVectorCreationConfig:
  size u64 1, distance Distance 2, multivector_config MultiVectorConfig? 3, datatype Datatype? 4
SparseVectorCreationConfig: modifier Modifier? 1, datatype Datatype? 2
DeleteVectorNameRequest:
  collection_name text 1, wait bool? 2, vector_name text 3, timeout u64? 4,
  ordering WriteOrdering? 5
PointsOperationResponse: result UpdateResult 1, time f64 2, usage Usage? 3
UpdateResult: operation_id u64? 1, status UpdateStatus 2
UpdateStatus = UnknownUpdateStatus Acknowledged Completed ClockRejected WaitTimeout
UpdateBatchResponse: result [UpdateResult] 1, time f64 2, usage Usage? 3
`
