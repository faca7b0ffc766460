import { isDatabaseError, type Snapshot } from '../../../../index.ts'
import type { MilvusDoor } from '../../door.ts'
import { jobKinds, restoreInputOf, restoreKind, runningJobs, type ExportInput } from './job-input.ts'

// A job holds its snapshot before it is started, and lets it go at its end. After a crash between the two nobody lets it
// go: then it is known by its reason that the hold is a job's, and by the jobs that run that it is none of theirs.

export const jobHoldReason = 'in use by a restore or an export through the Milvus API'
/** At the latest: the longest that a hold outlives its job. */
const holdMs = 86_400_000

type HeldSnapshot = ExportInput['from']

/** In the sequence of the snapshot. @throws snapshot-not-found */
export async function holdForJob(door: MilvusDoor, snapshot: Snapshot): Promise<HeldSnapshot> {
  const hold = await snapshot.hold({ until: door.clock.now() + holdMs, reason: jobHoldReason })
  return { snapshot: snapshot.id, hold: hold.id }
}

export async function releaseForJob(door: MilvusDoor, { snapshot, hold }: HeldSnapshot): Promise<void> {
  try {
    await door.database.findSnapshot(snapshot)?.releaseHold(hold)
  } catch (error) {
    // It has expired, or the snapshot is gone: nothing is held.
    if (!isDatabaseError(error, 'hold-not-found') && !isDatabaseError(error, 'snapshot-not-found'))
      throw error
  }
}

/** Whether a job that runs reads it. */
export const isInUse = (door: MilvusDoor, snapshot: Snapshot): boolean =>
  heldByJobs(door).some((held) => held.snapshot === snapshot.id)

/** Releases what jobs left that did not come to their own end. In the sequence of the snapshot. */
export async function releaseStale(door: MilvusDoor, snapshot: Snapshot): Promise<void> {
  const inUse = new Set(heldByJobs(door).map(({ hold }) => hold))
  for (const { id, reason } of snapshot.info().holds) {
    if (reason === jobHoldReason && !inUse.has(id))
      await releaseForJob(door, { snapshot: snapshot.id, hold: id })
  }
}

/** Cancels the restores into a name of the engine, and waits for their end. */
export async function cancelRestoresInto(door: MilvusDoor, target: string): Promise<void> {
  const jobs = runningJobs(door, restoreKind).filter((job) => restoreInputOf(job).target === target)
  for (const { id } of jobs) door.database.jobs.cancel(id)
  for (const job of jobs) {
    await door.database.jobs.wait(job.id)
    const { from } = restoreInputOf(job)
    if ('snapshot' in from) await releaseForJob(door, from)
  }
}

function heldByJobs(door: MilvusDoor): readonly HeldSnapshot[] {
  return jobKinds.flatMap((kind) =>
    runningJobs(door, kind).flatMap((job) => {
      const { from } = restoreInputOf(job)
      return 'snapshot' in from ? [from] : []
    }),
  )
}
