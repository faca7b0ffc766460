import type { JsonObject, JsonValue } from '../../../../index.ts'
import { codes, MilvusError } from '../../status.ts'
import { enumName } from '../../wire/messages.ts'
import { doing, idInteger, named, type RestCall, type RestRoutes } from '../route.ts'

export const snapshotRoutes: RestRoutes = {
  '/snapshots/create': doing('CreateSnapshot', (request) => ({
    ...oneSnapshot(request),
    description: request.body.text('description'),
    compaction_protection_seconds: request.body.integer('compactionProtectionSeconds') ?? 0n,
  })),
  '/snapshots/drop': doing('DropSnapshot', oneSnapshot),
  '/snapshots/list': async (request) => {
    const { snapshots } = (await request.rpc('ListSnapshots', {
      db_name: request.database,
      collection_name: request.body.text('collectionName'),
    })) as { readonly snapshots: readonly string[] }
    return { data: [...snapshots] }
  },
  '/snapshots/describe': async (request) => {
    const found = (await request.rpc('DescribeSnapshot', oneSnapshot(request))) as {
      readonly name: string
      readonly description: string
      readonly collection_name: string
      readonly partition_names: readonly string[]
      readonly create_ts: bigint
      readonly s3_location: string
    }
    return {
      data: {
        snapshotName: found.name,
        description: found.description,
        collectionName: found.collection_name,
        partitionNames: [...found.partition_names],
        createTs: idInteger(request, found.create_ts),
        s3Location: found.s3_location,
        skipIndex: false,
      },
    }
  },
  '/snapshots/restore': async (request) => {
    const { body, database } = request
    return jobOf(request, 'RestoreSnapshot', {
      name: body.neededText('snapshotName'),
      db_name: database,
      collection_name: body.neededText('sourceCollectionName'),
      target_collection_name: body.neededText('targetCollectionName'),
      target_db_name: body.text('targetDbName'),
    })
  },
  '/snapshots/restore_external': async (request) => {
    const { body, database } = request
    return jobOf(request, 'RestoreExternalSnapshot', {
      db_name: body.text('targetDbName') || database,
      target_collection_name: body.neededText('targetCollectionName'),
      snapshot_metadata_uri: body.text('snapshotMetadataURI') || body.neededText('snapshotMetadataUri'),
      external_spec: body.text('externalSpec'),
    })
  },
  '/snapshots/export': async (request) =>
    jobOf(request, 'ExportSnapshot', {
      ...oneSnapshot(request),
      target_s3_path: request.body.neededText('targetS3Path'),
      external_spec: request.body.text('externalSpec'),
    }),
  '/snapshots/pin': async (request) => {
    const { pin_id: id } = (await request.rpc('PinSnapshotData', {
      ...oneSnapshot(request),
      ttl_seconds: request.body.integer('ttlSeconds') ?? 0n,
    })) as { readonly pin_id: bigint }
    return { data: { pinId: idInteger(request, id) } }
  },
  '/snapshots/unpin': doing('UnpinSnapshotData', ({ body }) => ({
    pin_id: positive(body.value('pinId'), 'pinId'),
  })),
}

const jobOf = async (request: RestCall, rpc: string, members: object): Promise<{ data: JsonValue }> => {
  const { job_id: id } = (await request.rpc(rpc, members)) as { readonly job_id: bigint }
  return { data: { jobId: idInteger(request, id) } }
}

function oneSnapshot(request: RestCall): object {
  return { ...named(request), name: request.body.neededText('snapshotName') }
}

/** @throws 1100 */
function positive(value: JsonValue | undefined, member: string): bigint {
  const text = typeof value === 'string' ? value : typeof value === 'object' ? '' : String(value ?? '')
  if (/^[1-9]\d{0,18}$/.test(text) && BigInt(text) < 1n << 63n) return BigInt(text)
  throw new MilvusError(
    codes.invalidParameter,
    `${member} must be a positive decimal int64, got ${JSON.stringify(text)}: invalid parameter`,
  )
}

interface JobMessage {
  readonly job_id: bigint
  readonly snapshot_name: string
  readonly db_name: string
  readonly collection_name: string
  readonly state: number
  readonly progress: number
  readonly reason: string
  readonly start_time: bigint | number
  readonly time_cost: bigint | number
  /** Of exports. */
  readonly total_bytes?: bigint | number
  readonly snapshot_metadata_uri?: string
}

export const snapshotJobRoutes: RestRoutes = {
  '/jobs/snapshot/list': async (request) => {
    const { jobs } = (await request.rpc('ListRestoreSnapshotJobs', {
      // Without either all jobs are meant.
      db_name: request.body.has('dbName') || request.body.has('collectionName') ? request.database : '',
      collection_name: request.body.text('collectionName'),
    })) as { readonly jobs: readonly JobMessage[] }
    return { data: { records: jobs.map((one) => record(request, one)) } }
  },
  '/jobs/snapshot/describe': async (request) => {
    const id = positive(request.body.needed('jobId'), 'jobId')
    try {
      return { data: record(request, await infoOf(request, 'GetRestoreSnapshotState', id)) }
    } catch (error) {
      // Numbers of exports are numbers of jobs as well.
      if (!(error instanceof MilvusError && error.code === codes.importSystem)) throw error
      const info = await infoOf(request, 'GetExportSnapshotState', id)
      return { data: { ...record(request, info), ...exported(request, info) } }
    }
  },
}

async function infoOf(request: RestCall, rpc: string, id: bigint): Promise<JobMessage> {
  const { info } = (await request.rpc(rpc, { job_id: id })) as { readonly info: JobMessage }
  return info
}

const exported = (
  request: RestCall,
  { state, total_bytes, snapshot_metadata_uri }: JobMessage,
): JsonObject => ({
  state: enumName('ExportSnapshotState', state) ?? '',
  totalBytes: idInteger(request, total_bytes ?? 0),
  snapshotMetadataURI: snapshot_metadata_uri ?? '',
})

function record(request: RestCall, job: JobMessage): JsonObject {
  return {
    jobId: idInteger(request, job.job_id),
    snapshotName: job.snapshot_name,
    dbName: job.db_name,
    collectionName: job.collection_name,
    state: enumName('RestoreSnapshotState', job.state) ?? '',
    progress: Number(job.progress),
    reason: job.reason,
    startTime: idInteger(request, job.start_time),
    timeCost: idInteger(request, job.time_cost),
  }
}
