// What belongs to the server: sessions, databases, health, resource groups, imports, files. In the notation of api/grpc/notation.ts.

export const server = `
ConnectRequest: base MsgBase 1, client_info ClientInfo 2
ClientInfo:
  sdk_type text 1, sdk_version text 2, local_time text 3, user text 4, host text 5, reserved {text} 6
ConnectResponse: status Status 1, server_info ServerInfo 2, identifier i64 3
ServerInfo:
  build_tags text 1, build_time text 2, git_commit text 3, go_version text 4, deploy_mode text 5,
  reserved {text} 6
AllocTimestampRequest: base MsgBase 1
AllocTimestampResponse: status Status 1, timestamp u64 2
GetVersionRequest:
GetVersionResponse: status Status 1, version text 2
CheckHealthRequest:
CheckHealthResponse: status Status 1, isHealthy bool 2, reasons [text] 3, quota_states [QuotaState] 4
QuotaState = Unknown ReadLimited:2 WriteLimited DenyToRead DenyToWrite DenyToDDL
GetComponentStatesRequest:
ComponentStates: state ComponentInfo 1, subcomponent_states [ComponentInfo] 2, status Status 3
ComponentInfo: nodeID i64 1, role text 2, state_code StateCode 3, extra_info [KeyValuePair] 4
StateCode = Initializing Healthy Abnormal StandBy Stopping
GetMetricsRequest: base MsgBase 1, request text 2
GetMetricsResponse: status Status 1, response text 2, component_name text 3
CreateDatabaseRequest: base MsgBase 1, db_name text 2, properties [KeyValuePair] 3
DropDatabaseRequest: base MsgBase 1, db_name text 2
ListDatabasesRequest: base MsgBase 1
ListDatabasesResponse: status Status 1, db_names [text] 2, created_timestamp [u64] 3, db_ids [i64] 4
AlterDatabaseRequest:
  base MsgBase 1, db_name text 2, db_id text 3, properties [KeyValuePair] 4, delete_keys [text] 5
DescribeDatabaseRequest: base MsgBase 1, db_name text 2
DescribeDatabaseResponse:
  status Status 1, db_name text 2, dbID i64 3, created_timestamp u64 4, properties [KeyValuePair] 5
LoadBalanceRequest:
  base MsgBase 1, src_nodeID i64 2, dst_nodeIDs [i64] 3, sealed_segmentIDs [i64] 4, collectionName text 5,
  db_name text 6
CreateResourceGroupRequest: base MsgBase 1, resource_group text 2, config ResourceGroupConfig 3
ResourceGroupConfig:
  requests ResourceGroupLimit 1, limits ResourceGroupLimit 2, transfer_from [ResourceGroupTransfer] 3,
  transfer_to [ResourceGroupTransfer] 4, node_filter ResourceGroupNodeFilter 5
ResourceGroupLimit: node_num i32 1
ResourceGroupTransfer: resource_group text 1
ResourceGroupNodeFilter: node_labels [KeyValuePair] 1
DropResourceGroupRequest: base MsgBase 1, resource_group text 2
UpdateResourceGroupsRequest: base MsgBase 1, resource_groups {ResourceGroupConfig} 2
TransferNodeRequest:
  base MsgBase 1, source_resource_group text 2, target_resource_group text 3, num_node i32 4
TransferReplicaRequest:
  base MsgBase 1, source_resource_group text 2, target_resource_group text 3, collection_name text 4,
  num_replica i64 5, db_name text 6
ListResourceGroupsRequest: base MsgBase 1
ListResourceGroupsResponse: status Status 1, resource_groups [text] 2
DescribeResourceGroupRequest: base MsgBase 1, resource_group text 2
DescribeResourceGroupResponse: status Status 1, resource_group ResourceGroup 2
ResourceGroup:
  name text 1, capacity i32 2, num_available_node i32 3, num_loaded_replica {i32} 4,
  num_outgoing_node {i32} 5, num_incoming_node {i32} 6, config ResourceGroupConfig 7, nodes [NodeInfo] 8
NodeInfo: node_id i64 1, address text 2, hostname text 3
ImportRequest:
  collection_name text 1, partition_name text 2, channel_names [text] 3, row_based bool 4, files [text] 5,
  options [KeyValuePair] 6, db_name text 7, clustering_info bytes 8
ImportResponse: status Status 1, tasks [i64] 2
GetImportStateRequest: task i64 1
GetImportStateResponse:
  status Status 1, state ImportState 2, row_count i64 3, id_list [i64] 4, infos [KeyValuePair] 5,
  id i64 6, collection_id i64 7, segment_ids [i64] 8, create_ts i64 9
ImportState =
  ImportPending ImportFailed ImportStarted ImportPersisted:5 ImportFlushed:8 ImportCompleted:6
  ImportFailedAndCleaned
ListImportTasksRequest: collection_name text 1, limit i64 2, db_name text 3
ListImportTasksResponse: status Status 1, tasks [GetImportStateResponse] 2
AddFileResourceRequest: base MsgBase 1, name text 2, path text 3
RemoveFileResourceRequest: base MsgBase 1, name text 2
ListFileResourcesRequest: base MsgBase 1
ListFileResourcesResponse: status Status 1, resources [FileResourceInfo] 2
FileResourceInfo: id i64 1, name text 2, path text 3
RunAnalyzerRequest:
  base MsgBase 1, analyzer_params text 2, placeholder [bytes] 3, with_detail bool 4, with_hash bool 5,
  db_name text 6, collection_name text 7, field_name text 8, analyzer_names [text] 9
RunAnalyzerResponse: status Status 1, results [AnalyzerResult] 2
AnalyzerResult: tokens [AnalyzerToken] 1
AnalyzerToken:
  token text 1, start_offset i64 2, end_offset i64 3, position i64 4, position_length i64 5, hash u32 6
ComputePhraseMatchSlopRequest:
  base MsgBase 1, analyzer_params text 2, query_text text 3, data_texts [text] 4
ComputePhraseMatchSlopResponse: status Status 1, is_match [bool] 2, slops [i64] 3
`
