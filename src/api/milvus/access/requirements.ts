// What a call asks for, by the name of its RPC.

export type Scope =
  /** The collection of that member of the request, in its database. Where that or `besides` is empty: all of them. */
  | { readonly of: 'collection'; readonly member: string; readonly besides?: string }
  /** The collections of that member, a list; all of them where it is empty or others are named by number. */
  | { readonly of: 'collections'; readonly member: string }
  /** The request's database. */
  | { readonly of: 'database' }
  /** A database that another member names. */
  | { readonly of: 'other-database'; readonly member: string }
  | { readonly of: 'cluster' }
  /** The user of that member; everybody may do it for himself. */
  | { readonly of: 'user'; readonly read: (message: never) => string | undefined }
  /** The role of a request for its grants; everybody may ask for those of his own. */
  | { readonly of: 'role' }
  /** Some collection or other: what is asked about is not named. */
  | { readonly of: 'anything' }

export interface Requirement {
  readonly privilege: string
  readonly scope: Scope
}

const collection = (privilege: string, member = 'collection_name'): Requirement => ({
  privilege,
  scope: { of: 'collection', member },
})
const database = (privilege: string): Requirement => ({ privilege, scope: { of: 'database' } })
const cluster = (privilege: string): Requirement => ({ privilege, scope: { of: 'cluster' } })

/** For everybody who has said who he is. Lists show what the caller may see. */
const open: ReadonlySet<string> = new Set([
  'Connect',
  'GetVersion',
  'CheckHealth',
  'AllocTimestamp',
  'GetComponentStates',
  'RunAnalyzer',
  'ShowCollections',
  'ListDatabases',
])

const onCollections: Readonly<Record<string, string>> = {
  Load: 'LoadCollection LoadPartitions Prewarm',
  Release: 'ReleaseCollection ReleasePartitions',
  GetStatistics: 'GetCollectionStatistics GetPartitionStatistics',
  DescribeCollection: 'DescribeCollection HasCollection',
  CreatePartition: 'CreatePartition',
  DropPartition: 'DropPartition',
  HasPartition: 'HasPartition',
  ShowPartitions: 'ShowPartitions',
  CreateIndex: 'CreateIndex AlterIndex',
  DropIndex: 'DropIndex',
  IndexDetail: 'DescribeIndex GetIndexBuildProgress GetIndexState GetIndexStatistics',
  Insert: 'Insert',
  Upsert: 'Upsert',
  Delete: 'Delete',
  Search: 'Search HybridSearch',
  Query: 'Query',
  Compaction: 'ManualCompaction',
  GetFlushState: 'GetFlushState',
  Import: 'Import',
  GetLoadState: 'GetLoadState GetLoadingProgress GetReplicas',
  AddCollectionField: 'AddCollectionField AddCollectionStructField',
  AlterCollectionSchema: 'AlterCollectionSchema',
  CreateCollection:
    'CreateCollection AlterCollection AlterCollectionField AddCollectionFunction AlterCollectionFunction DropCollectionFunction',
  DropCollection: 'DropCollection TruncateCollection',
  CreateAlias: 'CreateAlias',
  CreateSnapshot: 'CreateSnapshot',
  DropSnapshot: 'DropSnapshot',
  ListSnapshots: 'ListSnapshots',
  DescribeSnapshot: 'DescribeSnapshot',
  RestoreSnapshot: 'ListRestoreSnapshotJobs',
  ExportSnapshot: 'ExportSnapshot',
  PinSnapshotData: 'PinSnapshotData',
  ListAliases: 'ListAliases',
}

const inCluster: Readonly<Record<string, string>> = {
  FlushAll: 'FlushAll',
  CreateOwnership: 'CreateCredential CreateRole AlterRole',
  DropOwnership: 'DeleteCredential DropRole',
  SelectOwnership: 'ListCredUsers SelectRole',
  ManageOwnership: 'OperateUserRole OperatePrivilege OperatePrivilegeV2',
  CreatePrivilegeGroup: 'CreatePrivilegeGroup',
  DropPrivilegeGroup: 'DropPrivilegeGroup',
  ListPrivilegeGroups: 'ListPrivilegeGroups',
  OperatePrivilegeGroup: 'OperatePrivilegeGroup',
  BackupRBAC: 'BackupRBACMeta',
  RestoreRBAC: 'RestoreRBACMeta',
  CreateResourceGroup: 'CreateResourceGroup',
  UpdateResourceGroups: 'UpdateResourceGroups',
  DropResourceGroup: 'DropResourceGroup',
  TransferNode: 'TransferNode',
  TransferReplica: 'TransferReplica',
  ListResourceGroups: 'ListResourceGroups',
  DescribeResourceGroup: 'DescribeResourceGroup',
  RestoreExternalSnapshot: 'RestoreExternalSnapshot',
  CreateDatabase: 'CreateDatabase',
  DropDatabase: 'DropDatabase',
}

const perRpc = (table: Readonly<Record<string, string>>, make: (privilege: string) => Requirement) =>
  Object.entries(table).flatMap(([privilege, names]) =>
    names.split(' ').map((name) => [name, [make(privilege)]] as const),
  )

const anything = (privilege: string): Requirement => ({ privilege, scope: { of: 'anything' } })

const known: ReadonlyMap<string, readonly Requirement[]> = new Map<string, readonly Requirement[]>([
  ...perRpc(onCollections, (privilege) => collection(privilege)),
  ...perRpc(inCluster, cluster),
  ['Flush', [{ privilege: 'Flush', scope: { of: 'collections', member: 'collection_names' } }]],
  ['LoadBalance', [collection('LoadBalance', 'collectionName')]],
  ['GetPersistentSegmentInfo', [collection('GetStatistics', 'collectionName')]],
  ['GetQuerySegmentInfo', [collection('GetStatistics', 'collectionName')]],
  [
    'BatchDescribeCollection',
    [{ privilege: 'DescribeCollection', scope: { of: 'collections', member: 'collection_name' } }],
  ],
  ['DropAlias', [collection('DropAlias', 'alias')]],
  ['DescribeAlias', [collection('DescribeAlias', 'alias')]],
  ['AlterAlias', [collection('CreateAlias'), collection('CreateAlias', 'alias')]],
  [
    'RestoreSnapshot',
    [
      // Callers of an older form name the target only, and the snapshot may be of any collection.
      {
        privilege: 'RestoreSnapshot',
        scope: { of: 'collection', member: 'collection_name', besides: 'target_collection_name' },
      },
      { privilege: 'RestoreSnapshot', scope: { of: 'other-database', member: 'target_db_name' } },
    ],
  ],
  [
    'RenameCollection',
    [
      collection('RenameCollection', 'oldName'),
      { privilege: 'RenameCollection', scope: { of: 'other-database', member: 'newDBName' } },
    ],
  ],
  ['AlterDatabase', [database('AlterDatabase')]],
  ['DescribeDatabase', [database('DescribeDatabase')]],
  ['GetFlushAllState', [anything('GetFlushState')]],
  ['GetCompactionState', [anything('Compaction')]],
  ['GetCompactionStateWithPlans', [anything('Compaction')]],
  ['GetRestoreSnapshotState', [anything('RestoreSnapshot')]],
  ['GetExportSnapshotState', [anything('ExportSnapshot')]],
  ['UnpinSnapshotData', [anything('UnpinSnapshotData')]],
  [
    'UpdateCredential',
    [
      {
        privilege: 'UpdateUser',
        scope: { of: 'user', read: (message: { username: string }) => message.username },
      },
    ],
  ],
  ['SelectGrant', [{ privilege: 'SelectOwnership', scope: { of: 'role' } }]],
  [
    'SelectUser',
    [
      {
        privilege: 'SelectUser',
        scope: { of: 'user', read: (message: { user: { name: string } | null }) => message.user?.name },
      },
    ],
  ],
])

/** Calls that a key for reading may make though they belong to what it may not do. */
export const readingRpcs: ReadonlySet<string> = new Set([
  'GetRestoreSnapshotState',
  'ListRestoreSnapshotJobs',
  'GetExportSnapshotState',
  'GetFlushAllState',
  'GetCompactionState',
  'GetCompactionStateWithPlans',
])

export const isOpenToAll = (rpc: string): boolean => open.has(rpc)

/** Undefined for calls that only administrators may make. */
export const requirementsOf = (rpc: string): readonly Requirement[] | undefined => known.get(rpc)
