/** `YYYY-MM-DD-HH-MM-SS` in UTC. */
function stamp(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace(/[T:]/g, '-')
}

export function collectionSnapshotName(collection: string, peerId: number, timeMs: number): string {
  return `${collection}-${peerId}-${stamp(timeMs)}.snapshot`
}

export function shardSnapshotName(collection: string, shard: number, timeMs: number): string {
  return `${collection}-shard-${shard}-${stamp(timeMs)}.snapshot`
}

export function fullSnapshotName(timeMs: number): string {
  return `full-snapshot-${stamp(timeMs)}.snapshot`
}

/** `2022-08-04T10:49:10`: ISO without zone, as Qdrant's creation_time. */
export function creationTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19)
}
