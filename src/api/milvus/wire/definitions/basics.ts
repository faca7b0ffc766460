// What most messages carry. In the notation of api/grpc/notation.ts.

export const basics = `
Status:
  error_code ErrorCode 1, reason text 2, code i32 3, retriable bool 4, detail text 5, extra_info {text} 6
ErrorCode =
  Success UnexpectedError ConnectFailed PermissionDenied CollectionNotExists IllegalArgument
  IllegalDimension:7 IllegalIndexType IllegalCollectionName IllegalTOPK IllegalRowRecord IllegalVectorID
  IllegalSearchResult FileNotFound MetaFailed CacheFailed CannotCreateFolder CannotCreateFile
  CannotDeleteFolder CannotDeleteFile BuildIndexError IllegalNLIST IllegalMetricType OutOfMemory
  IndexNotExist EmptyCollection UpdateImportTaskFailure CollectionNameNotFound CreateCredentialFailure
  UpdateCredentialFailure DeleteCredentialFailure GetCredentialFailure ListCredUsersFailure GetUserFailure
  CreateRoleFailure DropRoleFailure OperateUserRoleFailure SelectRoleFailure SelectUserFailure
  SelectResourceFailure OperatePrivilegeFailure SelectGrantFailure RefreshPolicyInfoCacheFailure
  ListPolicyFailure NotShardLeader NoReplicaAvailable SegmentNotFound ForceDeny RateLimit NodeIDNotMatch
  UpsertAutoIDTrue InsufficientMemoryToLoad MemoryQuotaExhausted DiskQuotaExhausted TimeTickLongDelay
  NotReadyServe NotReadyCoordActivating CreatePrivilegeGroupFailure DropPrivilegeGroupFailure
  ListPrivilegeGroupsFailure OperatePrivilegeGroupFailure SchemaMismatch DataCoordNA:100
  DDRequestRace:1000
KeyValuePair: key text 1, value text 2
KeyDataPair: key text 1, data bytes 2
MsgBase:
  msg_type MsgType 1, msgID i64 2, timestamp u64 3, sourceID i64 4, targetID i64 5, properties {text} 6,
  replicateInfo ReplicateInfo 7
ReplicateInfo: isReplicate bool 1, msgTimestamp u64 2, replicateID text 3
MsgType =
  Undefined CreateCollection:100 DropCollection HasCollection DescribeCollection ShowCollections
  GetSystemConfigs LoadCollection ReleaseCollection CreateAlias DropAlias AlterAlias AlterCollection
  RenameCollection DescribeAlias ListAliases AlterCollectionField AddCollectionFunction
  AlterCollectionFunction DropCollectionFunction TruncateCollection CreatePartition:200 DropPartition
  HasPartition DescribePartition ShowPartitions LoadPartitions ReleasePartitions ShowSegments:250
  DescribeSegment LoadSegments ReleaseSegments HandoffSegments LoadBalanceSegments DescribeSegments
  FederListIndexedSegment FederDescribeSegmentIndexData CreateIndex:300 DescribeIndex DropIndex
  GetIndexStatistics AlterIndex Insert:400 Delete Flush ResendSegmentStats Upsert ManualFlush FlushSegment
  CreateSegment Import FlushAll Search:500 SearchResult GetIndexState GetIndexBuildProgress
  GetCollectionStatistics GetPartitionStatistics Retrieve RetrieveResult WatchDmChannels RemoveDmChannels
  WatchQueryChannels RemoveQueryChannels SealedSegmentsChangeInfo WatchDeltaChannels GetShardLeaders
  GetReplicas UnsubDmChannel GetDistribution SyncDistribution RunAnalyzer SegmentInfo:600 SystemInfo
  GetRecoveryInfo GetSegmentState TimeTick:1200 QueryNodeStats LoadIndex RequestID RequestTSO
  AllocateSegment SegmentStatistics SegmentFlushDone DataNodeTt Connect ListClientInfos AllocTimestamp
  Replicate CreateCredential:1500 GetCredential DeleteCredential UpdateCredential ListCredUsernames
  CreateRole:1600 DropRole OperateUserRole SelectRole SelectUser SelectResource OperatePrivilege
  SelectGrant RefreshPolicyInfoCache ListPolicy CreatePrivilegeGroup DropPrivilegeGroup
  ListPrivilegeGroups OperatePrivilegeGroup OperatePrivilegeV2 AlterRole CreateResourceGroup:1700
  DropResourceGroup ListResourceGroups DescribeResourceGroup TransferNode TransferReplica
  UpdateResourceGroups CreateDatabase:1801 DropDatabase ListDatabases AlterDatabase DescribeDatabase
  AddCollectionField:1900 AlterWAL:2000 CreateSnapshot:2100 DropSnapshot ListSnapshots DescribeSnapshot
  RestoreSnapshot GetRestoreSnapshotState ListRestoreSnapshotJobs PinSnapshotData UnpinSnapshotData
  RestoreExternalSnapshot ExportSnapshot AlterCollectionSchema:2200 RefreshExternalCollection:2300
  GetRefreshExternalCollectionProgress ListRefreshExternalCollectionJobs GetExportSnapshotState:2111
ConsistencyLevel = Strong Session Bounded Eventually Customized
BoolResponse: status Status 1, value bool 2
`
