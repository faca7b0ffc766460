import type { JobInfo } from '../../../../index.ts'
import {
  checkDatabase,
  collectionMissing,
  databaseOf,
  engineName,
  milvusName,
  type Call,
  type MilvusDoor,
} from '../../door.ts'
import { codes, MilvusError } from '../../status.ts'
import {
  exportInputOf,
  exportKind,
  jobNumber,
  knownJobs,
  receiptOf,
  restoreInputOf,
  restoreKind,
  type jobKinds,
} from './job-input.ts'

interface JobRequest {
  readonly job_id: bigint
}

export interface ListRestoreJobsRequest {
  readonly db_name: string
  readonly collection_name: string
}

// Numbers of RestoreSnapshotState and of ExportSnapshotState. A job is at work as soon as it is known.
const stateNumbers = { running: 2, completed: 3, failed: 4, cancelled: 4 } as const satisfies Record<
  JobInfo['state'],
  number
>

/** @throws 2101 */
export function getRestoreState(door: MilvusDoor, { job_id: number }: JobRequest): object {
  return { info: restoreMessage(door, findJob(door, restoreKind, number, 'restore')) }
}

/** @throws 2101 */
export function getExportState(door: MilvusDoor, { job_id: number }: JobRequest): object {
  const job = findJob(door, exportKind, number, 'export')
  const { database, collection, uri } = exportInputOf(job)
  const isDone = job.state === 'completed'
  const info = {
    ...progressMessage(job),
    snapshot_name: exportInputOf(job).snapshotName,
    db_name: database,
    collection_name: collection,
    total_files: 1n,
    copied_files: isDone ? 1n : 0n,
    total_bytes: BigInt(job.total ?? 0),
    snapshot_metadata_uri: isDone ? uri : '',
  }
  return { info }
}

/** Into a collection, or else into a database. @throws 100, 800 */
export function listRestoreJobs(door: MilvusDoor, request: ListRestoreJobsRequest, call: Call): object {
  const database = databaseOf(call, request.db_name)
  checkDatabase(door, database)
  const jobs = knownJobs(door, restoreKind)
  const found =
    request.collection_name === ''
      ? jobs.filter((job) => restoreInputOf(job).database === database)
      : jobsInto(door, jobs, database, request.collection_name)
  return { jobs: found.map((job) => restoreMessage(door, job)) }
}

/** By its present name, an alias, or the name that a job was given which has not made it, or not yet. */
function jobsInto(
  door: MilvusDoor,
  jobs: readonly JobInfo[],
  database: string,
  name: string,
): readonly JobInfo[] {
  const target = engineName(database, name)
  const collection = door.database.findCollection(target)
  const found = jobs.filter((job) => {
    const made = collectionMadeBy(door, job)
    return made === undefined ? restoreInputOf(job).target === target : made === collection?.id
  })
  if (found.length === 0 && collection === undefined) throw collectionMissing(database, name)
  return found
}

function findJob(door: MilvusDoor, kind: (typeof jobKinds)[number], number: bigint, what: string): JobInfo {
  const job = knownJobs(door, kind).find((one) => jobNumber(one) === number)
  if (job !== undefined) return job
  throw new MilvusError(codes.importSystem, `${what} job not found: jobID=${number}`)
}

function restoreMessage(door: MilvusDoor, job: JobInfo): object {
  const { database, name } = targetOf(door, job)
  return {
    ...progressMessage(job),
    ...(isDoneAllTheSame(door, job) ? { state: stateNumbers.completed, progress: 100, reason: '' } : {}),
    snapshot_name: restoreInputOf(job).snapshotName,
    db_name: database,
    collection_name: name,
  }
}

/** What the target is called now; no name once it was dropped. */
function targetOf(door: MilvusDoor, job: JobInfo): { readonly database: string; readonly name: string } {
  const made = collectionMadeBy(door, job)
  const { database, collection } = restoreInputOf(job)
  if (made === undefined) return { database, name: collection }
  const found = door.database.listCollections().find(({ id }) => id === made)
  return found === undefined ? { database: '', name: '' } : milvusName(door, found.name)
}

/**
 * The process ended after the target was made and before the job's end was written down, and then again before the job could
 * go on: for the engine it has failed.
 */
const isDoneAllTheSame = (door: MilvusDoor, job: JobInfo): boolean =>
  job.state === 'failed' && collectionMadeBy(door, job) !== undefined

/** Its id. */
function collectionMadeBy(door: MilvusDoor, job: JobInfo): string | undefined {
  if (job.state === 'completed') return (job.result as { readonly collection: string } | null)?.collection
  return door.database.documents.get(receiptOf(job)) as string | undefined
}

function progressMessage(job: JobInfo): object {
  const { state, done, total, reason, createdAt, finishedAt } = job
  // All is read is not yet all is done.
  const percent = total === null || total === 0 ? 0 : Math.min(99, Math.floor((done * 100) / total))
  return {
    job_id: jobNumber(job),
    state: stateNumbers[state],
    progress: state === 'completed' ? 100 : percent,
    reason: reason ?? '',
    start_time: BigInt(createdAt),
    time_cost: finishedAt === null ? 0n : BigInt(Math.max(1, finishedAt - createdAt)),
  }
}
