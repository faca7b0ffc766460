import type { Snapshot } from '../../../../index.ts'
import {
  checkDatabase,
  databaseOf,
  databaseSequence,
  engineName,
  type Call,
  type MilvusDoor,
} from '../../door.ts'
import { checkName } from '../../schema/names.ts'
import { codes, invalidParameter, MilvusError, missingParameter } from '../../status.ts'
import { getSnapshot, onSnapshot, sequenceOf, type NamedSnapshot } from '../find-snapshot.ts'
import { checkNoSpec, placeOf } from './archive-place.ts'
import { holdForJob } from './job-holds.ts'
import { restoreInputOf, restoreKind, runningJobs, type RestoreInput } from './job-input.ts'
import { archiveMissing, runRestore } from './run-restore.ts'
import { startJob, type StartedJob } from './start-job.ts'

export interface RestoreSnapshotRequest extends NamedSnapshot {
  readonly target_db_name: string
  readonly target_collection_name: string
}

export interface RestoreExternalSnapshotRequest {
  readonly db_name: string
  readonly target_collection_name: string
  readonly snapshot_metadata_uri: string
  readonly external_spec: string
}

interface Target {
  readonly database: string
  readonly collection: string
}

/**
 * A new collection with what the snapshot holds, by a job. Without a target the collection that is named is the target,
 * as in the older form of the call. @throws 2600, 1100, 1101, 100, 800
 */
export async function restoreSnapshot(
  door: MilvusDoor,
  request: RestoreSnapshotRequest,
  call: Call,
): Promise<object> {
  const isOlder = request.target_collection_name === ''
  const collection = isOlder ? request.collection_name : request.target_collection_name
  const what = 'restore snapshot'
  const named = isOlder ? { ...request, collection_name: '' } : request
  const target = targetOf(door, databaseOf(call, request.target_db_name), collection, what)
  const snapshot = getSnapshot(door, named, call, what)
  return answerTo(await restoreInto(door, snapshot, target))
}

/**
 * From the file of an export, or from a snapshot of this store by its `s3_location`, with or without a scheme and a bucket
 * before it. @throws 1100, 1101, 800
 */
export async function restoreExternalSnapshot(
  door: MilvusDoor,
  request: RestoreExternalSnapshotRequest,
  call: Call,
): Promise<object> {
  const { target_collection_name: collection, snapshot_metadata_uri: uri } = request
  const target = targetOf(door, databaseOf(call, request.db_name), collection, 'restore external snapshot')
  if (uri === '')
    throw missingParameter(
      'snapshot_metadata_uri is required for restore external snapshot: missing parameter',
    )
  checkNoSpec(request.external_spec)
  const snapshot = snapshotAt(door, uri)
  if (snapshot !== undefined) return answerTo(await restoreInto(door, snapshot, target))
  const place = placeOf(door, uri, 'snapshot_metadata_uri')
  if ((await door.exports?.archives.find(place.directory, place.name)) === undefined)
    throw archiveMissing(place)
  const job = await inTarget(door, target, (name) =>
    startRestore(door, { from: { archive: place }, snapshotName: place.name, target: name, ...target }),
  )
  return answerTo(job)
}

/** Outside of the sequences: who polls at once finds it completed, and nobody waits for who restores something large. */
async function answerTo({ number, settled }: StartedJob): Promise<object> {
  await settled
  return { job_id: number }
}

function targetOf(door: MilvusDoor, database: string, collection: string, what: string): Target {
  if (collection === '')
    throw missingParameter(`target_collection_name is required for ${what}: missing parameter`)
  checkName('collection', collection)
  checkDatabase(door, database)
  return { database, collection }
}

function restoreInto(door: MilvusDoor, snapshot: Snapshot, target: Target): Promise<StartedJob> {
  return inTarget(door, target, (name) =>
    onSnapshot(snapshot, () =>
      door.sequences.run(sequenceOf(snapshot), async () => {
        const from = await holdForJob(door, snapshot)
        return startRestore(door, { from, snapshotName: snapshot.name, target: name, ...target })
      }),
    ),
  )
}

const startRestore = (door: MilvusDoor, input: RestoreInput): Promise<StartedJob> =>
  startJob(door, restoreKind, input, runRestore)

/** One restore after the other, by the target, and never onto anything. @throws 1100 */
function inTarget(
  door: MilvusDoor,
  target: Target,
  work: (engineName: string) => Promise<StartedJob>,
): Promise<StartedJob> {
  const name = engineName(target.database, target.collection)
  const start = (): Promise<StartedJob> => {
    checkDatabase(door, target.database)
    const isRestoring = runningJobs(door, restoreKind).some((job) => restoreInputOf(job).target === name)
    if (isRestoring || door.database.findCollection(name) !== undefined) throw targetExists(door, target)
    return work(name)
  }
  return door.sequences.run(name, () =>
    door.sequences.run(databaseSequence(target.database), async () => start()),
  )
}

/** The words of both generations of clients. */
function targetExists(door: MilvusDoor, { database, collection }: Target): MilvusError {
  const name = engineName(database, collection)
  const isAlias = door.database.listAliases().some(({ alias }) => alias === name)
  const conflict = isAlias ? 'alias and collection name conflict: ' : ''
  const older = `${conflict}create duplicate collection with different parameters, collection: ${collection}`
  return invalidParameter(`target collection ${collection} already exists in database ${database}: ${older}`)
}

/** The snapshot whose metadata document this is. */
function snapshotAt(door: MilvusDoor, uri: string): Snapshot | undefined {
  if (!uri.endsWith('.json')) return undefined
  const isAt = (key: string): boolean => uri === key || uri.endsWith(`/${key}`)
  const found = door.database.listAllSnapshots().find((one) => one.metadataFiles().some(isAt))
  if (found === undefined)
    throw new MilvusError(codes.snapshotNotFound, `snapshot not found[snapshot_metadata_uri=${uri}]`)
  return found
}
