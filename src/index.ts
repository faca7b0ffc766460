export { open, type OpenOptions } from './database/open.ts'
export type {
  Database,
  DatabaseStats,
  RestoreAllOptions,
  RestoredCollections,
  RestoreOptions,
  RetentionInfo,
  SnapshotPage,
  StoreSnapshotOptions,
} from './database/database.ts'
export type { Retention } from './database/history.ts'
export type { Job, JobContext, JobKind, JobQuery, Jobs } from './database/jobs.ts'
export type { JobInfo, JobState } from './database/job-record.ts'
export type { Documents } from './database/documents.ts'
export type { PublishOptions } from './database/imports/drafts/publish-drafts.ts'
export type { Policies } from './database/policies/policies.ts'
export type { VerifyJobOptions } from './database/verify-job.ts'
export type { Policy } from './snapshot/policy/policy.ts'
export type { Keep, KeepRule } from './snapshot/policy/retention.ts'
export type {
  PolicyInfo,
  PolicyMetrics,
  PolicyPlan,
  PolicyRun,
  PolicySnapshot,
} from './snapshot/policy/run.ts'
export type { SnapshotSpace, SpaceReport } from './database/checks/space.ts'
export type { DrilledCollection, DrillOptions, DrillReport } from './database/checks/drill.ts'
export type { SnapshotQuery } from './database/snapshot-query.ts'
export type { HoldOptions, SnapshotOptions } from './database/snapshot-options.ts'
export type { CheckMark, Hold, SnapshotScope } from './manifest/format.ts'
export type { AliasAction } from './database/records.ts'
export type {
  RestoreArchiveOptions,
  RestoreShardArchiveOptions,
  RestoreStoreOptions,
  ArchiveDescription,
} from './database/restore-archive.ts'
export type { Collection, RollbackTarget } from './database/collection-handle.ts'
export type { CollectionShard, RestoreShardOptions } from './database/shards/shard-handle.ts'
export type { ShardArchive, ShardArchiveOptions } from './database/shards/shard-archive.ts'
export type { ShardFile, ShardSegment } from './database/shards/shard-files.ts'
export type { KnownContent } from './database/archives/archive-snapshot.ts'
export {
  type Snapshot,
  type SnapshotInfo,
  type SnapshotReader,
  type SnapshotUpdate,
} from './database/snapshot-handle.ts'
export type { CollectionReader } from './collection/reader.ts'
export type { GraphSettings } from './collection/graph-params.ts'
export type { ArchivedConfig, QdrantConfig } from './snapshot/qdrant/plain-config.ts'
export type { QdrantFilter } from './snapshot/qdrant/plain-filter.ts'
export type { ImportedCollection, QdrantImportReport } from './database/imports/qdrant/import-qdrant.ts'
export { partitionOfShardKey, shardKeyOfPartition, type ShardKey } from './snapshot/qdrant/shard-key-names.ts'
export type * from './collection/types.ts'
export type { StoredSizes } from './collection/stored-sizes.ts'
export type * from './collection/querying/query-types.ts'
export type { SearchEffort } from './graph/search/search-column.ts'
export type * from './query/ranking/formula.ts'
export type { DistributionFusion, FusionMethod, RankFusion } from './query/ranking/fusion.ts'
export type { FeedbackWeights } from './query/ranking/similarity-score.ts'
export { plainVector, type PlainVector } from './collection/plain-vector.ts'
export { hashOfInput, hashOfPoint } from './collection/hashes/point-hash.ts'
export { isMulti, isSparse } from './graph/vector-value.ts'
export type { MultiVector, SparseVector, VectorValue } from './graph/vector-value.ts'
export type * from './query/filter.ts'
export type * from './query/expression/expression.ts'
export { compileValueTest } from './query/expression/compile-expression.ts'
export { scoresOfEach } from './collection/max-similarity.ts'
export { tokenize, type TextParams, type TokenPurpose } from './query/tokens.ts'
export type { PayloadIndexParams, PayloadIndexType } from './query/payload-index.ts'
export {
  stemmerLanguages,
  stopwordLanguages,
  type StemmerLanguage,
  type StopwordLanguage,
} from './query/text/languages.ts'
export type { ArchiveFolder } from './snapshot/archive-folder.ts'
export type { Archive, ArchiveOptions } from './snapshot/snapshot-archive.ts'
export type { SnapshotArchiveOptions } from './database/archives/archive-snapshot.ts'
export type {
  ArchiveImport,
  ArchiveImports,
  ImportInfo,
  ImportOptions,
  ImportState,
} from './database/imports/archive-imports.ts'
export type { LoadedOf, LoadingCollection, LoadingReport } from './database/loading/report.ts'
export type { ExportForQdrantOptions } from './database/archives/export-qdrant.ts'
export type { QdrantSettings } from './snapshot/qdrant/write/archive-files.ts'
export type { QdrantExport, QdrantExportOptions } from './snapshot/qdrant/write/export-archive.ts'
export type { ArchiveBytes } from './snapshot/archive/archive-bytes.ts'
export { openArchiveFile, type ArchiveInput } from './snapshot/archive/offline/archive-file.ts'
export type { OpenArchiveOptions } from './snapshot/archive/offline/archive-reader.ts'
export {
  inspectArchive,
  type Amount,
  type ArchiveInspection,
  type InspectedContent,
} from './snapshot/archive/offline/inspect.ts'
export { catArchiveEntry, listArchive, type ListedEntry } from './snapshot/archive/offline/entries.ts'
export { archivePoints, type ArchivePointsOptions } from './snapshot/archive/offline/points.ts'
export {
  verifyArchive,
  type ArchiveProblem,
  type ArchiveReport,
  type VerifyArchiveOptions,
} from './snapshot/archive/offline/verify.ts'
export type { ArchiveSecret } from './snapshot/archive/encryption/keys.ts'
export {
  createEncryptionKey,
  createSigningKeys,
  parseEncryptionKey,
  type SigningKeys,
} from './snapshot/archive/signature/keys.ts'
export type { Problem } from './snapshot/verify/plan.ts'
export type { VerifyOptions, VerifyProgress, VerifyReport } from './snapshot/verify/verify.ts'
export type { RestoreVerifyOptions } from './database/checks/verified-restore.ts'
export type { GarbageReport } from './snapshot/collect-garbage.ts'
export { DatabaseError, isDatabaseError } from './errors/database-error.ts'
export { errorCodes, type ErrorCode, type ErrorKind } from './errors/codes.ts'
export {
  JsonNumber,
  JsonSyntaxError,
  parseJson,
  RawJson,
  stringifyJson,
  isLosslessJson,
} from './encoding/json.ts'
export type { JsonObject, JsonValue } from './encoding/json.ts'
export { compareTexts } from './encoding/text-order.ts'
export type { SegmentReport, VectorReport } from './collection/segment-report.ts'
export { parseUuid, type PointId } from './ids/point-id.ts'
export { openPartialFile, type PartialFile } from './storage/partial-file.ts'
export { readFileStream } from './snapshot/archive/file-bytes.ts'
export { pathExists, writeWholeFile } from './storage/write-whole-file.ts'
export { writeNewFile } from './storage/write-new-file.ts'
export { InvariantViolation } from './runtime/assert.ts'
export type { Clock } from './runtime/clock.ts'
export type { Logger } from './runtime/logger.ts'
export { isPayloadPath } from './query/payload-path.ts'
export { parseDatetime, parseMicroseconds } from './query/datetime.ts'
export { GeometryError, parseWkt, type Shape } from './query/geometry/wkt.ts'
export type { SpatialRelation } from './query/geometry/topology.ts'
export type { Diff, DiffCounts, DiffPoint, DiffSide } from './snapshot/diff.ts'
export { diffLines } from './snapshot/diff-lines.ts'
export type { RestorePartialOptions } from './database/restore-partial.ts'
