// What no client of ours sends in its ordinary work: distances, namespaces, tags, replication, external collections. In the notation of api/grpc/notation.ts.

export const others = `
CalcDistanceRequest:
  base MsgBase 1, op_left VectorsArray 2, op_right VectorsArray 3, params [KeyValuePair] 4
VectorsArray: (id_array VectorIDs 1 | data_array VectorField 2)
VectorIDs: collection_name text 1, field_name text 2, id_array IDs 3, partition_names [text] 4
CalcDistanceResults: status Status 1, (int_dist IntArray 2 | float_dist FloatArray 3)
PrewarmRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, namespace text? 4, replica_number i32 5,
  resource_groups [text] 6, load_fields [text] 7, skip_load_dynamic_field bool 8, load_params {text} 9,
  ttl_seconds i64 10, priority text 11
PrewarmResponse: status Status 1, taskID text 2, namespace text? 3
DescribePrewarmTaskRequest: base MsgBase 1, taskID text 2
DescribePrewarmTaskResponse:
  status Status 1, taskID text 2, state PrewarmTaskState 3, progress i32 4, error_message text 5
PrewarmTaskState =
  PrewarmTaskStateUnknown PrewarmTaskStatePending PrewarmTaskStateWarming PrewarmTaskStateCompleted
  PrewarmTaskStateFailed
CreateNamespaceRequest: base MsgBase 1, db_name text 2, collection_name text 3, namespace_name text 4
CreateNamespaceResponse: status Status 1, namespace NamespaceInfo 2
NamespaceInfo:
  collection_name text 1, namespace_name text 2, created_timestamp u64 3, created_utc_timestamp u64 4,
  state text 5, stats NamespaceStats 6
NamespaceStats:
  stats [KeyValuePair] 1, approx_entity_count i64 2, entity_count i64 3, entity_count_type text 4,
  logical_bytes i64 5, last_write_timestamp u64 6, last_write_utc_timestamp u64 7
DescribeNamespaceRequest: base MsgBase 1, db_name text 2, collection_name text 3, namespace_name text 4
DescribeNamespaceResponse: status Status 1, namespace NamespaceInfo 2
ListNamespacesRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, prefix text 4, page_size i64 5,
  page_token text 6
ListNamespacesResponse: status Status 1, namespaces [NamespaceInfo] 2, next_page_token text 3
DropNamespaceRequest: base MsgBase 1, db_name text 2, collection_name text 3, namespace_name text 4
DropNamespaceResponse: status Status 1, namespace NamespaceInfo 2
HasNamespaceRequest: base MsgBase 1, db_name text 2, collection_name text 3, namespace_name text 4
HasNamespaceResponse: status Status 1, value bool 2
GetNamespaceStatsRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, namespace_name text 4, exact bool 5
GetNamespaceStatsResponse: status Status 1, namespace_name text 2, stats NamespaceStats 3
DummyRequest: request_type text 1
DummyResponse: response text 1
RegisterLinkRequest:
RegisterLinkResponse: address Address 1, status Status 2
Address: ip text 1, port i64 2
ListIndexedSegmentRequest: base MsgBase 1, collection_name text 2, index_name text 3
ListIndexedSegmentResponse: status Status 1, segmentIDs [i64] 2
DescribeSegmentIndexDataRequest:
  base MsgBase 1, collection_name text 2, index_name text 3, segmentsIDs [i64] 4
DescribeSegmentIndexDataResponse:
  status Status 1, index_data {i64:SegmentIndexData} 2, index_params [KeyValuePair] 3
SegmentIndexData: segmentID i64 1, index_data text 2
ReplicateMessageRequest:
  base MsgBase 1, channel_name text 2, BeginTs u64 3, EndTs u64 4, Msgs [bytes] 5,
  StartPositions [MsgPosition] 6, EndPositions [MsgPosition] 7
ReplicateMessageResponse: status Status 1, position text 2
AddUserTagsRequest: base MsgBase 1, user_name text 2, tags {text} 3
DeleteUserTagsRequest: base MsgBase 1, user_name text 2, tag_keys [text] 3
GetUserTagsRequest: base MsgBase 1, user_name text 2
GetUserTagsResponse: status Status 1, tags {text} 2
ListUsersWithTagRequest: base MsgBase 1, tag_key text 2, tag_value text 3
ListUsersWithTagResponse: status Status 1, user_names [text] 2
CreateRowPolicyRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, policy_name text 4, actions [RowPolicyAction] 5,
  roles [text] 6, using_expr text 7, check_expr text 8, description text 9
RowPolicyAction = Query Search Insert Delete Upsert
DropRowPolicyRequest: base MsgBase 1, db_name text 2, collection_name text 3, policy_name text 4
ListRowPoliciesRequest: base MsgBase 1, db_name text 2, collection_name text 3
ListRowPoliciesResponse: status Status 1, policies [RowPolicy] 2, db_name text 3, collection_name text 4
RowPolicy:
  policy_name text 1, actions [RowPolicyAction] 2, roles [text] 3, using_expr text 4, check_expr text 5,
  description text 6, created_at i64 7
GetReplicateInfoRequest: source_cluster_id text 1, target_pchannel text 2
GetReplicateInfoResponse: checkpoint ReplicateCheckpoint 1, salvage_checkpoint ReplicateCheckpoint 2
ReplicateCheckpoint: cluster_id text 1, pchannel text 2, message_id MessageID 3, time_tick u64 4
ReplicateRequest: (replicate_message ReplicateMessage 1)
ReplicateMessage: source_cluster_id text 1, message ImmutableMessage 2
ReplicateResponse: (replicate_confirmed_message_info ReplicateConfirmedMessageInfo 1)
ReplicateConfirmedMessageInfo: confirmed_time_tick u64 1
DumpMessagesRequest:
  pchannel text 1, start_message_id MessageID 2, start_timetick u64 3, end_timetick u64 4,
  include_start_message bool 5
DumpMessagesResponse: (status Status 1 | message ImmutableMessage 2)
BatchUpdateManifestRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, field_names [text] 4,
  items [BatchUpdateManifestItem] 5
BatchUpdateManifestItem: segment_id i64 1, manifest_version i64 2
UpdateReplicateConfigurationRequest: replicate_configuration ReplicateConfiguration 1, force_promote bool 2
ReplicateConfiguration: clusters [MilvusCluster] 1, cross_cluster_topology [CrossClusterTopology] 2
MilvusCluster: cluster_id text 1, connection_param ConnectionParam 2, pchannels [text] 3
ConnectionParam: uri text 1, token text 2
CrossClusterTopology: source_cluster_id text 1, target_cluster_id text 2
GetReplicateConfigurationRequest:
GetReplicateConfigurationResponse: status Status 1, configuration ReplicateConfiguration 2
RefreshExternalCollectionRequest:
  base MsgBase 1, db_name text 2, collection_name text 3, external_source text 4, external_spec text 5
RefreshExternalCollectionResponse: status Status 1, job_id i64 2
GetRefreshExternalCollectionProgressRequest: base MsgBase 1, job_id i64 2
GetRefreshExternalCollectionProgressResponse: status Status 1, job_info RefreshExternalCollectionJobInfo 2
RefreshExternalCollectionJobInfo:
  job_id i64 1, collection_name text 2, state RefreshExternalCollectionState 3, progress i64 4,
  reason text 5, external_source text 6, start_time i64 7, end_time i64 8, external_spec text 9
RefreshExternalCollectionState = RefreshPending RefreshInProgress RefreshCompleted RefreshFailed
ListRefreshExternalCollectionJobsRequest: base MsgBase 1, db_name text 2, collection_name text 3
ListRefreshExternalCollectionJobsResponse: status Status 1, jobs [RefreshExternalCollectionJobInfo] 2
`
