import type { Call, MilvusDoor } from '../door.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { createSnapshot } from './create-snapshot.ts'
import { deleteSnapshot } from './delete-snapshot.ts'
import { describeSnapshot, listSnapshots } from './describe-snapshots.ts'
import { sweepDropped } from './dropped-collections.ts'
import { findSnapshot, type NamedSnapshot } from './find-snapshot.ts'
import { getExportState, getRestoreState, listRestoreJobs } from './jobs/job-states.ts'
import { exportSnapshot } from './jobs/export-snapshot.ts'
import { restoreExternalSnapshot, restoreSnapshot } from './jobs/restore-snapshot.ts'
import { pinSnapshot, unpinSnapshot } from './pins.ts'

export const snapshotRpcs: Handlers = {
  CreateSnapshot: createSnapshot,
  DropSnapshot: dropSnapshot,
  ListSnapshots: listSnapshots,
  DescribeSnapshot: describeSnapshot,
  RestoreSnapshot: restoreSnapshot,
  RestoreExternalSnapshot: restoreExternalSnapshot,
  GetRestoreSnapshotState: getRestoreState,
  ListRestoreSnapshotJobs: listRestoreJobs,
  PinSnapshotData: pinSnapshot,
  UnpinSnapshotData: unpinSnapshot,
  ExportSnapshot: exportSnapshot,
  GetExportSnapshotState: getExportState,
}

/** One that is not there is dropped already. @throws 2601, 1100, 1101, 100, 800 */
async function dropSnapshot(door: MilvusDoor, request: NamedSnapshot, call: Call): Promise<object> {
  await sweepDropped(door)
  const snapshot = findSnapshot(door, request, call, 'drop snapshot')
  if (snapshot !== undefined) await deleteSnapshot(door, snapshot)
  return {}
}
