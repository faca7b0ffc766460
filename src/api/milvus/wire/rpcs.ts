/** A procedure of the service: the types of its messages, and whether one side or both send a stream of them. */
export interface RpcMessages {
  readonly request: string
  readonly response: string
  readonly streams?: { readonly request: boolean; readonly response: boolean }
}

export const serviceName = 'milvus.proto.milvus.MilvusService'

// Requests are called after their procedure; so are most answers.

const answeringStatus = `
  CreateDatabase DropDatabase AlterDatabase LoadBalance CreateResourceGroup DropResourceGroup
  UpdateResourceGroups TransferNode TransferReplica AddFileResource RemoveFileResource
  CreateCredential UpdateCredential DeleteCredential CreateRole AlterRole DropRole OperateUserRole
  OperatePrivilege OperatePrivilegeV2 CreatePrivilegeGroup DropPrivilegeGroup OperatePrivilegeGroup
  CreateCollection DropCollection RenameCollection AlterCollection AlterCollectionField
  AddCollectionField AddCollectionStructField AddCollectionFunction AlterCollectionFunction
  DropCollectionFunction LoadCollection ReleaseCollection CreateAlias DropAlias AlterAlias
  CreatePartition DropPartition LoadPartitions ReleasePartitions CreateIndex AlterIndex DropIndex
  CreateSnapshot DropSnapshot UnpinSnapshotData AddUserTags DeleteUserTags CreateRowPolicy
  DropRowPolicy BatchUpdateManifest UpdateReplicateConfiguration
`

const answeringByName = `
  Connect AllocTimestamp GetVersion CheckHealth GetMetrics ListDatabases DescribeDatabase
  ListResourceGroups DescribeResourceGroup Import GetImportState ListImportTasks ListFileResources
  RunAnalyzer ComputePhraseMatchSlop ListCredUsers SelectRole SelectUser SelectGrant
  ListPrivilegeGroups DescribeCollection BatchDescribeCollection GetCollectionStatistics
  ShowCollections AlterCollectionSchema TruncateCollection GetLoadingProgress GetLoadState
  DescribeAlias ListAliases ShowPartitions GetPartitionStatistics DescribeIndex GetIndexStatistics
  GetIndexState GetIndexBuildProgress Flush FlushAll GetFlushState GetFlushAllState
  GetPersistentSegmentInfo GetQuerySegmentInfo GetReplicas GetCompactionState ManualCompaction
  ListSnapshots DescribeSnapshot RestoreSnapshot RestoreExternalSnapshot ExportSnapshot
  GetExportSnapshotState GetRestoreSnapshotState ListRestoreSnapshotJobs PinSnapshotData Prewarm
  DescribePrewarmTask CreateNamespace DescribeNamespace ListNamespaces DropNamespace HasNamespace
  GetNamespaceStats Dummy RegisterLink ListIndexedSegment DescribeSegmentIndexData ReplicateMessage
  GetUserTags ListUsersWithTag ListRowPolicies GetReplicateInfo GetReplicateConfiguration
  RefreshExternalCollection GetRefreshExternalCollectionProgress ListRefreshExternalCollectionJobs
`

const named = (text: string, response: (name: string) => string): [name: string, RpcMessages][] =>
  text
    .trim()
    .split(/\s+/)
    .map((name) => [name, { request: `${name}Request`, response: response(name) }])

/** Every procedure of the service by its name, served or not. */
export const rpcs: Readonly<Record<string, RpcMessages>> = {
  ...Object.fromEntries(named(answeringStatus, () => 'Status')),
  ...Object.fromEntries(named(answeringByName, (name) => `${name}Response`)),
  GetComponentStates: { request: 'GetComponentStatesRequest', response: 'ComponentStates' },
  BackupRBAC: { request: 'BackupRBACMetaRequest', response: 'BackupRBACMetaResponse' },
  RestoreRBAC: { request: 'RestoreRBACMetaRequest', response: 'Status' },
  HasCollection: { request: 'HasCollectionRequest', response: 'BoolResponse' },
  HasPartition: { request: 'HasPartitionRequest', response: 'BoolResponse' },
  Insert: { request: 'InsertRequest', response: 'MutationResult' },
  Upsert: { request: 'UpsertRequest', response: 'MutationResult' },
  Delete: { request: 'DeleteRequest', response: 'MutationResult' },
  Search: { request: 'SearchRequest', response: 'SearchResults' },
  HybridSearch: { request: 'HybridSearchRequest', response: 'SearchResults' },
  Query: { request: 'QueryRequest', response: 'QueryResults' },
  GetCompactionStateWithPlans: {
    request: 'GetCompactionPlansRequest',
    response: 'GetCompactionPlansResponse',
  },
  CalcDistance: { request: 'CalcDistanceRequest', response: 'CalcDistanceResults' },
  CreateReplicateStream: {
    request: 'ReplicateRequest',
    response: 'ReplicateResponse',
    streams: { request: true, response: true },
  },
  DumpMessages: {
    request: 'DumpMessagesRequest',
    response: 'DumpMessagesResponse',
    streams: { request: false, response: true },
  },
}
