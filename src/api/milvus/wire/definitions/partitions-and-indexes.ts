// Partitions and indexes. In the notation of api/grpc/notation.ts.

export const partitionsAndIndexes = `
CreatePartitionRequest: base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4
DropPartitionRequest: base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4
HasPartitionRequest: base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4
ShowPartitionsRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4, partition_names [text] 5,
  type ShowType 6
ShowPartitionsResponse:
  status Status 1, partition_names [text] 2, partitionIDs [i64] 3, created_timestamps [u64] 4,
  created_utc_timestamps [u64] 5, inMemory_percentages [i64] 6
GetPartitionStatisticsRequest: base MsgBase 1, db_name text 2, collection_name text 3, partition_name text 4
GetPartitionStatisticsResponse: status Status 1, stats [KeyValuePair] 2
LoadPartitionsRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, partition_names [text] 4, replica_number i32 5,
  resource_groups [text] 6, refresh bool 7, load_fields [text] 8, skip_load_dynamic_field bool 9,
  load_params {text} 10
ReleasePartitionsRequest: base MsgBase 1, db_name text 2, collection_name text 3, partition_names [text] 4
CreateIndexRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_name text 4,
  extra_params [KeyValuePair] 5, index_name text 6
AlterIndexRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, index_name text 4,
  extra_params [KeyValuePair] 5, delete_keys [text] 6
DescribeIndexRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_name text 4, index_name text 5,
  timestamp u64 6
DescribeIndexResponse: status Status 1, index_descriptions [IndexDescription] 2
IndexDescription:
  index_name text 1, indexID i64 2, params [KeyValuePair] 3, field_name text 4, indexed_rows i64 5,
  total_rows i64 6, state IndexState 7, index_state_fail_reason text 8, pending_index_rows i64 9,
  min_index_version i32 10, max_index_version i32 11
IndexState = IndexStateNone Unissued InProgress Finished Failed Retry
GetIndexStatisticsRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, index_name text 4, timestamp u64 5
GetIndexStatisticsResponse: status Status 1, index_descriptions [IndexDescription] 2
GetIndexStateRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_name text 4, index_name text 5
GetIndexStateResponse: status Status 1, state IndexState 2, fail_reason text 3
GetIndexBuildProgressRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_name text 4, index_name text 5
GetIndexBuildProgressResponse: status Status 1, indexed_rows i64 2, total_rows i64 3
DropIndexRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_name text 4, index_name text 5
`
