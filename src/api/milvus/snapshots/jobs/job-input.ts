import type { JobInfo } from '../../../../index.ts'
import type { MilvusDoor } from '../../door.ts'
import { numericId } from '../../numeric-id.ts'

export const restoreKind = 'milvus-restore'
export const exportKind = 'milvus-export'
export const jobKinds = [restoreKind, exportKind] as const

/** Where an archive lies in the folder of snapshots. */
export interface ArchivePlace {
  readonly directory: string
  readonly name: string
}

export interface RestoreInput {
  readonly from: { readonly snapshot: string; readonly hold: string } | { readonly archive: ArchivePlace }
  readonly snapshotName: string
  /** The target, as the engine calls it. */
  readonly target: string
  readonly database: string
  readonly collection: string
}

export interface ExportInput {
  readonly from: { readonly snapshot: string; readonly hold: string }
  readonly snapshotName: string
  readonly database: string
  readonly collection: string
  readonly to: ArchivePlace
  readonly uri: string
}

/** The log record that restores puts this document, with the id of the collection that it makes. */
export const receiptPrefix = 'milvus/restored/'
export const receiptOf = (job: { readonly id: string }): string => receiptPrefix + job.id

export const restoreInputOf = (job: JobInfo): RestoreInput => job.input as unknown as RestoreInput
export const exportInputOf = (job: JobInfo): ExportInput => job.input as unknown as ExportInput

/** The number that clients know it by. */
export const jobNumber = (job: { readonly id: string }): bigint => numericId('job', job.id)

/** Finished ones are known for so long. */
const keptMs = 10_800_000

/** Newest first. */
export function knownJobs(door: MilvusDoor, kind: (typeof jobKinds)[number]): readonly JobInfo[] {
  const oldest = door.clock.now() - keptMs
  return door.database.jobs
    .list({ kind })
    .filter(({ finishedAt, input }) => input !== null && (finishedAt === null || finishedAt > oldest))
}

/** Whether a collection is about to appear in the database. */
export const isRestoringInto = (door: MilvusDoor, database: string): boolean =>
  runningJobs(door, restoreKind).some((job) => restoreInputOf(job).database === database)

/** Those that have not come to their end. */
export const runningJobs = (door: MilvusDoor, kind: (typeof jobKinds)[number]): readonly JobInfo[] =>
  door.database.jobs.list({ kind, state: 'running' })
