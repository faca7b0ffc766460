/** This node's number, below 2^53: part of the names of snapshots. */
export function peerIdOf(databaseId: string): number {
  return Number.parseInt(databaseId.replaceAll('-', '').slice(0, 13), 16)
}
