// The service Snapshots, and the two that tell of health. In the notation of api/grpc/notation.ts.

export const snapshots = `
CreateSnapshotRequest: collection_name text 1
CreateFullSnapshotRequest: 
CreateSnapshotResponse: snapshot_description SnapshotDescription 1, time f64 2
SnapshotDescription: name text 1, creation_time Timestamp 2, size i64 3, checksum text? 4
ListSnapshotsRequest: collection_name text 1
ListFullSnapshotsRequest: 
ListSnapshotsResponse: snapshot_descriptions [SnapshotDescription] 1, time f64 2
DeleteSnapshotRequest: collection_name text 1, snapshot_name text 2
DeleteFullSnapshotRequest: snapshot_name text 1
DeleteSnapshotResponse: time f64 1
HealthCheckRequest: 
HealthCheckReply: title text 1, version text 2, commit text? 3
HealthRequest: service text 1
HealthReply: status HealthStatus 1
HealthStatus = UNKNOWN SERVING NOT_SERVING SERVICE_UNKNOWN
`
