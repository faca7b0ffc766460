import type { MilvusDoor } from '../door.ts'
import { forgetUndropped, sweepDropped } from './dropped-collections.ts'
import { runExport } from './jobs/export-snapshot.ts'
import { releaseStale } from './jobs/job-holds.ts'
import { exportKind, restoreKind } from './jobs/job-input.ts'
import { forgetReceipts, runRestore } from './jobs/run-restore.ts'
import { registerJob } from './jobs/start-job.ts'
import { heldSnapshots, sequenceOf } from './find-snapshot.ts'

/**
 * Lets restores and exports go on that were interrupted, and takes away what a crash has left of others. Once, before the
 * first call is answered; gives when all is tidy.
 */
export async function openSnapshots(door: MilvusDoor): Promise<void> {
  registerJob(door, restoreKind, runRestore)
  registerJob(door, exportKind, runExport)
  for (const snapshot of heldSnapshots(door))
    await door.sequences.run(sequenceOf(snapshot), () => releaseStale(door, snapshot))
  await forgetReceipts(door)
  await forgetUndropped(door)
  await sweepDropped(door)
}
