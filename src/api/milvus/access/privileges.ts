import { anyName, type ObjectType } from './directory.ts'

// Names of privileges, without the word Privilege that they begin with on the wire, by how far they reach.

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const collectionRead = words(`
  Query Search IndexDetail GetFlushState GetLoadState GetLoadingProgress HasPartition ShowPartitions
  DescribeCollection DescribeAlias GetStatistics ListAliases
`)
const collectionWrite = words(`
  Load Release Insert Delete Upsert Import Flush Compaction LoadBalance CreateIndex DropIndex CreatePartition
  DropPartition AddCollectionField AlterCollectionSchema
`)
const collectionManage = words('CreateAlias DropAlias')
const snapshotRead = words('DescribeSnapshot ListSnapshots')
const snapshotWrite = words('CreateSnapshot DropSnapshot')
const snapshotManage = words('RestoreSnapshot PinSnapshotData UnpinSnapshotData ExportSnapshot')
const databaseRead = words('ShowCollections DescribeDatabase')
const databaseWrite = words('AlterDatabase')
const databaseManage = words('CreateCollection DropCollection')
const clusterRead = words(`
  ListDatabases SelectOwnership SelectUser DescribeResourceGroup ListResourceGroups ListPrivilegeGroups
`)
const clusterWrite = words('FlushAll TransferNode TransferReplica UpdateResourceGroups')
const clusterManage = words(`
  BackupRBAC RestoreRBAC CreateDatabase DropDatabase CreateOwnership DropOwnership ManageOwnership
  CreateResourceGroup DropResourceGroup UpdateUser RenameCollection CreatePrivilegeGroup DropPrivilegeGroup
  OperatePrivilegeGroup
`)
const clusterOthers = words(`
  GetImportProgress ListImport AddFileResource RemoveFileResource ListFileResources
  UpdateReplicateConfiguration GetReplicateConfiguration RefreshExternalCollection RestoreExternalSnapshot
`)

export type Level = 'Collection' | 'Database' | 'Cluster'

const levels: readonly (readonly [Level, readonly string[]])[] = [
  [
    'Collection',
    [
      ...[...collectionRead, ...collectionWrite, ...collectionManage],
      ...[...snapshotRead, ...snapshotWrite, ...snapshotManage],
    ],
  ],
  ['Database', [...databaseRead, ...databaseWrite, ...databaseManage]],
  ['Cluster', [...clusterRead, ...clusterWrite, ...clusterManage, ...clusterOthers]],
]

const levelOf = new Map(levels.flatMap(([level, names]) => names.map((name) => [name, level] as const)))

/** Undefined for what is no privilege. */
export const privilegeLevel = (name: string): Level | undefined => levelOf.get(name)

export const allPrivileges = 'All'

/** The groups that are always there. */
export const builtInGroups: ReadonlyMap<
  string,
  { readonly level: Level; readonly privileges: readonly string[] }
> = new Map([
  group('Collection', 'ReadOnly', collectionRead, snapshotRead),
  group('Collection', 'ReadWrite', collectionRead, collectionWrite, snapshotRead, snapshotWrite),
  group(
    'Collection',
    'Admin',
    collectionRead,
    collectionWrite,
    collectionManage,
    snapshotRead,
    snapshotWrite,
    snapshotManage,
  ),
  group('Database', 'ReadOnly', databaseRead),
  group('Database', 'ReadWrite', databaseRead, databaseWrite),
  group('Database', 'Admin', databaseRead, databaseWrite, databaseManage),
  group('Cluster', 'ReadOnly', clusterRead),
  group('Cluster', 'ReadWrite', clusterRead, clusterWrite),
  group('Cluster', 'Admin', clusterRead, clusterWrite, clusterManage, clusterOthers),
])

function group(level: Level, rank: string, ...parts: readonly (readonly string[])[]) {
  return [`${level}${rank}`, { level, privileges: parts.flat() }] as const
}

// Older groups, which go across the levels.
const oldRead = [...collectionRead, ...snapshotRead, 'ShowCollections', 'ListDatabases', 'DescribeDatabase']
const oldWrite = [
  ...[...oldRead, ...collectionWrite, ...collectionManage, ...databaseManage, ...snapshotWrite],
  'RenameCollection',
]
const oldGroups: ReadonlyMap<string, readonly string[]> = new Map([
  ['GroupReadOnly', oldRead],
  ['GroupReadWrite', oldWrite],
  ['GroupAdmin', levels.flatMap(([, names]) => names)],
])

/** What a key for reading may do. */
export const readingPrivileges: ReadonlySet<string> = new Set([
  ...oldRead,
  'DescribeResourceGroup',
  'ListResourceGroups',
])

/** What comes with a privilege. */
const related: Readonly<Record<string, readonly string[]>> = {
  Load: ['GetLoadState', 'GetLoadingProgress'],
  Flush: ['GetFlushState'],
  GetLoadState: ['GetLoadingProgress'],
}

/** The privileges of a granted name, `members` being the users' own groups; undefined: all of them. */
export function privilegesOf(
  granted: string,
  members: (group: string) => readonly string[] | undefined,
): readonly string[] | undefined {
  if (granted === allPrivileges || granted === anyName) return undefined
  const group = builtInGroups.get(granted)?.privileges ??
    oldGroups.get(granted) ??
    members(granted) ?? [granted]
  return group.flatMap((name) => [name, ...(related[name] ?? [])])
}

export const isOldGroup = (name: string): boolean => oldGroups.has(name)

/** The kind of object that a privilege is shown with. */
export function objectTypeOf(privilege: string): ObjectType {
  if (privilege === 'UpdateUser' || privilege === 'SelectUser') return 'User'
  if (isOldGroup(privilege)) return 'Global'
  const level = privilegeLevel(privilege) ?? builtInGroups.get(privilege)?.level
  const isShownGlobal = ['DescribeCollection', 'DescribeAlias', 'ListAliases', ...collectionManage].includes(
    privilege,
  )
  return level === 'Collection' && !isShownGlobal ? 'Collection' : 'Global'
}
