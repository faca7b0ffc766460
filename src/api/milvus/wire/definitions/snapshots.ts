// Snapshots, pins, restores and exports. In the notation of api/grpc/notation.ts.

export const snapshots = `
CreateSnapshotRequest:
  base MsgBase 1, name text 2, description text 3, db_name text 4, collection_name text 5,
  compaction_protection_seconds i64 6
DropSnapshotRequest: base MsgBase 1, name text 2, db_name text 3, collection_name text 4
ListSnapshotsRequest: base MsgBase 1, db_name text 2, collection_name text 3
ListSnapshotsResponse: status Status 1, snapshots [text] 2
DescribeSnapshotRequest: base MsgBase 1, name text 2, db_name text 3, collection_name text 4
DescribeSnapshotResponse:
  status Status 1, name text 2, description text 3, collection_name text 4, partition_names [text] 5,
  create_ts i64 6, s3_location text 7
RestoreSnapshotRequest:
  base MsgBase 1, name text 2, db_name text 3, collection_name text 4, rewrite_data bool 5,
  target_db_name text 6, target_collection_name text 7
RestoreSnapshotResponse: status Status 1, job_id i64 2
RestoreExternalSnapshotRequest:
  base MsgBase 1, db_name text 2, target_collection_name text 3, snapshot_metadata_uri text 4,
  external_spec text 5
RestoreExternalSnapshotResponse: status Status 1, job_id i64 2
ExportSnapshotRequest:
  base MsgBase 1, name text 2, db_name text 3, collection_name text 4, target_s3_path text 5,
  external_spec text 6
ExportSnapshotResponse: status Status 1, snapshot_metadata_uri text 2, job_id i64 3
GetExportSnapshotStateRequest: base MsgBase 1, job_id i64 2
GetExportSnapshotStateResponse: status Status 1, info ExportSnapshotInfo 2
ExportSnapshotInfo:
  job_id i64 1, snapshot_name text 2, db_name text 3, collection_name text 4, state ExportSnapshotState 5,
  progress i32 6, reason text 7, start_time u64 8, time_cost u64 9, total_files i64 10,
  copied_files i64 11, snapshot_metadata_uri text 12, total_bytes i64 13
ExportSnapshotState =
  ExportSnapshotNone ExportSnapshotPending ExportSnapshotExecuting ExportSnapshotCompleted
  ExportSnapshotFailed
GetRestoreSnapshotStateRequest: base MsgBase 1, job_id i64 2
GetRestoreSnapshotStateResponse: status Status 1, info RestoreSnapshotInfo 2
RestoreSnapshotInfo:
  job_id i64 1, snapshot_name text 2, db_name text 3, collection_name text 4,
  state RestoreSnapshotState 5, progress i32 6, reason text 7, start_time u64 8, time_cost u64 9
RestoreSnapshotState =
  RestoreSnapshotNone RestoreSnapshotPending RestoreSnapshotExecuting RestoreSnapshotCompleted
  RestoreSnapshotFailed
ListRestoreSnapshotJobsRequest: base MsgBase 1, db_name text 2, collection_name text 3
ListRestoreSnapshotJobsResponse: status Status 1, jobs [RestoreSnapshotInfo] 2
PinSnapshotDataRequest:
  base MsgBase 1, name text 2, db_name text 3, collection_name text 4, ttl_seconds i64 5
PinSnapshotDataResponse: status Status 1, pin_id i64 2
UnpinSnapshotDataRequest: base MsgBase 1, pin_id i64 2
`
