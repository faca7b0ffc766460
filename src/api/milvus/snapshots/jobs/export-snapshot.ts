import type { JobContext } from '../../../../index.ts'
import { databaseOf, type Call, type MilvusDoor } from '../../door.ts'
import { invalidParameter, missingParameter } from '../../status.ts'
import { collectionOf, getSnapshot, onSnapshot, sequenceOf, type NamedSnapshot } from '../find-snapshot.ts'
import { snapshotMissing } from '../snapshot-names.ts'
import { checkNoSpec, placeOf, uriOf } from './archive-place.ts'
import { holdForJob } from './job-holds.ts'
import { exportInputOf, exportKind, runningJobs, type ArchivePlace, type ExportInput } from './job-input.ts'
import { report } from './run-restore.ts'
import { startJob } from './start-job.ts'

export interface ExportSnapshotRequest extends NamedSnapshot {
  readonly target_s3_path: string
  readonly external_spec: string
}

/** One archive file with all that the snapshot holds, by a job. @throws 2600, 1100, 1101, 100, 800 */
export async function exportSnapshot(
  door: MilvusDoor,
  request: ExportSnapshotRequest,
  call: Call,
): Promise<object> {
  if (request.target_s3_path === '')
    throw missingParameter('target_s3_path is required for export snapshot: missing parameter')
  checkNoSpec(request.external_spec)
  const snapshot = getSnapshot(door, request, call, 'export snapshot')
  const { name: collection } = collectionOf(door, snapshot)
  const to = placeOf(
    door,
    request.target_s3_path,
    'target_s3_path',
    `${snapshot.name}-${snapshot.id}.snapshot`,
  )
  const uri = uriOf(door, to)
  return door.sequences.run(`export/${uri}`, async () => {
    await checkIsFree(door, to, uri)
    const job = await onSnapshot(snapshot, () =>
      door.sequences.run(sequenceOf(snapshot), async () => {
        const from = await holdForJob(door, snapshot)
        const database = databaseOf(call, request.db_name)
        const input = { from, snapshotName: snapshot.name, database, collection, to, uri }
        return startJob(door, exportKind, input, runExport)
      }),
    )
    return { snapshot_metadata_uri: uri, job_id: job.number }
  })
}

/** The file appears whole, under its name, or not at all. Every byte is compared with its checksum while it is read. */
export async function runExport(
  door: MilvusDoor,
  { from, snapshotName, to }: ExportInput,
  context: JobContext,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const snapshot = door.database.findSnapshot(from.snapshot)
  if (snapshot === undefined) throw snapshotMissing(snapshotName, '')
  await using archive = await snapshot.archive()
  return door.exports!.archives.publish(
    to.directory,
    to.name,
    counted(archive.stream(), (bytes) => report(door, context, bytes, archive.bytes)),
    { signal: context.signal },
  )
}

async function checkIsFree(door: MilvusDoor, to: ArchivePlace, uri: string): Promise<void> {
  const isWriting = runningJobs(door, exportKind).some((job) => exportInputOf(job).uri === uri)
  if (isWriting || (await door.exports?.archives.find(to.directory, to.name)) !== undefined)
    throw invalidParameter(`target_s3_path ${uri} already exists`)
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    yield chunk
    bytes += chunk.byteLength
    onBytes(bytes)
  }
}
