import type { JobInfo } from '../../../index.ts'
import { collectionById, type NamedCollection } from '../collections/describe-collection.ts'
import { databaseOf, getCollection, type Call, type MilvusDoor } from '../door.ts'
import { numericId } from '../numeric-id.ts'
import { invalidParameter } from '../status.ts'

/** A kind of job of the engine: clients look at it by its number, others in the list of jobs. */
const compaction = 'compaction'
const compactionId = (job: string): bigint => numericId('compaction', job)

const states = { executing: 1, completed: 2 } as const

/** Megabytes: the size of segments that Milvus is set to, below which none can be asked for. */
const leastTargetSize = 1_024n

interface CompactionRequest extends NamedCollection {
  readonly collectionID: bigint
  /** Megabytes; 0: the engine decides. */
  readonly target_size: bigint
}

/** Merges what is worth merging, of the whole store: the engine decides. Goes on behind the answer. @throws 100, 800, 1100 */
export function manualCompaction(door: MilvusDoor, request: CompactionRequest, call: Call): object {
  const database = databaseOf(call, request.db_name)
  const { collection_name: name, collectionID: id } = request
  const { name: collection } =
    name === '' ? collectionById(door, database, id) : getCollection(door, database, name)
  checkTargetSize(request.target_size)
  const job = door.database.jobs.start(compaction, { collection }, ({ signal }) =>
    door.database.optimize({ signal }),
  )
  return { compactionID: compactionId(job.id), compactionPlanCount: 1 }
}

function checkTargetSize(size: bigint): void {
  if (size === 0n || size >= leastTargetSize) return
  throw invalidParameter(
    `targetSize ${size} MB should be greater than or equal to configMaxSize ${leastTargetSize} MB`,
  )
}

interface CompactionStateRequest {
  readonly compactionID: bigint
}

/** One that nobody knows any more is completed. */
export function getCompactionState(door: MilvusDoor, request: CompactionStateRequest): object {
  const job = findJob(door, request)
  const is = (...asked: JobInfo['state'][]): bigint =>
    job !== undefined && asked.includes(job.state) ? 1n : 0n
  return {
    state: stateOf(job),
    executingPlanNo: is('running'),
    timeoutPlanNo: 0n,
    completedPlanNo: is('completed'),
    failedPlanNo: is('failed', 'cancelled'),
  }
}

/** Which segments became which is not told. */
export function getCompactionStateWithPlans(door: MilvusDoor, request: CompactionStateRequest): object {
  return { state: stateOf(findJob(door, request)), mergeInfos: [] }
}

function findJob({ database }: MilvusDoor, { compactionID }: CompactionStateRequest): JobInfo | undefined {
  return database.jobs.list({ kind: compaction }).find(({ id }) => compactionId(id) === compactionID)
}

const stateOf = (job: JobInfo | undefined): number =>
  job?.state === 'running' ? states.executing : states.completed
