// Flushes, compactions, segments and replicas. In the notation of api/grpc/notation.ts.

export const maintenance = `
FlushRequest: base MsgBase 1, db_name text 2, collection_names [text] 3
FlushResponse:
  status Status 1, db_name text 2, coll_segIDs {LongArray} 3, flush_coll_segIDs {LongArray} 4,
  coll_seal_times {i64} 5, coll_flush_ts {u64} 6, channel_cps {MsgPosition} 7
MsgPosition: channel_name text 1, msgID bytes 2, msgGroup text 3, timestamp u64 4, WAL_name WALName 5
WALName = Unknown RocksMQ Pulsar Kafka WoodPecker Test:999
FlushAllRequest: base MsgBase 1, db_name text 2, flush_targets [FlushAllTarget] 3
FlushAllTarget: db_name text 1, collection_names [text] 2
FlushAllResponse:
  status Status 1, flush_all_ts u64 2, flush_results [FlushAllResult] 3,
  flush_all_msgs {ImmutableMessage} 4, cluster_info ClusterInfo 5
FlushAllResult: db_name text 1, collection_results [FlushCollectionResult] 2
FlushCollectionResult:
  collection_name text 1, segment_ids LongArray 2, flush_segment_ids LongArray 3, seal_time i64 4,
  flush_ts u64 5, channel_cps {MsgPosition} 6
ImmutableMessage: id MessageID 1, payload bytes 2, properties {text} 3
MessageID: id text 1, WAL_name WALName 2
ClusterInfo: cluster_id text 1, cchannel text 2, pchannels [text] 3
GetFlushStateRequest: segmentIDs [i64] 1, flush_ts u64 2, db_name text 3, collection_name text 4
GetFlushStateResponse: status Status 1, flushed bool 2
GetFlushAllStateRequest:
  base MsgBase 1, flush_all_ts u64 2, db_name text 3, flush_targets [FlushAllTarget] 4,
  flush_all_tss {u64} 5
GetFlushAllStateResponse: status Status 1, flushed bool 2, flush_states [FlushAllState] 3
FlushAllState: db_name text 1, collection_flush_states {bool} 2
GetPersistentSegmentInfoRequest:
  base MsgBase 1, dbName text 2, collectionName text 3, states [SegmentState] 4
SegmentState = SegmentStateNone NotExist Growing Sealed Flushed Flushing Dropped Importing
GetPersistentSegmentInfoResponse: status Status 1, infos [PersistentSegmentInfo] 2
PersistentSegmentInfo:
  segmentID i64 1, collectionID i64 2, partitionID i64 3, num_rows i64 4, state SegmentState 5,
  level SegmentLevel 6, is_sorted bool 7, storage_version i64 8, insert_channel text 9,
  compaction_from [i64] 10
SegmentLevel = Legacy L0 L1 L2
GetQuerySegmentInfoRequest: base MsgBase 1, dbName text 2, collectionName text 3
GetQuerySegmentInfoResponse: status Status 1, infos [QuerySegmentInfo] 2
QuerySegmentInfo:
  segmentID i64 1, collectionID i64 2, partitionID i64 3, mem_size i64 4, num_rows i64 5,
  index_name text 6, indexID i64 7, nodeID i64 8, state SegmentState 9, nodeIds [i64] 10,
  level SegmentLevel 11, is_sorted bool 12, storage_version i64 13
GetReplicasRequest:
  base MsgBase 1, collectionID i64 2, with_shard_nodes bool 3, collection_name text 4, db_name text 5
GetReplicasResponse: status Status 1, replicas [ReplicaInfo] 2
ReplicaInfo:
  replicaID i64 1, collectionID i64 2, partition_ids [i64] 3, shard_replicas [ShardReplica] 4,
  node_ids [i64] 5, resource_group_name text 6, num_outbound_node {i32} 7
ShardReplica: leaderID i64 1, leader_addr text 2, dm_channel_name text 3, node_ids [i64] 4
GetCompactionStateRequest: compactionID i64 1
GetCompactionStateResponse:
  status Status 1, state CompactionState 2, executingPlanNo i64 3, timeoutPlanNo i64 4,
  completedPlanNo i64 5, failedPlanNo i64 6
CompactionState = UndefiedState Executing Completed
ManualCompactionRequest:
  collectionID i64 1, timetravel u64 2, majorCompaction bool 3, collection_name text 4, db_name text 5,
  partition_id i64 6, channel text 7, segment_ids [i64] 8, l0Compaction bool 9, target_size i64 10
ManualCompactionResponse: status Status 1, compactionID i64 2, compactionPlanCount i32 3
GetCompactionPlansRequest: compactionID i64 1, db_name text 2, collection_name text 3, collection_id i64 4
GetCompactionPlansResponse: status Status 1, state CompactionState 2, mergeInfos [CompactionMergeInfo] 3
CompactionMergeInfo:
  sources [i64] 1, target i64 2, plan_id i64 3, trigger_id i64 4, collection_id i64 5, partition_id i64 6,
  channel text 7, type CompactionType 8, state CompactionTaskState 9, failure_reason text 10,
  targets [i64] 11
CompactionType =
  CompactionTypeUndefined CompactionTypeMerge:2 CompactionTypeMix CompactionTypeSingle CompactionTypeMinor
  CompactionTypeMajor CompactionTypeLevel0Delete CompactionTypeClustering CompactionTypeSort
  CompactionTypePartitionKeySort CompactionTypeClusteringPartitionKeySort CompactionTypeBumpSchemaVersion
CompactionTaskState =
  CompactionTaskStateUnknown CompactionTaskStateExecuting CompactionTaskStatePipelining
  CompactionTaskStateCompleted CompactionTaskStateFailed CompactionTaskStateTimeout
  CompactionTaskStateAnalyzing CompactionTaskStateIndexing CompactionTaskStateCleaned
  CompactionTaskStateMetaSaved CompactionTaskStateStatistic
`
