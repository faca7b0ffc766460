import { isDatabaseError, type Snapshot } from '../../../index.ts'
import type { MilvusDoor } from '../door.ts'
import { codes, MilvusError } from '../status.ts'
import { sequenceOf } from './find-snapshot.ts'
import { isInUse, releaseStale } from './jobs/job-holds.ts'

/** @throws 2601 */
export function deleteSnapshot(door: MilvusDoor, snapshot: Snapshot): Promise<void> {
  return door.sequences.run(sequenceOf(snapshot), async () => {
    if (door.database.findSnapshot(snapshot.id) === undefined) return
    await releaseStale(door, snapshot)
    // A job names its snapshot from its first moment to its last, whatever has become of its hold.
    const isUsed = isInUse(door, snapshot)
    if (isUsed || snapshot.info().holds.length > 0) throw pinned(snapshot, isUsed)
    try {
      await snapshot.delete()
    } catch (error) {
      if (isDatabaseError(error, 'snapshot-held')) throw pinned(snapshot, false)
      throw error
    }
  })
}

/** The words of both generations of clients. */
function pinned(snapshot: Snapshot, isUsed: boolean): MilvusError {
  const count = Math.max(snapshot.info().holds.length, 1)
  const words = `${count} active pins, unpin before dropping: active pins exist`
  const why = `${words}: snapshot is pinned[snapshot=${snapshot.name}]`
  const use = isUsed ? `snapshot ${snapshot.name} is restoring or being exported: ` : ''
  return new MilvusError(codes.snapshotPinned, use + why)
}
