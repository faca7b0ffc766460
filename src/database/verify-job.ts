import type { JsonObject } from '../encoding/json.ts'
import { isDatabaseError } from '../errors/database-error.ts'
import { checkMembers, type Members } from '../errors/known-members.ts'
import type { VerifyReport } from '../snapshot/verify/verify.ts'
import type { Engine } from './engine.ts'
import type { Job, JobContext, Jobs } from './jobs.ts'
import { Snapshot } from './snapshot-handle.ts'

const kind = 'verify'

export interface VerifyJobOptions {
  /** Reads no faster. Default: as fast as it goes. */
  readonly bytesPerSecond?: number
}

const ofVerifyJob: Members<VerifyJobOptions> = { bytesPerSecond: true }

/** @throws request-invalid naming the member */
export function checkVerifyJobOptions(options: VerifyJobOptions): void {
  checkMembers(options, ofVerifyJob, { cannot: 'Cannot verify the snapshot', of: 'the options' })
}

/** What the job is listed with. */
interface VerifyInput extends VerifyJobOptions {
  /** Id. */
  readonly snapshot: string
  /** The policy that wants it verified. */
  readonly policy?: string
}

/** Verifies a snapshot as a job that goes on after a restart, where it was. @throws snapshot-not-found */
export function startVerifyJob(engine: Engine, jobs: Jobs, input: VerifyInput): Job<VerifyReport> {
  engine.parts.catalog.getSnapshot(input.snapshot)
  return jobs.start(kind, { ...input }, (context) => verify(engine, input, context))
}

export function registerVerifyJob(engine: Engine, jobs: Jobs): void {
  jobs.register(kind, {
    resume: (input, context) => verify(engine, input as JsonObject & VerifyInput, context),
  })
}

async function verify(engine: Engine, input: VerifyInput, context: JobContext): Promise<VerifyReport> {
  const { position } = context
  if (typeof position !== 'string') return verifyFrom(engine, input, context, undefined)
  try {
    return await verifyFrom(engine, input, context, position)
  } catch (error) {
    // Its own files were written anew since: then there is no such place any more.
    if (!isDatabaseError(error, 'request-invalid')) throw error
    return verifyFrom(engine, input, context, undefined)
  }
}

async function verifyFrom(
  engine: Engine,
  { snapshot, bytesPerSecond }: VerifyInput,
  context: JobContext,
  from: string | undefined,
): Promise<VerifyReport> {
  const { signal } = context
  const handle = new Snapshot(engine, engine.parts.catalog.getSnapshot(snapshot))
  const report = await handle.verify({
    signal,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(from === undefined ? {} : { from }),
    onProgress: ({ bytes, totalBytes, file, problems }) => {
      context.progress(bytes, totalBytes, 'bytes')
      // Behind a problem no place is kept. Otherwise: a file is found damaged; the process ends; the job goes on behind
      // that file, finds nothing, and says that all is well.
      if (problems > 0) return
      // A position that is lost costs no more than to read its files again.
      context.checkpoint(file).catch(() => undefined)
    },
  })
  if (report.resumeFrom !== undefined) await context.checkpoint(report.resumeFrom)
  signal.throwIfAborted()
  return report
}
