// Collections, their aliases, and loading. In the notation of api/grpc/notation.ts.

export const collections = `
CreateCollectionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, schema bytes 4, shards_num i32 5,
  consistency_level ConsistencyLevel 6, properties [KeyValuePair] 7, num_partitions i64 8
DropCollectionRequest: base MsgBase 1, db_name text 2, collection_name text 3
HasCollectionRequest: base MsgBase 1, db_name text 2, collection_name text 3, time_stamp u64 4
DescribeCollectionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4, time_stamp u64 5
DescribeCollectionResponse:
  status Status 1, schema CollectionSchema 2, collectionID i64 3, virtual_channel_names [text] 4,
  physical_channel_names [text] 5, created_timestamp u64 6, created_utc_timestamp u64 7, shards_num i32 8,
  aliases [text] 9, start_positions [KeyDataPair] 10, consistency_level ConsistencyLevel 11,
  collection_name text 12, properties [KeyValuePair] 13, db_name text 14, num_partitions i64 15,
  db_id i64 16, request_time u64 17, update_timestamp u64 18, update_timestamp_str text 19
BatchDescribeCollectionRequest: db_name text 1, collection_name [text] 2, collectionID [i64] 3
BatchDescribeCollectionResponse: status Status 1, responses [DescribeCollectionResponse] 2
GetCollectionStatisticsRequest: base MsgBase 1, db_name text 2, collection_name text 3
GetCollectionStatisticsResponse: status Status 1, stats [KeyValuePair] 2
ShowCollectionsRequest:
  base MsgBase 1, db_name text 2, time_stamp u64 3, type ShowType 4, collection_names [text] 5
ShowType = All InMemory
ShowCollectionsResponse:
  status Status 1, collection_names [text] 2, collection_ids [i64] 3, created_timestamps [u64] 4,
  created_utc_timestamps [u64] 5, inMemory_percentages [i64] 6, query_service_available [bool] 7,
  shards_num [i32] 8
RenameCollectionRequest: base MsgBase 1, db_name text 2, oldName text 3, newName text 4, newDBName text 5
AlterCollectionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4, properties [KeyValuePair] 5,
  delete_keys [text] 6
AlterCollectionFieldRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_name text 4, properties [KeyValuePair] 5,
  delete_keys [text] 6
AddCollectionFieldRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4, schema bytes 5
AddCollectionStructFieldRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4,
  struct_array_field_schema StructArrayFieldSchema 5
AlterCollectionSchemaRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4,
  action AlterCollectionSchemaRequest_Action 5
AlterCollectionSchemaRequest_Action:
  (add_request AlterCollectionSchemaRequest_AddRequest 1
  | drop_request AlterCollectionSchemaRequest_DropRequest 2)
AlterCollectionSchemaRequest_AddRequest:
  field_infos [AlterCollectionSchemaRequest_FieldInfo] 1, func_schema [FunctionSchema] 2,
  do_physical_backfill bool 3
AlterCollectionSchemaRequest_FieldInfo:
  field_schema FieldSchema 1, index_name text 2, extra_params [KeyValuePair] 3
AlterCollectionSchemaRequest_DropRequest:
  (field_name text 1 | field_id i64 2 | function_name text 3), drop_function_output_fields bool 4
AlterCollectionSchemaResponse: alter_status Status 1
AddCollectionFunctionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4,
  functionSchema FunctionSchema 5
AlterCollectionFunctionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4, function_name text 5,
  functionSchema FunctionSchema 6
DropCollectionFunctionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, collectionID i64 4, function_name text 5
TruncateCollectionRequest: base MsgBase 1, db_name text 2, collection_name text 3
TruncateCollectionResponse: status Status 1
LoadCollectionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, replica_number i32 4, resource_groups [text] 5,
  refresh bool 6, load_fields [text] 7, skip_load_dynamic_field bool 8, load_params {text} 9
ReleaseCollectionRequest: base MsgBase 1, db_name text 2, collection_name text 3
GetLoadingProgressRequest: base MsgBase 1, collection_name text 2, partition_names [text] 3, db_name text 4
GetLoadingProgressResponse: status Status 1, progress i64 2, refresh_progress i64 3
GetLoadStateRequest: base MsgBase 1, collection_name text 2, partition_names [text] 3, db_name text 4
GetLoadStateResponse: status Status 1, state LoadState 2
LoadState = LoadStateNotExist LoadStateNotLoad LoadStateLoading LoadStateLoaded
CreateAliasRequest: base MsgBase 1, db_name text 2, collection_name text 3, alias text 4
DropAliasRequest: base MsgBase 1, db_name text 2, alias text 3
AlterAliasRequest: base MsgBase 1, db_name text 2, collection_name text 3, alias text 4
DescribeAliasRequest: base MsgBase 1, db_name text 2, alias text 3
DescribeAliasResponse: status Status 1, db_name text 2, alias text 3, collection text 4
ListAliasesRequest: base MsgBase 1, db_name text 2, collection_name text 3
ListAliasesResponse: status Status 1, db_name text 2, collection_name text 3, aliases [text] 4
`
